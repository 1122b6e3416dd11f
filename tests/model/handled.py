"""What the model has and this suite does not handle, found without a daemon.

Run by `test_coverage` for the pinned botocore and by `scripts/model-update` for the newest one, which prints it.
"""

from __future__ import annotations

from typing import Any

from bench import PaperBench
from fixtures import CASES, PAGED
from service import BOUNDS, NO_BOUNDS, OPERATIONS, SERVICE, TYPES, input_of, paginators, spelled, waiters
from shapes import gaps, generated_bounds, required_bounds

# The operations that botocore's waiters poll; `test_sdk` drives them.
WAITED = {
    "ImageScanComplete": "DescribeImageScanFindings",
    "LifecyclePolicyPreviewComplete": "GetLifecyclePolicyPreview",
}


def missing() -> list[str]:
    """One sentence for each thing that the suite lacks; nothing if it handles the whole model."""
    found = [f"{name}: no fixture" for name in OPERATIONS if name not in CASES]
    found += [f"{name}: a fixture for an operation that the model has not" for name in CASES if name not in OPERATIONS]
    for operation in OPERATIONS:
        if operation in CASES:
            found += _missing_of(operation)
    found += _unknown_traits()
    found += [f"paginator {name}: no fixture" for name in paginators() if name not in PAGED]
    for name, waiter in waiters().items():
        if WAITED.get(name) != waiter["operation"]:
            found.append(f"waiter {name}: no fixture")
    return found


def _missing_of(operation: str) -> list[str]:
    inputs: list[dict[str, Any]] = [case.build(PaperBench()) for case in CASES[operation]]
    found = [f"{operation}: no fixture sends {spelled(path)}" for path in gaps(operation, inputs)]
    if "nextToken" in input_of(operation).members and operation not in PAGED:
        found.append(f"{operation}: no fixture of three entries to page through")
    untried = required_bounds(operation) - generated_bounds(operation, inputs)
    return [
        *found,
        *(f"{operation}: {kind} of {spelled(path)} is not violated" for path, kind in sorted(untried, key=str)),
    ]


def _unknown_traits() -> list[str]:
    found = []
    for name in SERVICE.shape_names:
        shape = SERVICE.shape_for(name)
        if shape.type_name not in TYPES:
            found.append(f"shape {name}: the type {shape.type_name} is unknown")
        found += [
            f"shape {name}: the trait {trait} is unknown" for trait in set(shape.metadata) - {*BOUNDS, *NO_BOUNDS}
        ]
    return found


if __name__ == "__main__":
    print("\n".join(missing()))
