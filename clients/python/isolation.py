"""Runs the isolation tests over eight workers that share one daemon.

The daemon is this script's; the workers attach to it. Arguments go to pytest, and the exit code is pytest's, or 1 if
the run left worlds behind or if a call reached no world.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ecrfixture import EcrFixture

HERE = Path(__file__).resolve().parent
WORKERS = "8"


def main() -> int:
    """Runs pytest and looks at what is left."""
    with EcrFixture.start() as fixture:
        before = fixture.worlds()
        attached = {"ECR_FIXTURE_ADDR": fixture.address, "ECR_FIXTURE_TOKEN": fixture.token}
        command = [sys.executable, "-m", "pytest", "-n", WORKERS, *sys.argv[1:], str(HERE / "tests/test_isolation.py")]
        code = subprocess.call(command, env={**os.environ, **attached})  # noqa: S603  # Our own interpreter.
        left = [name for name in fixture.worlds() if name not in before]
        strays = fixture.strays()
    if left or strays:
        print(f"worlds left behind: {left}; stray calls: {strays}", file=sys.stderr)
    return code or int(bool(left or strays))


if __name__ == "__main__":
    sys.exit(main())
