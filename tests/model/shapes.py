"""Calls made of valid inputs by changing one member: violations of each constraint, wrong types, values at the bounds.

Pure. What a member may be is read from the model; that everything else in the call is valid follows from the inputs,
which the fixtures give.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from check import fits
from service import Constraint, Member, Path, Shape, constraints, generic, input_of, members

Input: TypeAlias = "dict[str, Any]"

# Values beside those that the pattern's generator finds, by shape: what the grammar of each refuses, and what it takes.
REFUSED: dict[str, tuple[str, ...]] = {
    "RepositoryName": ("a___b", "a_-b", "_a", "a_", "Aa", "a//b", "a/", "/a", "a.-b", "a..b", "a b"),
    "Prefix": ("a___b", "a//b", "Root", "-a", "/"),
    "PullThroughCacheRuleRepositoryPrefix": ("a___b", "a//b", "Root", "-a", "a//"),
    "RegistryId": ("12345678901", "1234567890123", "12345678901a"),
    "UploadId": ("11111111222243338444555555555555", "11111111-2222-4333-8444-55555555555g"),
    "LayerDigest": ("sha256", "sha256:", "sha256:xyz", ":00"),
}
TAKEN: dict[str, tuple[str, ...]] = {
    "RepositoryName": ("a--b", "a__b", "1a", "a.b", "a-b/c_d"),
    "Prefix": ("a--b", "1a", "team/app/", "ROOT"),
    "PullThroughCacheRuleRepositoryPrefix": ("a--b", "1a", "team/app/", "ROOT"),
}

_TYPED: dict[str, Any] = {"string": "text", "number": 7, "boolean": True, "object": {"a": "b"}, "array": ["a"]}
_JSON_TYPE = {
    "structure": "object",
    "map": "object",
    "list": "array",
    "integer": "number",
    "long": "number",
    "double": "number",
    "float": "number",
    "timestamp": "number",
    "boolean": "boolean",
    "string": "string",
    "blob": "string",
}


@dataclass(frozen=True, slots=True)
class Variant:
    """A call. `broken` are the constraints that the value at `path` breaks, the meant one first."""

    kind: str
    path: Path
    label: str
    input: Input
    broken: tuple[Constraint, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A member of the input at a concrete place of a valid input, which may lack it, and the number of that input."""

    member: Member
    path: Path
    base: int


def places(operation: str, inputs: Sequence[Input]) -> list[Place]:
    """Where to change each member: in the first input that has it, else in the first that has what holds it.

    An input whose list is empty comes after those with elements. Elements are the last of their list. A member with no
    place is a gap, see `gaps`.
    """
    found = []
    for member in members(input_of(operation)):
        having = [(base, _concrete(form, member.path, with_itself=True)) for base, form in enumerate(inputs)]
        holding = [(base, _concrete(form, member.path, with_itself=False)) for base, form in enumerate(inputs)]
        usable = [(base, path) for base, path in (*having, *holding) if path is not None]
        filled = [(base, path) for base, path in usable if value_at(inputs[base], path) not in (None, [], {})]
        if usable:
            base, path = (filled or usable)[0]
            found.append(Place(member, path, base))
    return found


def gaps(operation: str, inputs: Sequence[Input]) -> list[Path]:
    """Members that no input has. A token for the next page is none: it cannot be made up, and paging has its tests."""
    every = [member.path for member in members(input_of(operation)) if member.path != ("nextToken",)]
    return [path for path in every if not any(_concrete(form, path, with_itself=True) for form in inputs)]


def violations(place: Place, form: Input) -> Iterator[Variant]:
    """One call for each constraint of the member, and one for each value that its grammar is known to refuse."""
    shape, path = place.member.shape, place.path
    bounds = constraints(shape, required=place.member.required)
    for bound in bounds:
        if bound.kind == "required":
            yield Variant("required", path, "absent", without(form, path), (bound,))
            yield Variant("required", path, "null", with_value(form, path, None), (bound,))
            continue
        value = _breaking(shape, bound, value_at(form, path))
        if not breaks(bound, value):
            # Then `handled` tells that this constraint is not tried.
            continue
        broken = (bound, *(other for other in bounds if other != bound and breaks(other, value)))
        yield Variant(bound.kind, path, _shown(value), with_value(form, path, value), broken)
    pattern = next((bound for bound in bounds if bound.kind == "pattern"), None)
    for value in REFUSED.get(shape.name, ()):
        if pattern:
            yield Variant("pattern", path, _shown(value), with_value(form, path, value), (pattern,))


def wrong_types(place: Place, form: Input) -> Iterator[Variant]:
    """One call for each other JSON type, and text that is no base64 where a blob is due."""
    shape = place.member.shape
    for name, value in _TYPED.items():
        if name != _JSON_TYPE[shape.type_name]:
            yield Variant("type", place.path, name, with_value(form, place.path, value))
    if shape.type_name == "blob":
        yield Variant("type", place.path, "no base64", with_value(form, place.path, "%%%"))


def boundaries(place: Place, form: Input) -> Iterator[Variant]:
    """Calls whose member is just within its bounds: the least, the most, each name of a set."""
    shape, path = place.member.shape, place.path
    current = value_at(form, path)
    values: list[Any] = list(TAKEN.get(shape.name, ()))
    bounds = shape.metadata
    match shape.type_name:
        case "string":
            values += list(bounds.get("enum", ()))
            values += [_stretched(shape, current, bounds[end]) for end in ("min", "max") if end in bounds]
        case "integer" | "long":
            values += [bounds[end] for end in ("min", "max") if end in bounds]
        case "list" if isinstance(current, list):
            values += [_repeated(current, bounds[end]) for end in ("min", "max") if end in bounds]
        case "blob":
            values += [base64.b64encode(bytes(bounds[end])).decode() for end in ("min", "max") if end in bounds]
    # What stands for a blob is longer than the blob.
    rules = () if shape.type_name == "blob" else constraints(shape, required=False)
    for value in values:
        if not any(breaks(rule, value) for rule in rules):
            yield Variant("boundary", path, _shown(value), with_value(form, path, value))


def decorated(shape: Shape, value: Any) -> Any:
    """The value with a member that no model knows in every structure."""
    if shape.type_name == "structure" and isinstance(value, dict):
        known = {name: decorated(shape.members[name], member) for name, member in value.items()}
        return {**known, "memberOfTheFuture": {"nested": [1, "two", None]}}
    if shape.type_name == "list" and isinstance(value, list):
        return [decorated(shape.member, element) for element in value]
    return value


def breaks(bound: Constraint, value: Any) -> bool:
    """Whether a value of the right type breaks a constraint."""
    match bound.kind:
        case "min-length" | "min-size":
            return len(value) < int(bound.bound)
        case "max-length" | "max-size":
            return len(value) > int(bound.bound)
        case "min-value":
            return bool(value < bound.bound)
        case "max-value":
            return bool(value > bound.bound)
        case "pattern":
            return not fits(bound.bound, value)
        case "enum":
            return value not in bound.bound
        case _:
            return value is None


def value_at(form: Any, path: Path) -> Any:
    """The value at a place, or None."""
    for step in path:
        form = form.get(step) if isinstance(form, dict) else form[int(step)]
        if form is None:
            return None
    return form


def with_value(form: Input, path: Path, value: Any) -> Input:
    """A copy with another value at a place."""
    changed = copy.deepcopy(form)
    value_at(changed, path[:-1])[path[-1]] = value
    return changed


def without(form: Input, path: Path) -> Input:
    """A copy without a member."""
    changed = copy.deepcopy(form)
    value_at(changed, path[:-1]).pop(path[-1], None)
    return changed


def _concrete(form: Any, path: Path, with_itself: bool) -> Path | None:
    """The path with its elements' positions in this input, the last ones of their lists; absent if it is not there."""
    made: list[str | int] = []
    for step in path:
        last = len(made) == len(path) - 1
        if isinstance(step, int):
            if not isinstance(form, list) or not form:
                return None
            made.append(len(form) - 1)
            form = form[-1]
        else:
            if not isinstance(form, dict) or (step not in form and (with_itself or not last)):
                return None
            made.append(step)
            form = form.get(step)
    return tuple(made)


def _breaking(shape: Shape, bound: Constraint, current: Any) -> Any:
    """A value that breaks the constraint and, if there is one, no other."""
    match bound.kind:
        case "min-length":
            return _stretched(shape, current, bound.bound - 1)
        case "max-length" if shape.type_name == "blob":
            return base64.b64encode(bytes(bound.bound + 1)).decode()
        case "max-length":
            return _stretched(shape, current, bound.bound + 1)
        case "min-value":
            return bound.bound - 1
        case "max-value":
            return bound.bound + 1
        case "min-size":
            return _repeated(current, bound.bound - 1)
        case "max-size":
            return _repeated(current, bound.bound + 1)
        case "enum":
            return f"NOT_{bound.bound[0]}"
        case "pattern":
            # All of another alphabet, so that a server that looks for the pattern anywhere refuses it too.
            least, most = shape.metadata.get("min", 1), shape.metadata.get("max", 2**31)
            length = len(current) if isinstance(current, str) and current else 12
            return "!" * max(least, min(length, most))
        case _:
            return None


def _stretched(shape: Shape, current: Any, length: int) -> str:
    """A string of so many characters, of the shape's pattern if one of the usual ways leads there."""
    sample = current if isinstance(current, str) else ""
    candidates = [(sample + "a" * length)[:length], sample[:length], "a" * length, "0" * length]
    pattern = shape.metadata.get("pattern")
    fitting = (text for text in candidates if len(text) == length and (pattern is None or fits(pattern, text)))
    return next(fitting, "a" * length)


def _repeated(current: Any, size: int) -> list[Any]:
    """A list of so many elements: the current ones, the last one repeated; of none, none can be made."""
    elements = list(current) if isinstance(current, list) else []
    return [*elements, *elements[-1:] * max(0, size - len(elements))][:size]


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else f"{len(value)} elements" if isinstance(value, list) else repr(value)
    return text if len(text) <= 40 else f"{len(text)} characters"


def required_bounds(operation: str) -> set[tuple[Path, str]]:
    """Every constraint that the model has for an operation's input, as path and kind."""
    return {
        (member.path, bound.kind)
        for member in members(input_of(operation))
        for bound in constraints(member.shape, required=member.required)
    }


def generated_bounds(operation: str, inputs: Sequence[Input]) -> set[tuple[Path, str]]:
    """Every constraint for which these inputs yield a violation."""
    return {
        (generic(variant.path), variant.kind)
        for place in places(operation, inputs)
        for variant in violations(place, inputs[place.base])
    }
