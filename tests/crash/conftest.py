"""Says what was done, from which seed, and what was found."""

from __future__ import annotations

import pytest
from settings import SEED, TALLY


def pytest_report_header() -> str:
    """Told before anything can go wrong."""
    return f"crash: CRASH_SEED={SEED}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The last word."""
    met = ", ".join(f"{what} {count}" for what, count in sorted(TALLY.seen.items()))
    terminalreporter.write_line(f"crash: CRASH_SEED={SEED}; met: {met or 'nothing'}")
    for finding in TALLY.findings[:20]:
        terminalreporter.write_line(f"crash: {finding}")
    terminalreporter.write_line(f"crash: {TALLY}")
