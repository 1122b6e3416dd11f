"""Worlds for the tests, and the count of what was tried: variants, which are many to a test function.

A test function opens a `Variants` for its operation and reports each variant; at its end it fails if one did. The
counts travel with the test's report, so they also stand in JUnit XML and survive pytest-xdist.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from api import Answer, Api
from bench import LiveBench
from ecrfixture._registry import Connection

if TYPE_CHECKING:
    from ecrfixture import EcrFixture, World
    from ecrfixture.pytest_plugin import WorldFactory

_PROPERTY = "model"
_SEEN = "model-seen"
# Lines of a failure; of an operation that is not there at all, one says everything.
_MOST_LINES = 40


class Variants:
    """What was tried of one operation."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        self.passed: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.lines: list[str] = []
        self.seen: set[str] = set()

    def judge(self, kind: str, label: str, problems: list[str], got: Answer | str = "") -> bool:
        """Counts a variant; it passed if there are no problems. `got` is what was answered, for the failure."""
        if not problems:
            self.passed[kind] += 1
            return True
        self.failed[kind] += 1
        told = f"; got {got}" if got else ""
        self.lines.append(f"{kind}: {self.operation} {label}: {'; '.join(problems)}{told}")
        return False


class Worlds:
    """Makes worlds for one test and ends them with it."""

    def __init__(self, factory: WorldFactory, connection: Connection) -> None:
        self._factory = factory
        self._connection = connection

    def __call__(self) -> tuple[LiveBench, Api]:
        """An empty world, to prepare and to call."""
        world = self._factory()
        api = Api(world, self._connection)
        return LiveBench(world, api), api

    def copies(self, world: World, count: int) -> Iterator[Api]:
        """Copies of a world as it is now, to be called once each."""
        for fork in world.fork(count):
            yield Api(fork, self._connection)


@pytest.fixture(scope="session")
def connection(ecr_fixture: EcrFixture) -> Iterator[Connection]:
    """One connection to the daemon, for all calls."""
    with Connection(urlsplit(ecr_fixture.info().data).netloc) as opened:
        yield opened


@pytest.fixture
def worlds(ecr_world_factory: WorldFactory, connection: Connection) -> Worlds:
    """Makes worlds."""
    return Worlds(ecr_world_factory, connection)


@pytest.fixture(scope="session")
def absent(ecr_fixture: EcrFixture) -> frozenset[str]:
    """Operations that the daemon says it has not."""
    return frozenset(ecr_fixture.info().missing_operations)


@pytest.fixture
def variants(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Opens the count of an operation's variants; at its end the test fails if one did."""

    @contextmanager
    def opened(operation: str) -> Iterator[Variants]:
        __tracebackhide__ = True
        counted = Variants(operation)
        try:
            yield counted
        except Exception:
            counted.failed["broken test"] += 1
            raise
        finally:
            counts = {"passed": counted.passed, "failed": counted.failed}
            request.node.user_properties.append((_PROPERTY, json.dumps(counts)))
            if counted.seen:
                request.node.user_properties.append((_SEEN, " ".join(sorted(counted.seen))))
        if counted.lines:
            pytest.fail(_told(counted), pytrace=False)

    return opened


def _told(counted: Variants) -> str:
    lines = counted.lines
    unknown = [line for line in lines if "UnknownOperationException" in line]
    if len(unknown) > 1:
        lines = [line for line in lines if line not in unknown]
        lines.append(f"{len(unknown)} variants: UnknownOperationException, e.g. {unknown[0]}")
    more = [f"and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
    return "\n".join([*lines[:_MOST_LINES], *more])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what was tried of the model, by kind and in one line."""
    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    seen: set[str] = set()
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if getattr(report, "when", "") != "call":
            continue
        for name, text in report.user_properties:
            if name == _PROPERTY:
                counts = json.loads(text)
                passed.update(counts["passed"])
                failed.update(counts["failed"])
            elif name == _SEEN:
                seen.update(text.split())
    if not passed and not failed:
        return
    terminalreporter.section("model")
    for kind in sorted({*passed, *failed}):
        terminalreporter.write_line(f"{kind:12} {passed[kind]:6} passed {failed[kind]:6} failed")
    if seen:
        terminalreporter.write_line(f"members of outputs that were seen: {len(seen)}")
    terminalreporter.write_line(f"model: {passed.total()} passed, {failed.total()} failed")
