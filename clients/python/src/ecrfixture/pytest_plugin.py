"""The pytest plugin: a world for each test, finished after it, and its report with the test that failed.

Fixtures: `ecr_world` (a world named after the test), `ecr_world_factory` (more of them, with options), `ecr_fixture`
(the daemon, one for each test process). Marker: `@pytest.mark.ecr_world(from_="golden", seed=42)`, with the keywords
of `EcrFixture.world`.

This module imports neither grpc nor protobuf; the first fixture that is used does.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from ecrfixture import EcrFixture, World

_REPORT_MODES = ("on-failure", "always", "off")
_SECTION = "ecr-fixture report (teardown)"  # pytest prints sections of a passed teardown if they are named so.
_PROPERTY = "ecr_fixture_report"
_outcome = pytest.StashKey[str]()
_texts = pytest.StashKey["list[str]"]()


class WorldFactory(Protocol):
    """What `ecr_world_factory` gives."""

    def __call__(self, name: str | None = None, **options: Any) -> World:
        """Makes a world; the options are those of `EcrFixture.world`. It is finished after the test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options `--ecr-fixture-*`, and settings `ecr_fixture_*` for the configuration file."""
    group = parser.getgroup("ecr-fixture", "a stand-in for Amazon ECR")
    for name, meta, text in (
        ("bin", "PATH", "the ecr-fixture binary (or ECR_FIXTURE_BIN)"),
        ("addr", "HOST:PORT", "control port of a running daemon to attach to (or ECR_FIXTURE_ADDR)"),
        ("report", "WHEN", "report of a world: on-failure (default), always or off (or ECR_FIXTURE_REPORT)"),
    ):
        group.addoption(f"--ecr-fixture-{name}", metavar=meta, help=text)
        parser.addini(f"ecr_fixture_{name}", text, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker and refuses a report mode that is none."""
    config.addinivalue_line("markers", "ecr_world(from_=…, seed=…, …): options of the test's ecr_world")
    _report_mode(config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remembers how the test ended, and puts the worlds' reports with the test's own output.

    Worlds end at teardown, when the report of a failed call is already out. pytest prints sections of the teardown
    under the failed test; the property carries the text into JUnit XML. Both survive pytest-xdist.
    """
    report = yield
    if call.when == "call":
        # What was expected to fail is neither a pass that findings could spoil nor a failure to report on.
        item.stash[_outcome] = "expected" if hasattr(report, "wasxfail") else report.outcome
    elif call.when == "teardown":
        texts = item.stash.get(_texts, [])
        if texts:
            text = "\n\n".join(texts)
            report.sections.append((_SECTION, text))
            report.user_properties.append((_PROPERTY, text))
    return report


@pytest.fixture(scope="session")
def ecr_fixture(pytestconfig: pytest.Config) -> EcrFixture:
    """The daemon of this test process: attached to, or started on first use and ended with the process."""
    from ecrfixture import EcrFixture, FixtureError

    # A setting in the configuration file comes after the environment, an option before it.
    address = pytestconfig.getoption("ecr_fixture_addr")
    binary = pytestconfig.getoption("ecr_fixture_bin")
    if not os.environ.get("ECR_FIXTURE_ADDR"):
        address = address or pytestconfig.getini("ecr_fixture_addr")
    if not os.environ.get("ECR_FIXTURE_BIN"):
        binary = binary or pytestconfig.getini("ecr_fixture_bin")
    try:
        return EcrFixture.shared(binary or None, address or None)
    except FixtureError as error:
        # The message says everything; how the call got here would only bury it.
        pytest.fail(f"{type(error).__name__}: {error}", pytrace=False)


@pytest.fixture
def ecr_world_factory(request: pytest.FixtureRequest, ecr_fixture: EcrFixture) -> Iterator[WorldFactory]:
    """Makes worlds for this test, named after it unless a name is given; all are finished after it."""
    worlds: list[World] = []

    def make(name: str | None = None, **options: Any) -> World:
        labels = {"test": request.node.nodeid, **options.pop("labels", {})}
        world = ecr_fixture.world(name or world_id(request.node.nodeid), labels=labels, **options)
        worlds.append(world)
        return world

    yield make
    _finish(request, worlds)


@pytest.fixture
def ecr_world(request: pytest.FixtureRequest, ecr_world_factory: WorldFactory) -> World:
    """The test's own world, named after it; options come from the marker `ecr_world`."""
    marker = request.node.get_closest_marker("ecr_world")
    return ecr_world_factory(*marker.args, **marker.kwargs) if marker else ecr_world_factory()


def world_id(nodeid: str) -> str:
    """An id for a test's world: the test's name as far as ids allow, and six digits so that reruns do not meet."""
    test = nodeid.rpartition("::")[2] or nodeid
    slug = re.sub(r"[^a-z0-9]+", "-", test.lower()).strip("-")[:56].rstrip("-")
    return f"{slug or 'test'}-{secrets.token_hex(3)}"


def _finish(request: pytest.FixtureRequest, worlds: list[World]) -> None:
    """Finishes the worlds. Findings that fail, and a daemon that is gone, fail a test that otherwise passed."""
    from ecrfixture import FixtureError

    item, mode = request.node, _report_mode(request.config)
    # Without an outcome of the call it was the set-up that failed.
    outcome = item.stash.get(_outcome, "failed")
    passed, failed = outcome == "passed", outcome == "failed"
    texts: list[str] = item.stash.setdefault(_texts, [])
    failing: list[str] = []
    first_error: FixtureError | None = None
    for world in worlds:
        try:
            report = world.conclude(failed=failed)
        except FixtureError as error:
            first_error = first_error or error
            texts.append(f"{world.name} has no report: {error}")
            continue
        if passed and not report.ok:
            failing.append(report.text)
        elif report.kept or mode == "always" or (mode == "on-failure" and failed):
            texts.append(report.text)
    if passed and failing:
        pytest.fail("\n\n".join(failing), pytrace=False)
    if passed and first_error:
        raise first_error


def _report_mode(config: pytest.Config) -> str:
    """When a report is shown: option, `ECR_FIXTURE_REPORT`, setting, or on failure."""
    places: tuple[Callable[[], Any], ...] = (
        lambda: config.getoption("ecr_fixture_report"),
        lambda: os.environ.get("ECR_FIXTURE_REPORT"),
        lambda: config.getini("ecr_fixture_report"),
    )
    mode = str(next(filter(None, (place() for place in places)), _REPORT_MODES[0]))
    if mode not in _REPORT_MODES:
        raise pytest.UsageError(f"ecr-fixture report mode is {mode!r}; it must be one of {', '.join(_REPORT_MODES)}")
    return mode
