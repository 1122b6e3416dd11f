"""Every constraint of every input member is enforced, told as ECR tells it, and a refused call changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import texts
from api import Answer, Api, error_problems
from bench import Blocked, LiveBench, PaperBench
from conftest import Worlds
from fixtures import CASES
from service import OPERATIONS, constraints, errors_of, input_of, spelled
from shapes import Place, Variant, boundaries, places, violations, wrong_types

Opened = Callable[[str], Any]


class Sender:
    """Sends variants of an operation's inputs, each input in the world that was prepared for it."""

    def __init__(self, operation: str, worlds: Worlds) -> None:
        self.operation = operation
        self.inputs: list[dict[str, Any]] = []
        self._worlds: list[tuple[LiveBench, Api]] = []
        for case in CASES.get(operation, ()):
            bench, api = worlds()
            try:
                form = case.build(bench)
            except Blocked:
                # Constraints come before anything is looked up, so that a made-up input serves as well.
                form = case.build(PaperBench())
            self.inputs.append(form)
            self._worlds.append((bench, api))
        self._unchanged = {number: bench.world.snapshot() for number, (bench, _) in enumerate(self._worlds)}

    def places(self) -> list[Place]:
        """Where to change what."""
        return places(self.operation, self.inputs)

    def send(self, place: Place, variant: Variant) -> Answer:
        """Sends a variant to the world of its input. What should have been refused and was not is undone."""
        bench, api = self._worlds[place.base]
        answer = api.send(self.operation, variant.input)
        if answer.status == 200:
            bench.world.restore(self._unchanged[place.base])
        return answer

    def send_raw(self, body: bytes) -> Answer:
        """Sends a body that is no input."""
        return self._worlds[0][1].send(self.operation, body)

    def changed(self, base: int) -> set[int]:
        """Numbers of the records of this operation that changed the world."""
        calls = self._worlds[base][0].world.calls(f"ecr:{self.operation}")
        return {call.number for call in calls if call.revision_before != call.revision_after}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_constraint_is_enforced_and_told(operation: str, worlds: Worlds, variants: Opened) -> None:
    with variants(operation) as counted:
        sender = Sender(operation, worlds)
        sent = _sent(sender, (variant for place in sender.places() for variant in _with(place, violations, sender)))
        for place, variant, answer, changed in sent:
            found = _refusal_problems(operation, answer, changed)
            if not found:
                wrong = texts.problem(answer.message, place.path, variant.broken)
                found = [wrong] if wrong else []
            counted.judge(variant.kind, f"{spelled(place.path)} ({variant.label})", found, answer)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_wrong_json_type_is_refused(operation: str, worlds: Worlds, variants: Opened) -> None:
    with variants(operation) as counted:
        sender = Sender(operation, worlds)
        sent = _sent(sender, (variant for place in sender.places() for variant in _with(place, wrong_types, sender)))
        for place, variant, answer, changed in sent:
            found = _serialization_problems(operation, answer)
            if changed:
                found.append("the world has changed")
            counted.judge("type", f"{spelled(place.path)} ({variant.label})", found, answer)
        for body in (b"[]", b"7", b"true", b'"text"', b"{", b"no json"):
            answer = sender.send_raw(body)
            counted.judge("body", body.decode(), _serialization_problems(operation, answer), answer)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_value_at_its_bound_is_no_violation(operation: str, worlds: Worlds, variants: Opened) -> None:
    """What the call then comes to is another matter: only a constraint of this member may not refuse it."""
    with variants(operation) as counted:
        sender = Sender(operation, worlds)
        for place in sender.places():
            for variant in boundaries(place, sender.inputs[place.base]):
                answer = sender.send(place, variant)
                counted.judge("boundary", f"{spelled(place.path)} ({variant.label})", _blame(place, answer), answer)


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if input_of(name).required_members])
def test_an_empty_body_lacks_a_required_member(operation: str, worlds: Worlds, variants: Opened) -> None:
    with variants(operation) as counted:
        answer = worlds()[1].send(operation, {})
        found = _refusal_problems(operation, answer, changed=False)
        if not found:
            required = input_of(operation).required_members
            (bound,) = constraints(input_of(operation), required=True)
            told = [name for name in required if texts.problem(answer.message, (name,), (bound,)) is None]
            found = [] if told else [f"expected it to miss one of {', '.join(required)}"]
        counted.judge("empty", "{}", found, answer)


def test_the_journal_tells_a_call_that_changed_the_world(worlds: Worlds) -> None:
    """Without this, no refused call could ever be found to have changed anything."""
    sender = Sender("CreateRepository", worlds)
    place = sender.places()[0]
    accepted = sender.send(place, Variant("valid", place.path, "as it is", sender.inputs[place.base]))
    refused = sender.send(place, Variant("invalid", place.path, "empty", {}))
    assert (accepted.status, refused.status) == (200, 400)
    assert sender.changed(place.base) == {accepted.record}


def _with(place: Place, make: Callable[..., Iterable[Variant]], sender: Sender) -> Iterable[tuple[Place, Variant]]:
    return ((place, variant) for variant in make(place, sender.inputs[place.base]))


def _sent(sender: Sender, made: Iterable[tuple[Place, Variant]]) -> list[tuple[Place, Variant, Answer, bool]]:
    """Sends everything, then asks the journal which of it changed the world."""
    answers = [(place, variant, sender.send(place, variant)) for place, variant in made]
    changed = {base: sender.changed(base) for base in {place.base for place, _, _ in answers}}
    return [(place, variant, answer, answer.record in changed[place.base]) for place, variant, answer in answers]


def _refusal_problems(operation: str, answer: Answer, changed: bool) -> list[str]:
    if answer.status == 200:
        return ["expected a refusal"]
    found = error_problems(operation, answer)
    code = "InvalidParameterException"
    code = code if code in errors_of(operation) else "ValidationException"
    if answer.code != code:
        found.append(f"expected {code}")
    if changed:
        found.append("the world has changed")
    return found


def _serialization_problems(operation: str, answer: Answer) -> list[str]:
    if answer.status == 200:
        return ["expected a refusal"]
    found = error_problems(operation, answer)
    if answer.code != "SerializationException":
        found.append("expected SerializationException")
    return found


def _blame(place: Place, answer: Answer) -> list[str]:
    """Whether the answer refuses the member by a constraint; every other answer is as good as 200."""
    if answer.status not in (200, 400):
        return [f"status {answer.status}"]
    if answer.code in ("UnknownOperationException", "SerializationException"):
        return [f"expected no {answer.code}"]
    bounds = constraints(place.member.shape, required=place.member.required)
    refused = texts.names(answer.message, place.path) and texts.tells_kind_of(answer.message, bounds)
    return ["a legal value is refused"] if refused else []
