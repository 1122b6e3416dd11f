"""Valid calls are answered as the model says, strictly; unknown members are ignored and null is absence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from api import Answer, Api, envelope_problems, error_problems
from bench import Blocked, LiveBench
from check import problems
from conftest import Variants, Worlds
from fixtures import CASES, Case
from service import OPERATIONS, input_of, output_of, spelled
from shapes import decorated, places, value_at, with_value, without

Opened = Callable[[str], Any]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_valid_call_is_answered_as_the_model_says(operation: str, worlds: Worlds, variants: Opened) -> None:
    with variants(operation) as counted:
        for case in CASES.get(operation, ()):
            prepared = _prepared(case, worlds, counted, "valid")
            if prepared:
                _, api, form = prepared
                answer = api.send(operation, form)
                counted.judge("valid", case.name, _answer_problems(operation, case, answer, counted), answer)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_unknown_members_are_ignored(operation: str, worlds: Worlds, variants: Opened) -> None:
    with variants(operation) as counted:
        for case in CASES.get(operation, ()):
            prepared = _prepared(case, worlds, counted, "unknown")
            if prepared:
                _, api, form = prepared
                answer = api.send(operation, decorated(input_of(operation), form))
                counted.judge("unknown", case.name, _answer_problems(operation, case, answer, counted), answer)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_null_is_answered_as_absence_is(operation: str, worlds: Worlds, variants: Opened) -> None:
    """Members that are not required; one call with null and one without, in copies of one world."""
    with variants(operation) as counted:
        prepared = {
            number: _prepared(case, worlds, counted, "null") for number, case in enumerate(CASES.get(operation, ()))
        }
        # A call that cannot be prepared is counted already.
        usable = {number: ready for number, ready in prepared.items() if ready}
        inputs = [usable[number][2] if number in usable else {} for number in prepared]
        for place in places(operation, inputs):
            if place.member.required or isinstance(place.path[-1], int) or place.base not in usable:
                continue
            bench, _, form = usable[place.base]
            with_null, absent = worlds.copies(bench.world, 2)
            answer = with_null.send(operation, with_value(form, place.path, None))
            expected = absent.send(operation, without(form, place.path))
            found = [] if _alike(answer, expected) else [f"absence is answered with {expected}"]
            if not found and value_at(form, place.path) is not None and answer.status != 200:
                found = error_problems(operation, answer)
            counted.judge("null", spelled(place.path), found, answer)


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if not input_of(name).required_members])
def test_an_empty_body_is_a_call_where_nothing_is_required(operation: str, worlds: Worlds, variants: Opened) -> None:
    """The body is `{}`; what is there before it is what the operation's first fixture prepares."""
    with variants(operation) as counted:
        prepared = _prepared(CASES[operation][0], worlds, counted, "empty")
        if prepared:
            answer = prepared[1].send(operation, {})
            counted.judge("empty", "{}", [] if answer.status == 200 else ["refused"], answer)


def _prepared(case: Case, worlds: Worlds, counted: Variants, kind: str) -> tuple[LiveBench, Api, dict[str, Any]] | None:
    bench, api = worlds()
    try:
        return bench, api, case.build(bench)
    except Blocked as blocked:
        counted.judge(kind, case.name, ["cannot be prepared"], str(blocked))
        return None


def _answer_problems(operation: str, case: Case, answer: Answer, counted: Variants) -> list[str]:
    if answer.status != 200:
        return ["expected 200"]
    found = envelope_problems(answer)
    if not isinstance(answer.body, dict):
        return found
    shape = output_of(operation)
    found += problems(shape, answer.body, seen=counted.seen)
    expected = set(shape.members) - case.without - {"nextToken"}
    found += [f"{name} is missing" for name in sorted(expected - answer.body.keys())]
    found += [f"{name} is empty" for name in sorted(case.filled & answer.body.keys()) if not answer.body[name]]
    return found


def _alike(one: Answer, other: Answer) -> bool:
    """Whether two answers are the same but for what every call makes anew."""
    same = (one.status, one.code, one.message) == (other.status, other.code, other.message)
    return same and (one.status != 200 or one.body.keys() == other.body.keys())
