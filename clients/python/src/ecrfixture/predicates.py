"""Predicates over facts: the `where` of rules and matchers. Pure.

`fact("size") > "1MiB"`, `fact("tag").glob("v*") & ~fact("region").equals("us-east-1")`. Facts are those that the
daemon records: `account`, `region`, `repository`, `tag`, `digest`, `media_type`, `size`, `caller`, `connection`,
`attempt`, `upload`, `upstream`, `dest_region`, `dest_account`, `method`, `header.<name>` and so on; in matchers also
`status`, `error` and `outcome`. The daemon checks the names, not this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias
from unicodedata import category

Value: TypeAlias = "str | int"
JsonObject: TypeAlias = "dict[str, object]"

_OPERATORS = {
    "=": "OPERATOR_EQUAL",
    "!=": "OPERATOR_NOT_EQUAL",
    "in": "OPERATOR_IN",
    "~": "OPERATOR_GLOB",
    "=~": "OPERATOR_REGEX",
    "<": "OPERATOR_LESS",
    "<=": "OPERATOR_LESS_OR_EQUAL",
    ">": "OPERATOR_GREATER",
    ">=": "OPERATOR_GREATER_OR_EQUAL",
    "exists": "OPERATOR_EXISTS",
}
# Left bare in the text form where a number is meant; every other value is quoted.
_NUMBER = re.compile(r"\d+([KMG]iB|B)?")
_NUMBER_FACTS = ("size", "connection", "attempt", "status")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition; combine with `&`, `|` and `~`.

    `operator` is `and`, `or`, `not` (with `items`) or that of a comparison (with `fact` and `values`).
    """

    operator: str
    fact: str = ""
    values: tuple[str, ...] = ()
    items: tuple[Predicate, ...] = ()

    def __and__(self, other: Predicate) -> Predicate:
        return _joined("and", (self, other))

    def __or__(self, other: Predicate) -> Predicate:
        return _joined("or", (self, other))

    def __invert__(self) -> Predicate:
        return Predicate("not", items=(self,))

    def __str__(self) -> str:
        """Its text form, with no more parentheses than needed."""
        if self.operator == "not":
            return f"not {_enclosed(self.items[0])}"
        if self.operator in ("and", "or"):
            return f" {self.operator} ".join(
                _enclosed(item) if self.operator == "and" or item.operator == "or" else str(item) for item in self.items
            )
        if self.operator == "exists":
            return f"{self.fact} exists"
        number = self.operator[0] in "<>" or (self.fact in _NUMBER_FACTS and "~" not in self.operator)
        values = [value if number and _NUMBER.fullmatch(value) else quoted(value) for value in self.values]
        return f"{self.fact} {self.operator} " + (f"({', '.join(values)})" if self.operator == "in" else values[0])

    def to_json(self) -> JsonObject:
        """The predicate in protobuf's JSON mapping."""
        if self.operator == "not":
            return {"not": self.items[0].to_json()}
        if self.operator in ("and", "or"):
            form = "all" if self.operator == "and" else "any"
            return {form: {"items": [item.to_json() for item in self.items]}}
        comparison: JsonObject = {"fact": self.fact, "operator": _OPERATORS[self.operator]}
        if self.values:
            comparison["values"] = list(self.values)
        return {"comparison": comparison}


@dataclass(frozen=True, slots=True)
class FactName:
    """A fact to compare with something. Numbers may carry a unit: `"1MiB"`."""

    name: str

    def equals(self, value: Value) -> Predicate:
        """The fact is this value."""
        return self._compared("=", value)

    def differs(self, value: Value) -> Predicate:
        """The fact is another value."""
        return self._compared("!=", value)

    def one_of(self, *values: Value) -> Predicate:
        """The fact is one of these values."""
        return self._compared("in", *values)

    def glob(self, pattern: str) -> Predicate:
        """The fact matches a pattern in which `*` stands for any run of characters."""
        return self._compared("~", pattern)

    def matches(self, pattern: str) -> Predicate:
        """The fact matches a regular expression, in the daemon's syntax (linear time, no look-around)."""
        return self._compared("=~", pattern)

    def exists(self) -> Predicate:
        """The fact is known."""
        return Predicate("exists", self.name)

    def __lt__(self, value: Value) -> Predicate:
        return self._compared("<", value)

    def __le__(self, value: Value) -> Predicate:
        return self._compared("<=", value)

    def __gt__(self, value: Value) -> Predicate:
        return self._compared(">", value)

    def __ge__(self, value: Value) -> Predicate:
        return self._compared(">=", value)

    def _compared(self, operator: str, *values: Value) -> Predicate:
        return Predicate(operator, self.name, tuple(str(value) for value in values))


def fact(name: str) -> FactName:
    """Names a fact, to be compared: `fact("size") > "1MiB"`, `fact("header.range").exists()`."""
    return FactName(name)


def conjunction(
    present: Predicate | None, predicates: Iterable[Predicate], equal: dict[str, Value | Iterable[Value]]
) -> Predicate | None:
    """All of them together. A keyword means equality; with several values it means any of them."""
    every = [present] if present else []
    every += predicates
    every += [
        fact(name).equals(value) if isinstance(value, (str, int)) else fact(name).one_of(*value)
        for name, value in equal.items()
    ]
    return _joined("and", tuple(every)) if len(every) > 1 else (every[0] if every else None)


def _joined(operator: str, items: tuple[Predicate, ...]) -> Predicate:
    """Joins predicates; those that are joined the same way already become one flat list."""
    flat: list[Predicate] = []
    for item in items:
        flat.extend(item.items if item.operator == operator else [item])
    return Predicate(operator, items=tuple(flat))


def _enclosed(item: Predicate) -> str:
    return f"({item})" if item.operator in ("and", "or") else str(item)


def quoted(text: str) -> str:
    """Text as a string of the rule grammar."""
    letters = (
        _ESCAPES.get(letter) or (f"\\u{{{ord(letter):x}}}" if category(letter) == "Cc" else letter) for letter in text
    )
    return f'"{"".join(letters)}"'
