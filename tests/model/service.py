"""The service model of ECR as botocore has it, and the names that places in its shapes go by.

Everything that the suite checks is read from here at run time, so another botocore means other tests. Nothing here
calls anybody.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any, TypeAlias

import botocore  # type: ignore[import-untyped]
import botocore.session  # type: ignore[import-untyped]

# A place in an input: member names, and positions in lists, from 0.
Path: TypeAlias = "tuple[str | int, ...]"
# botocore has no types; a shape has `name`, `type_name`, `metadata`, and by type `members`, `member`, `key`, `value`.
Shape: TypeAlias = Any

SERVICE = botocore.session.get_session().get_service_model("ecr")
OPERATIONS: tuple[str, ...] = tuple(SERVICE.operation_names)
VERSION: str = botocore.__version__

# What the model may say of a shape, and whether it bounds a value. Anything else is new to the suite.
BOUNDS = ("min", "max", "pattern", "enum")
NO_BOUNDS = ("required", "sensitive", "box", "deprecated", "error", "exception", "fault", "document")
TYPES = ("structure", "list", "map", "string", "integer", "long", "double", "float", "boolean", "timestamp", "blob")


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint of a member: `required`, `min-length`, `pattern`, `max-size`, `enum`, … and its bound."""

    kind: str
    bound: Any = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member, or an element of a list, as the model has it; in its path every element is at 0."""

    path: Path
    shape: Shape
    required: bool


def input_of(operation: str) -> Shape:
    """The input structure of an operation."""
    return SERVICE.operation_model(operation).input_shape


def output_of(operation: str) -> Shape:
    """The output structure of an operation."""
    return SERVICE.operation_model(operation).output_shape


def errors_of(operation: str) -> dict[str, Shape]:
    """The exceptions that an operation declares, by name."""
    return {shape.name: shape for shape in SERVICE.operation_model(operation).error_shapes}


def members(shape: Shape, path: Path = (), above: tuple[str, ...] = ()) -> Iterator[Member]:
    """Every member below a shape, the outer ones first. A shape within itself is not entered again."""
    if shape.name in above:
        return
    above = (*above, shape.name)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield Member((*path, name), member, name in shape.required_members)
            yield from members(member, (*path, name), above)
    elif shape.type_name == "list":
        yield Member((*path, 0), shape.member, required=False)
        yield from members(shape.member, (*path, 0), above)
    elif shape.type_name == "map":
        yield from members(shape.value, (*path, "*"), above)


def constraints(shape: Shape, *, required: bool) -> tuple[Constraint, ...]:
    """The constraints of a member, in the order in which they are told. A bound of 0 from below bounds nothing."""
    found = [Constraint("required")] if required else []
    bounds = shape.metadata
    size = {"list": "size", "integer": "value", "long": "value"}.get(shape.type_name, "length")
    if "min" in bounds and (bounds["min"] > 0 or size == "value"):
        found.append(Constraint(f"min-{size}", bounds["min"]))
    if "max" in bounds:
        found.append(Constraint(f"max-{size}", bounds["max"]))
    if "pattern" in bounds:
        found.append(Constraint("pattern", bounds["pattern"]))
    if "enum" in bounds:
        found.append(Constraint("enum", tuple(bounds["enum"])))
    return tuple(found)


def generic(path: Path) -> Path:
    """A path with every element at 0."""
    return tuple(0 if isinstance(step, int) else step for step in path)


def spelled(path: Path) -> str:
    """A path as ECR's refusals spell it: `tags.2.member.key`."""
    return ".".join(f"{step + 1}.member" if isinstance(step, int) else step[:1].lower() + step[1:] for step in path)


def paginators() -> dict[str, dict[str, Any]]:
    """botocore's paginators, by operation."""
    found: dict[str, dict[str, Any]] = _data("paginators-1")["pagination"]
    return found


def waiters() -> dict[str, dict[str, Any]]:
    """botocore's waiters, by name."""
    found: dict[str, dict[str, Any]] = _data("waiters-2")["waiters"]
    return found


def _data(name: str) -> dict[str, Any]:
    folder = File(botocore.__file__).parent / "data" / "ecr" / SERVICE.api_version
    plain = folder / f"{name}.json"
    text = plain.read_bytes() if plain.exists() else gzip.decompress((folder / f"{name}.json.gz").read_bytes())
    loaded: dict[str, Any] = json.loads(text)
    return loaded
