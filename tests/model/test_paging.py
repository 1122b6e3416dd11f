"""Paged operations: three entries one by one, and tokens that are none of theirs.

A page may be shorter than was asked for, so pages are followed until there is no token; no order is expected.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from api import Api, error_problems
from bench import Blocked
from check import problems
from conftest import Variants, Worlds
from fixtures import PAGED, Paged
from service import OPERATIONS, input_of, output_of

Opened = Callable[[str], Any]
_PAGED = [name for name in OPERATIONS if "nextToken" in input_of(name).members]
_ENTRIES = 3
_MOST_PAGES = 20


@pytest.mark.parametrize("operation", _PAGED)
def test_pages_of_one_hold_every_entry_once(operation: str, worlds: Worlds, variants: Opened) -> None:
    with variants(operation) as counted:
        prepared = _prepared(operation, worlds, counted)
        if not prepared:
            return
        api, form, paged = prepared
        whole = api.send(operation, form)
        expected = sorted(_entries(whole.body, paged))
        enough = [] if len(expected) >= _ENTRIES else [f"expected {_ENTRIES} entries"]
        if not counted.judge("paging", "as a whole", enough, whole):
            return
        gathered: list[str] = []
        call = {**form, "maxResults": 1}
        for number in range(_MOST_PAGES):
            answer = api.send(operation, call)
            found = problems(output_of(operation), answer.body) if answer.status == 200 else ["expected 200"]
            page = _entries(answer.body, paged)
            if len(page) > 1:
                found.append("more than one entry")
            if not counted.judge("paging", f"page {number + 1}", found, answer):
                return
            gathered += page
            if "nextToken" not in answer.body:
                break
            call = {**form, "maxResults": 1, "nextToken": answer.body["nextToken"]}
        same = sorted(gathered) == expected
        counted.judge("paging", "all pages", [] if same else [f"expected {expected}"], str(sorted(gathered)))


@pytest.mark.parametrize("operation", _PAGED)
def test_tokens_that_are_not_its_own_are_refused(operation: str, worlds: Worlds, variants: Opened) -> None:
    with variants(operation) as counted:
        prepared = _prepared(operation, worlds, counted)
        if not prepared:
            return
        api, form, _ = prepared
        tokens = {
            "garbage": "garbage",
            "base64 garbage": "AAAAAAAAAAAAAAAAAAAAAA==",
            "of another operation": _foreign(api, operation),
        }
        for label, token in tokens.items():
            answer = api.send(operation, {**form, "nextToken": token})
            found = ["expected a refusal"] if answer.status == 200 else error_problems(operation, answer)
            if answer.status != 200 and answer.code != "InvalidParameterException":
                found.append("expected InvalidParameterException")
            if answer.status != 200 and "nextToken" not in answer.message:
                found.append("expected it to name 'nextToken'")
            counted.judge("token", label, found, answer)


def test_every_paged_operation_has_a_fixture() -> None:
    assert sorted(PAGED) == sorted(_PAGED)


def _prepared(operation: str, worlds: Worlds, counted: Variants) -> tuple[Api, dict[str, Any], Paged] | None:
    paged = PAGED[operation]
    bench, api = worlds()
    try:
        return api, paged.build(bench), paged
    except Blocked as blocked:
        counted.judge("paging", "three entries", ["cannot be prepared"], str(blocked))
        return None


def _entries(body: Any, paged: Paged) -> list[str]:
    """The entries of a page, as text that can be sorted."""
    found: list[str] = []
    for path in paged.entries:
        part = body
        for name in path.split("."):
            part = part.get(name, {}) if isinstance(part, dict) else {}
        found += [json.dumps(entry, sort_keys=True) for entry in part or ()]
    return found


def _foreign(api: Api, operation: str) -> str:
    """A token of another operation of the same registry."""
    if operation == "DescribeRepositories":
        for prefix in ("one", "two", "three"):
            api.send("CreatePullThroughCacheRule", {"ecrRepositoryPrefix": prefix, "upstreamRegistryUrl": "quay.io"})
        return str(api.send("DescribePullThroughCacheRules", {"maxResults": 1}).body["nextToken"])
    for name in ("foreign-one", "foreign-two"):
        api.send("CreateRepository", {"repositoryName": name})
    return str(api.send("DescribeRepositories", {"maxResults": 1}).body["nextToken"])
