"""Fault rules, built: `on("task:replication").where(dest_region="eu-west-1").during("10m").fail("UPSTREAM_TIMEOUT")`.

A rule says on what it acts, and then a plan of steps. A step is a *when* (`times`, `during`, `until`, `percent`,
`every`) and one or more actions; `then` begins the next step. A step is left when its count or window is spent, and
one with neither lasts for ever. After the last step calls pass, unless `repeat`, `loop` or `unexpected` says otherwise.

Pure, and immutable: each method answers a new rule. `str(rule)` is the one-line text and `rule.to_json()` the same tree
in protobuf's JSON mapping. The daemon judges whether a rule makes sense.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, TypeAlias

from ecrfixture.predicates import JsonObject, Predicate, Value, conjunction, quoted
from ecrfixture.units import Duration, Size, duration_json, duration_text, nanoseconds, size_bytes, size_text

CounterKey: TypeAlias = Literal["rule", "connection", "caller", "repository", "digest", "upload", "logical_call"]

_TARGET = re.compile(r"(?P<surface>[a-z]+):(?P<operation>[^@\s]+)(@(?P<point>[a-z._]+))?(@(?P<at>\w+))?")


@dataclass(frozen=True, slots=True)
class Action:
    """One action: its text, and its form in protobuf's JSON mapping."""

    text: str
    form: tuple[tuple[str, object], ...]
    kind: str

    def to_json(self) -> JsonObject:
        """The action in protobuf's JSON mapping."""
        return {self.kind: dict(self.form)}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan: how long it lasts, which matches fire, and what is done. No action means: pass."""

    count: int | None = None
    window_nanos: int | None = None
    until_gate: str = ""
    percent: float | None = None
    exact: bool = False
    every: int | None = None
    actions: tuple[Action, ...] = ()

    def __str__(self) -> str:
        """Its text form, e.g. `2x status(503)`."""
        when = [
            f"{self.count}x" if self.count is not None else "",
            f"for {duration_text(self.window_nanos)}" if self.window_nanos is not None else "",
            f"until {self.until_gate}" if self.until_gate else "",
            f"{_plain(self.percent)}%{' exact' if self.exact else ''}" if self.percent is not None else "",
            f"every {self.every}" if self.every is not None else "",
        ]
        return " ".join([*filter(None, when), " + ".join(action.text for action in self.actions) or "pass"])

    def to_json(self) -> JsonObject:
        """The step in protobuf's JSON mapping."""
        form: JsonObject = {}
        if self.count is not None:
            form["count"] = str(self.count)
        if self.window_nanos is not None:
            form["window"] = duration_json(duration_text(self.window_nanos))
        if self.until_gate:
            form["untilGate"] = self.until_gate
        if self.percent is not None:
            form["percent"] = self.percent
        if self.exact:
            form["exact"] = True
        if self.every is not None:
            form["every"] = str(self.every)
        if self.actions:
            form["actions"] = [action.to_json() for action in self.actions]
        return form


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault rule. Begin with `on`; hand it to `World.fault`."""

    surface: str
    operation: str
    point: str = ""
    at_bytes: int | None = None
    name: str = ""
    predicate: Predicate | None = None
    steps: tuple[Step, ...] = (Step(),)
    tail: Literal["", "pass", "repeat", "loop", "unexpected"] = ""
    counter: CounterKey | None = None
    rank: int | None = None
    label: str = ""
    fires: tuple[int | None, int | None] | None = None

    # Which records.

    def where(self, *predicates: Predicate, **equal: Value | Iterable[Value]) -> Rule:
        """Narrows the rule. `where(repository="app")` is equality, `where(tag=["a", "b"])` with any of them."""
        return replace(self, predicate=conjunction(self.predicate, predicates, equal))

    # When a step applies.

    def times(self, count: int) -> Rule:
        """The step lasts for that many matches."""
        return self._when(count=count)

    def during(self, duration: Duration) -> Rule:
        """The step lasts for that much virtual time from when it was entered; the first from when the rule was set."""
        return self._when(window_nanos=nanoseconds(duration))

    def until(self, gate: str) -> Rule:
        """The step lasts while the gate is shut; `World.open_gate` opens it."""
        return self._when(until_gate=gate)

    def percent(self, chance: float, *, exact: bool = False) -> Rule:
        """Each match fires with this chance, 0 to 100; `exact` spreads them evenly instead of drawing."""
        return self._when(percent=float(chance), exact=exact)

    def every(self, nth: int) -> Rule:
        """Only each n-th match fires."""
        return self._when(every=nth)

    # What is done.

    def status(self, status: int | str, error: str = "", *, message: str = "") -> Rule:
        """Answers an error instead of doing the call: an HTTP status, or the name of an error of the operation."""
        code, error = (status, error) if isinstance(status, int) else (None, status)
        arguments = [str(code)] if code is not None else []
        arguments += [quoted(error)] if error else []
        arguments += [f"message={quoted(message)}"] if message else []
        return self._do("status", f"status({', '.join(arguments)})", code=code, error=error, message=message)

    def delay(self, least: Duration, most: Duration | None = None) -> Rule:
        """Waits so long before anything else, or between `least` and `most`."""
        text = duration_text(nanoseconds(least))
        if most is None:
            return self._do("delay", f"delay({text})", min=duration_json(least))
        text = f"delay({text}..{duration_text(nanoseconds(most))})"
        return self._do("delay", text, min=duration_json(least), max=duration_json(most))

    def fail(self, code: str, reason: str = "") -> Rule:
        """Ends a task as failed, with this failure code."""
        suffix = f", reason={quoted(reason)}" if reason else ""
        return self._do("fail", f"fail({quoted(code)}{suffix})", code=code, reason=reason)

    def lose_reply(self, end: Literal["reset", "eof"] = "reset") -> Rule:
        """Does the call, then closes the connection without an answer."""
        return self._do("loseReply", f"lose_reply({end})", end=f"CONNECTION_END_{end.upper()}")

    def hold(self, gate: str) -> Rule:
        """Waits until the gate is opened by `World.open_gate`."""
        return self._do("hold", f"hold({gate})", gate=gate)

    def truncate(self, keep: Size, *, fix_length: bool = False) -> Rule:
        """Sends part of the body, `"50%"` or `"1MiB"`, and ends it cleanly.

        `fix_length` announces the shortened length instead of the true one.
        """
        suffix = ", fix_length=true" if fix_length else ""
        if isinstance(keep, str) and keep.endswith("%"):
            share = float(keep[:-1])
            return self._do(
                "truncate", f"truncate({_plain(share)}%{suffix})", percent=share, fixLength=fix_length or None
            )
        count = size_bytes(keep)
        text = f"truncate({size_text(count)}{suffix})"
        return self._do("truncate", text, bytes=str(count), fixLength=fix_length or None)

    def reset(self, *, after_bytes: Size | None = None) -> Rule:
        """Resets the connection, after so many bytes of the body or at once."""
        if after_bytes is None:
            return self._do("reset", "reset")
        count = size_bytes(after_bytes)
        return self._do("reset", f"reset(after_bytes={size_text(count)})", afterBytes=str(count))

    def pass_(self) -> Rule:
        """Lets calls through: as a step when it has a *when*, else as the end of the plan."""
        return self if self.steps[-1] != Step() else self._end("pass")

    # How the plan goes on.

    def then(self) -> Rule:
        """Begins the next step."""
        if self.tail:
            raise ValueError(f"nothing follows {self.tail!r}")
        return replace(self, steps=(*self.steps, Step()))

    def repeat(self) -> Rule:
        """The last step goes on for ever."""
        return self._end("repeat")

    def loop(self) -> Rule:
        """The plan starts again."""
        return self._end("loop")

    def unexpected(self) -> Rule:
        """A further match is a test failure, reported when the world is finished."""
        return self._end("unexpected")

    # Options.

    def named(self, name: str) -> Rule:
        """Names the rule, `[a-z0-9][a-z0-9_-]{0,62}`; a rule of the same name is replaced."""
        return replace(self, name=name)

    def per(self, key: CounterKey) -> Rule:
        """Counts steps separately for each connection, caller, repository, digest, upload or logical call."""
        return replace(self, counter=key)

    def priority(self, priority: int) -> Rule:
        """Rules of higher priority come first; at first 0."""
        return replace(self, rank=priority)

    def tagged(self, tag: str) -> Rule:
        """Labels the rule, for removal and for reports."""
        return replace(self, label=tag)

    def must_fire(self, least: int | None = None, most: int | None = None) -> Rule:
        """Fails the test if the rule fires less than `least` times (at first 1), or more than `most`."""
        return replace(self, fires=(least, most))

    # Spellings.

    def __str__(self) -> str:
        """The rule as one line of text, in the daemon's canonical form: defaults go unsaid."""
        target = f"{self.surface}:{self.operation}" + (f"@{self.point}" if self.point else "")
        target += f"@{size_text(self.at_bytes)}" if self.at_bytes is not None else ""
        parts = [
            f"{self.name}:" if self.name else "",
            f"on {target}",
            f"where {self.predicate}" if self.predicate else "",
            f"do {self._plan_text()}",
            f"per {self.counter}" if self.counter not in (None, "rule") else "",
            f"priority {self.rank}" if self.rank else "",
            f"tag {quoted(self.label)}" if self.label else "",
            _must_fire_text(self.fires),
        ]
        return " ".join(filter(None, parts))

    def to_json(self) -> JsonObject:
        """The rule in protobuf's JSON mapping."""
        target: JsonObject = {"surface": self.surface, "operation": self.operation}
        if self.point:
            target["point"] = self.point
        if self.at_bytes is not None:
            target["atBytes"] = str(self.at_bytes)
        form: JsonObject = {"target": target, "steps": [step.to_json() for step in self.steps]}
        if self.name:
            form["name"] = self.name
        if self.predicate:
            form["where"] = self.predicate.to_json()
        if self.tail:
            form["tail"] = f"TAIL_{self.tail.upper()}"
        if self.counter:
            form["per"] = f"COUNTER_KEY_{self.counter.upper()}"
        if self.rank is not None:
            form["priority"] = self.rank
        if self.label:
            form["tag"] = self.label
        if self.fires:
            bounds = zip(("min", "max"), self.fires, strict=True)
            form["mustFire"] = {name: str(bound) for name, bound in bounds if bound is not None}
        return form

    def _plan_text(self) -> str:
        """Steps and tail. A last step that is a bare `pass` would read as the tail, so then the tail is said too."""
        steps = [str(step) for step in self.steps]
        tail = self.tail or "pass"
        if tail != "pass" or (len(steps) > 1 and steps[-1] == "pass"):
            steps.append(tail)
        return " -> ".join(steps)

    def _when(self, **changes: object) -> Rule:
        """Sets when the last step applies; a step that already has its actions is closed to that."""
        if self.steps[-1].actions:
            raise ValueError("a step says when before it says what; begin another with then()")
        return self._last(**changes)

    def _do(self, kind: str, text: str, **members: object) -> Rule:
        """Adds an action to the last step. Members that are absent or empty are left out."""
        form = tuple((name, member) for name, member in members.items() if member not in (None, ""))
        return self._last(actions=(*self.steps[-1].actions, Action(text, form, kind)))

    def _last(self, **changes: object) -> Rule:
        if self.tail:
            raise ValueError(f"nothing follows {self.tail!r}")
        last = replace(self.steps[-1], **changes)  # type: ignore[arg-type]  # `replace` cannot see the names.
        return replace(self, steps=(*self.steps[:-1], last))

    def _end(self, tail: Literal["pass", "repeat", "loop", "unexpected"]) -> Rule:
        """Ends the plan; a step that `then` began and nothing filled is dropped."""
        steps = self.steps[:-1] if len(self.steps) > 1 and self.steps[-1] == Step() else self.steps
        return replace(self, steps=steps, tail=tail)


def on(target: str) -> Rule:
    """Begins a rule: `on("ecr:PutImage")`, `on("task:replication")`, `on("oci:blob.get@send.body@4MiB")`.

    Surfaces are `ecr`, `oci`, `any`, `upstream` and `task`; `*` stands for any run of characters. The point is usually
    left out: the first action implies it. Raises `ValueError` for text of another shape.
    """
    surface, operation, point, at_bytes = parsed_target(target)
    return Rule(surface, operation, point, at_bytes)


def parsed_target(target: str) -> tuple[str, str, str, int | None]:
    """Surface, operation, point and byte count of a target's text."""
    match = _TARGET.fullmatch(target)
    if match is None:
        raise ValueError(f'not a target: {target!r}; write "ecr:PutImage" or "oci:blob.get@send.body"')
    at_bytes = size_bytes(match["at"]) if match["at"] else None
    return match["surface"], match["operation"], match["point"] or "", at_bytes


def _must_fire_text(fires: tuple[int | None, int | None] | None) -> str:
    if fires is None:
        return ""
    least, most = fires
    least = 1 if least is None else least
    if (least, most) == (1, None):
        return "must_fire"
    if least == most:
        return f"must_fire {least}"
    return f"must_fire {least}..{'' if most is None else most}"


def _plain(number: float) -> str:
    """A number without an exponent or a needless fraction: `5`, `0.5`, `0.00001`."""
    text = f"{Decimal(repr(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
