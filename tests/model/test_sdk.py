"""botocore's paginators and waiters against the daemon: what an SDK makes of the answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from bench import Blocked, LiveBench
from botocore import xform_name  # type: ignore[import-untyped]
from botocore.exceptions import ClientError, WaiterError  # type: ignore[import-untyped]
from conftest import Variants, Worlds
from fixtures import CASES, PAGED, Paged
from service import paginators, waiters

Opened = Callable[[str], Any]
_ENTRIES = 3


@pytest.mark.parametrize("operation", sorted(paginators()))
def test_a_paginator_finds_every_entry(operation: str, worlds: Worlds, variants: Opened) -> None:
    with variants(operation) as counted:
        paged = PAGED[operation]
        prepared = _prepared(paged.build, worlds, counted, "paginator", operation)
        if not prepared:
            return
        bench, form = prepared
        try:
            with closing(bench.world.boto3("ecr")) as ecr:
                paginator = ecr.get_paginator(xform_name(operation))
                pages = list(paginator.paginate(**form, PaginationConfig={"PageSize": 1}))
        except ClientError as error:
            counted.judge("paginator", operation, ["an error"], str(error))
            return
        found = sum(_count(page, paged) for page in pages)
        short = [] if found >= _ENTRIES and len(pages) >= _ENTRIES else [f"expected {_ENTRIES} entries or more"]
        counted.judge("paginator", operation, short, f"{found} entries on {len(pages)} pages")


@pytest.mark.parametrize("waiter", sorted(waiters()))
def test_a_waiter_ends_well(waiter: str, worlds: Worlds, variants: Opened) -> None:
    with variants(waiter) as counted:
        operation = waiters()[waiter]["operation"]
        prepared = _prepared(CASES[operation][0].build, worlds, counted, "waiter", waiter)
        if not prepared:
            return
        bench, form = prepared
        try:
            # The clock stands still, so that waiting longer would change nothing.
            with closing(bench.world.boto3("ecr")) as ecr:
                ecr.get_waiter(xform_name(waiter)).wait(**form, WaiterConfig={"Delay": 0, "MaxAttempts": 2})
        except (ClientError, WaiterError) as error:
            counted.judge("waiter", waiter, ["an error"], str(error))
            return
        counted.judge("waiter", waiter, [])


def _prepared(
    build: Callable[[LiveBench], dict[str, Any]], worlds: Worlds, counted: Variants, kind: str, label: str
) -> tuple[LiveBench, dict[str, Any]] | None:
    bench, _ = worlds()
    try:
        return bench, build(bench)
    except Blocked as blocked:
        counted.judge(kind, label, ["cannot be prepared"], str(blocked))
        return None


def _count(page: Any, paged: Paged) -> int:
    found = 0
    for path in paged.entries:
        part = page
        for name in path.split("."):
            part = part.get(name, {})
        found += len(part)
    return found
