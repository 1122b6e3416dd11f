"""Eight workers on one daemon: the isolation tests attach to a daemon that this test holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecrfixture import EcrFixture

pytestmark = pytest.mark.live

HERE = Path(__file__).parent


def test_eight_workers_on_one_daemon_never_meet() -> None:
    with EcrFixture.start() as fixture:
        before = fixture.worlds()
        variables = {**os.environ, "ECR_FIXTURE_ADDR": fixture.address, "ECR_FIXTURE_TOKEN": fixture.token}
        # This process may be a worker itself; the run below is another one.
        variables = {name: value for name, value in variables.items() if not name.startswith("PYTEST_")}
        command = [sys.executable, "-m", "pytest", "-q", "-n", "8", str(HERE / "test_isolation.py")]
        ran = subprocess.run(
            command, cwd=HERE.parent, env=variables, capture_output=True, text=True, timeout=300, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "200 passed" in ran.stdout
        assert fixture.worlds() == before
        assert fixture.strays() == ()
