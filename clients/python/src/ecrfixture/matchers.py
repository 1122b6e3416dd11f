"""What `World.verify` and `World.calls` look for: `calls("ecr:PutImage").where(repository="app").exactly(2)`.

Pure. A matcher says which records; a count makes an expectation of it. The daemon judges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ecrfixture.predicates import JsonObject, Predicate, Value, conjunction, fact
from ecrfixture.rules import parsed_target

Phase: TypeAlias = Literal["arrived", "committed", "reply_started", "finished"]


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which records. Begin with `calls`; a count such as `exactly` makes an `Expectation` of it."""

    target: str = ""
    predicate: Predicate | None = None
    text: str = ""
    unit: Literal["calls", "logical_calls"] = "calls"
    phase: Phase | None = None

    def where(self, *predicates: Predicate, **equal: Value | Iterable[Value]) -> Matcher:
        """Narrows it. `where(repository="app")` compares for equality, `where(tag=["a", "b"])` with any of them."""
        if self.text:
            raise ValueError("a matcher given as text says all its conditions in the text")
        return replace(self, predicate=conjunction(self.predicate, predicates, equal))

    def status(self, status: int) -> Matcher:
        """Only those that were answered with this HTTP status."""
        return self.where(status=status)

    def error(self, error: str) -> Matcher:
        """Only those that were answered with this error code."""
        return self.where(error=error)

    def header(self, name: str, value: str | None = None) -> Matcher:
        """Only those with this request header, of this value if one is given."""
        header = fact(f"header.{name.lower()}")
        return self.where(header.exists() if value is None else header.equals(value))

    def logical(self) -> Matcher:
        """Counts the attempts of one logical call (`amz-sdk-invocation-id`) once."""
        return replace(self, unit="logical_calls")

    def reached(self, phase: Phase) -> Matcher:
        """Counts records once they have reached this phase; at first `finished`."""
        return replace(self, phase=phase)

    def exactly(self, count: int) -> Expectation:
        """So many."""
        return Expectation(self, count, count)

    def at_least(self, count: int) -> Expectation:
        """So many or more."""
        return Expectation(self, count, None)

    def at_most(self, count: int) -> Expectation:
        """So many or fewer."""
        return Expectation(self, None, count)

    def between(self, least: int, most: int) -> Expectation:
        """From `least` to `most`, both included."""
        return Expectation(self, least, most)

    def once(self) -> Expectation:
        """Exactly one."""
        return self.exactly(1)

    def never(self) -> Expectation:
        """None at all."""
        return self.exactly(0)

    def __str__(self) -> str:
        """The matcher as text, `target [where predicate]`."""
        return self.text or (self.target + (f" where {self.predicate}" if self.predicate else ""))

    def to_json(self) -> JsonObject:
        """The matcher in protobuf's JSON mapping; without the unit, which belongs to the expectation."""
        if self.text:
            return {"text": self.text}
        surface, operation, _, _ = parsed_target(self.target)
        form: JsonObject = {"target": {"surface": surface, "operation": operation}}
        if self.predicate:
            form["where"] = self.predicate.to_json()
        return form


@dataclass(frozen=True, slots=True)
class Expectation:
    """A number of records that must match. `least` and `most` are absent where there is no bound."""

    matcher: Matcher
    least: int | None
    most: int | None
    label: str = ""

    def logical(self) -> Expectation:
        """Counts the attempts of one logical call once."""
        return replace(self, matcher=self.matcher.logical())

    def labelled(self, label: str) -> Expectation:
        """Names it in the report; at first the matcher's text."""
        return replace(self, label=label)

    def to_json(self) -> JsonObject:
        """The expectation in protobuf's JSON mapping."""
        count: JsonObject = {"matcher": self.matcher.to_json(), "unit": f"COUNT_UNIT_{self.matcher.unit.upper()}"}
        if self.least is not None:
            count["min"] = str(self.least)
        if self.most is not None:
            count["max"] = str(self.most)
        if self.matcher.phase:
            count["phase"] = f"PHASE_{self.matcher.phase.upper()}"
        return {"label": self.label, "count": count} if self.label else {"count": count}


def calls(target: str) -> Matcher:
    """Begins a matcher: `calls("ecr:PutImage")`, `calls("oci:*")`, or text: `calls('oci:blob.get where size > 1MiB')`.

    Surfaces are `ecr`, `oci`, `any`, `upstream` and `task`. Raises `ValueError` for text of another shape.
    """
    if " where " in target:
        return Matcher(text=target)
    _, _, point, _ = parsed_target(target)
    if point:
        raise ValueError(f"a matcher has no point: {target!r}")
    return Matcher(target)
