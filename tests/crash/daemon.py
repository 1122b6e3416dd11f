"""A daemon that may be killed, and what of it can be seen from outside: the files of its blobs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ecrfixture._launch import child_environment, find_binary
from settings import TALLY

SMALL_BLOB_BYTES = 64 * 1024
"""Blobs up to this size are no files."""
_SECONDS = 30.0


class Daemon:
    """A daemon on free ports. Use it in `with`: it is killed at the end unless it has ended already."""

    def __init__(self, directory: Path | None, *options: str) -> None:
        blobs = ("--blob-dir", str(directory)) if directory else ()
        self.directory = directory
        self.process = subprocess.Popen(
            [
                str(find_binary(None, os.environ)),
                "serve",
                *("--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--print-addresses", "json"),
                *("--lifeline", "stdin", "--log", "off", "--profile", "oci"),
                *blobs,
                *options,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(os.environ),
            # Python ignores SIGXFSZ, and so shall the daemon: a limit of files stands for a disk that is full.
            restore_signals=False,
        )
        assert self.process.stdout
        ready = json.loads(self.process.stdout.readline())
        self.address = str(ready["data"]).removeprefix("http://")
        self.control, self.token = str(ready["control"]), str(ready["token"])

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """SIGKILL, and waits for the end."""
        self.process.kill()
        self._over()

    def stop(self) -> int:
        """SIGTERM, and waits for the end. Answers the exit code."""
        self.process.terminate()
        return self._over()

    def _over(self) -> int:
        code = self.process.wait(_SECONDS)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        return code

    def memory_files(self) -> list[int]:
        """Sizes of the anonymous files that hold large blobs and uploads of a daemon without a directory."""
        folder = Path(f"/proc/{self.process.pid}/fd")
        sizes = []
        for descriptor in folder.iterdir():
            try:
                if "memfd:blob" in os.readlink(descriptor):
                    sizes.append(descriptor.stat().st_size)
            except FileNotFoundError:
                continue
        return sorted(sizes)


def uploads_in(directory: Path) -> list[str]:
    """Names of the files of uploads."""
    return sorted(path.name for path in (directory / "tmp").glob("*"))


def blobs_in(directory: Path) -> dict[str, bool]:
    """Every blob file's digest, and whether that is what the file has."""
    found = {}
    for path in (directory / "blobs").glob("*/*/*"):
        algorithm = path.parts[-3]
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue  # Removed since it was listed.
        found[f"{algorithm}:{path.name}"] = hashlib.new(algorithm, content).hexdigest() == path.name
    return found


def check_names(directory: Path, when: str) -> None:
    """Every blob file is what its name says."""
    wrong = [digest for digest, is_right in blobs_in(directory).items() if not is_right]
    TALLY.check(not wrong, f"{when}: not what their names say: {wrong}")


def until(condition: Callable[[], bool]) -> bool:
    """Waits for something that the daemon does after its answer; whether it came to pass in time."""
    deadline = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        os.sched_yield()
    return True
