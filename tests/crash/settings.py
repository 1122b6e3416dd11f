"""How much of it, from which seed, and what came of it."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field


def _number(name: str, default: int) -> int:
    return int(os.environ.get(name) or default)


PUSHES = _number("CRASH_PUSHES", 1000)
"""Pushes cut by their client, over both kinds of daemons."""
DAEMONS = _number("CRASH_DAEMONS", 200)
"""Daemons killed."""
SEED = _number("CRASH_SEED", random.SystemRandom().randrange(1 << 32))
"""From which every size, cut and choice follows; what the scheduler does with them does not."""


@dataclass
class Tally:
    """What was done and found."""

    pushes: int = 0
    daemons: int = 0
    findings: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    """How often what was met, to show that the cuts fell everywhere."""

    def count(self, what: str) -> None:
        """Counts something that was met."""
        self.seen[what] = self.seen.get(what, 0) + 1

    def check(self, holds: bool, finding: str) -> bool:
        """Notes a finding unless `holds`."""
        if not holds:
            self.findings.append(finding)
        return holds

    def __str__(self) -> str:
        return f"{self.pushes} pushes cut, {self.daemons} daemons killed, {len(self.findings)} findings"


TALLY = Tally()
