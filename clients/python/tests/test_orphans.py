"""Nothing is left behind by a test process that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecrfixture import EcrFixture

pytestmark = pytest.mark.live

OWN = """
import sys
from ecrfixture import EcrFixture
fixture = EcrFixture.shared()
world = fixture.world("mine")
print(fixture.pid, flush=True)
sys.stdin.read()
"""
ATTACHED = """
import sys
from ecrfixture import EcrFixture
world = EcrFixture.shared().world("mine")
print(world.name, flush=True)
sys.stdin.read()
"""
FORKED = """
import os, sys
from ecrfixture import EcrFixture
fixture = EcrFixture.shared()
world = fixture.world("mine")
child = os.fork()
if child == 0:
    sys.stdin.read()
    os._exit(0)
print(fixture.pid, flush=True)
sys.stdin.read()
"""


@contextmanager
def child(code: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A Python process that ran `code` as far as its first line of output."""
    environment = {name: value for name, value in os.environ.items() if name != "ECR_FIXTURE_ADDR"} | variables
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def running(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def comes_true(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("code", [OWN, FORKED], ids=["alone", "with a forked child that lives on"])
def test_a_daemon_ends_with_the_process_that_was_killed(code) -> None:
    with child(code) as (process, line):
        pid = int(line)
        assert running(pid)
        process.send_signal(signal.SIGKILL)
        assert comes_true(lambda: not running(pid)), f"the daemon {pid} still runs"


def test_a_daemon_ends_with_the_process_that_ended() -> None:
    with child(OWN) as (process, line):
        pid = int(line)
        process.stdin.close()
        assert process.wait(20) == 0
        assert comes_true(lambda: not running(pid))


def test_the_worlds_of_a_killed_process_leave_an_attached_daemon_that_lives_on() -> None:
    with EcrFixture.start() as fixture:
        variables = {"ECR_FIXTURE_ADDR": fixture.address, "ECR_FIXTURE_TOKEN": fixture.token}
        with child(ATTACHED, **variables) as (process, name):
            assert name in fixture.worlds()
            process.send_signal(signal.SIGKILL)
            assert comes_true(lambda: name not in fixture.worlds()), f"{name} is still there"
        assert running(fixture.pid)
