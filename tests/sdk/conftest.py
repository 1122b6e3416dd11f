"""The fixture by which each SDK runs its journey, and a line for each at the end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from journey import Journey, run_journey

if TYPE_CHECKING:
    from ecrfixture.pytest_plugin import WorldFactory

# Where `requirements.lock` is installed: the programs run on what it pins, not on what runs pytest.
CLIENTS = Path(__file__).resolve().parents[2] / "target" / "test-sh" / "sdk" / "bin"
_PROPERTY = "journey"


class RunJourney(Protocol):
    """What the fixture `journey` gives."""

    def __call__(
        self, name: str, command: Sequence[str], cwd: Path, *, user_agent: str, without: Collection[str] = ()
    ) -> Journey:
        """Runs a journey; see `journey.run_journey`."""


@pytest.fixture
def journey(request: pytest.FixtureRequest, ecr_world_factory: WorldFactory) -> RunJourney:
    """Runs a program's journey in a world of its own, and notes what it came to."""

    def run(name: str, command: Sequence[str], cwd: Path, *, user_agent: str, without: Collection[str] = ()) -> Journey:
        done = run_journey(ecr_world_factory, name, command, cwd, user_agent=user_agent, without=without)
        request.node.user_properties.append((_PROPERTY, str(done)))
        return done

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what each journey came to."""
    lines = [
        str(text)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, text in report.user_properties
        if name == _PROPERTY
    ]
    if lines:
        terminalreporter.section("journeys")
        for line in sorted(lines):
            terminalreporter.write_line(line)
