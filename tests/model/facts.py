"""The service model as sentences that can be compared: one for each operation, member and constraint.

Run by `scripts/model-update` under two versions of botocore; prints JSON. Needs botocore only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import handled
from service import (
    OPERATIONS,
    SERVICE,
    VERSION,
    Shape,
    constraints,
    errors_of,
    input_of,
    members,
    output_of,
    paginators,
    waiters,
)


def facts() -> dict[str, str]:
    """What the model says, by what it says it of. A change of the text under a name is a change of the model."""
    return dict(_facts())


def _facts() -> Iterator[tuple[str, str]]:
    for operation in OPERATIONS:
        yield f"operation {operation}", "it is there"
        for side, shape in (("input", input_of(operation)), ("output", output_of(operation))):
            for member in members(shape):
                path = ".".join("[]" if isinstance(step, int) else step for step in member.path)
                yield f"{operation} {side} {path}", _said(member.shape, member.required)
        for name in errors_of(operation):
            yield f"{operation} error {name}", "declared"
    for name in SERVICE.shape_names:
        shape = SERVICE.shape_for(name)
        yield f"shape {name}", _said(shape, required=False)
    yield from ((f"paginator {name}", json.dumps(form, sort_keys=True)) for name, form in paginators().items())
    yield from ((f"waiter {name}", json.dumps(form, sort_keys=True)) for name, form in waiters().items())


def _said(shape: Shape, required: bool) -> str:
    bounds = [
        bound.kind if bound.bound is None else f"{bound.kind} {bound.bound}"
        for bound in constraints(shape, required=required)
    ]
    return ", ".join([f"{shape.type_name} {shape.name}", *bounds])


if __name__ == "__main__":
    json.dump({"version": VERSION, "facts": facts(), "missing": handled.missing()}, sys.stdout)
