"""Finds, starts and stops the daemon's process. Standard library only. Internal.

The daemon's standard input is a pipe that only this process holds: when this process ends, however it ends, the pipe
closes and the daemon ends too.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ecrfixture import __version__
from ecrfixture.errors import BinaryNotFound, IncompatibleVersion, StartFailed

API = "ecrfixture.control.v1"
BINARY = "ecr-fixture" + (".exe" if os.name == "nt" else "")
START_SECONDS = 10.0
_STOP_SECONDS = 5.0
_STDERR_LINES = 40
_ARGUMENTS = (
    "serve",
    *("--listen", "127.0.0.1:0"),
    *("--control", "127.0.0.1:0"),
    *("--print-addresses", "json"),
    *("--lifeline", "stdin"),
)
_INSTALL = "cargo install ecr-fixture, then put it on PATH or set ECR_FIXTURE_BIN to its path"


@dataclass(frozen=True, slots=True)
class Ready:
    """The ready line: `control` is `host:port`, `data` a URL, `token` the control plane's bearer token."""

    version: str
    control: str
    data: str
    token: str


def find_binary(option: str | None, environment: Mapping[str, str]) -> Path:
    """The daemon's binary: the option, `ECR_FIXTURE_BIN`, the one bundled with this package, or that on `PATH`.

    An option or variable that is set must be right; it is never passed over. Raises `BinaryNotFound`.
    """
    bundled = Path(__file__).parent / "bin" / BINARY
    tried: list[str] = []
    for source, place in (("option", option), ("ECR_FIXTURE_BIN", environment.get("ECR_FIXTURE_BIN"))):
        if not place:
            tried.append(f"{source}: not set")
            continue
        if _runnable(Path(place)):
            return Path(place)
        tried.append(f"{source}: {place} is not an executable file")
        raise _not_found(tried)
    if _runnable(bundled):
        return bundled
    tried.append(f"bundled with the package: no {bundled}")
    search = environment.get("PATH", "")
    found = shutil.which(BINARY, path=search)
    if found:
        return Path(found)
    tried.append(f"PATH: no {BINARY} in {search or 'an empty PATH'}")
    raise _not_found(tried)


def start_seconds(environment: Mapping[str, str]) -> float:
    """How long the daemon has to become ready: `ECR_FIXTURE_START_TIMEOUT` in seconds, at first 10."""
    text = environment.get("ECR_FIXTURE_START_TIMEOUT")
    try:
        return float(text) if text else START_SECONDS
    except ValueError:
        raise StartFailed(f"ECR_FIXTURE_START_TIMEOUT is no number of seconds: {text!r}") from None


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The parent's environment without `ECR_FIXTURE_*`: those are for the client, or for another daemon."""
    return {name: value for name, value in environment.items() if not name.startswith("ECR_FIXTURE_")}


def parse_ready(line: str) -> Ready:
    """Reads the ready line. Members that are not known are ignored. Raises `ValueError`, or `IncompatibleVersion`."""
    form = json.loads(line)
    if not isinstance(form, dict) or form.get("event") != "ready":
        raise ValueError("it is not a ready line")
    missing = [name for name in ("version", "control", "data") if not isinstance(form.get(name), str)]
    if missing:
        raise ValueError(f"it has no {', '.join(missing)}")
    check_version(str(form.get("api", API)), form["version"])
    return Ready(form["version"], form["control"], form["data"], str(form.get("token") or ""))


def check_version(api: str, version: str) -> None:
    """Raises `IncompatibleVersion` unless the daemon has this client's major version and control plane."""
    if api == API and version.partition(".")[0] == __version__.partition(".")[0]:
        return
    major = version.partition(".")[0]
    raise IncompatibleVersion(
        f"client {__version__} ({API}) cannot talk to daemon {version} ({api}); "
        f'upgrade with: pip install --upgrade "ecr-fixture=={major}.*"',
        reason="INCOMPATIBLE_VERSION",
    )


class Process:
    """A daemon that this process started. Use `start`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._first_line: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        assert process.stdout is not None  # noqa: S101  # Opened as a pipe below.
        assert process.stderr is not None  # noqa: S101
        self._drains = [
            threading.Thread(target=self._drain_stdout, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._drain_stderr, args=(process.stderr,), daemon=True),
        ]
        for drain in self._drains:
            drain.start()

    @classmethod
    def start(
        cls, binary: Path, environment: Mapping[str, str], arguments: Iterable[str] = ()
    ) -> tuple[Process, Ready]:
        """Starts the daemon, with further arguments, and waits until it is ready.

        Raises `StartFailed` or `IncompatibleVersion`.
        """
        limit = start_seconds(environment)
        try:
            popen = subprocess.Popen(  # noqa: S603  # The binary is the one that the user chose.
                [str(binary), *_ARGUMENTS, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=child_environment(environment),
                # An interrupt at the keyboard is for the tests; the daemon lives until they have finished their worlds.
                start_new_session=True,
            )
        except OSError as error:
            raise StartFailed(f"cannot run {binary}: {error}") from error
        process = cls(popen)
        try:
            return process, process._ready(binary, limit)
        except BaseException:
            process.kill()
            raise

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        return self._process.pid

    def stop(self) -> None:
        """Closes the lifeline and waits; kills after five seconds. Idempotent."""
        self.let_go()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close_outputs()

    def kill(self) -> None:
        """Ends the daemon at once."""
        self.let_go()
        self._process.kill()
        self._process.wait()
        self._close_outputs()

    def let_go(self) -> None:
        """Closes this process's end of the lifeline, and nothing else: what a forked child must do."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()

    def _ready(self, binary: Path, limit: float) -> Ready:
        deadline = time.monotonic() + limit
        try:
            line = self._first_line.get(timeout=limit).decode(errors="replace").strip()
        except queue.Empty:
            raise self._failed(f"{binary} was not ready within {limit:g} s") from None
        if not line:
            try:
                code = self._process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise self._failed(f"{binary} closed its standard output before it was ready") from None
            self._join_drains()
            raise self._failed(f"{binary} ended with exit code {code} before it was ready", code)
        try:
            return parse_ready(line)
        except ValueError as error:
            raise self._failed(f"{binary} printed no ready line: {error}: {line[:200]!r}") from None

    def _failed(self, message: str, exit_code: int | None = None) -> StartFailed:
        lines = list(self._stderr)
        shown = "".join(f"\n  {line}" for line in lines)
        return StartFailed(
            message + (f"; its last lines on stderr:{shown}" if lines else "; it wrote nothing to stderr"),
            exit_code=exit_code,
            stderr=lines,
        )

    def _drain_stdout(self, stream: IO[bytes]) -> None:
        """Hands over the first line, then reads on for ever: a full pipe would stop the daemon."""
        self._first_line.put(stream.readline(65_536))
        while stream.read(65_536):
            pass

    def _drain_stderr(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._stderr.append(line.decode(errors="replace").rstrip())

    def _join_drains(self) -> None:
        for drain in self._drains:
            drain.join(1.0)

    def _close_outputs(self) -> None:
        self._join_drains()
        for stream, drain in zip((self._process.stdout, self._process.stderr), self._drains, strict=True):
            # A grandchild may hold the pipe open; a drain that still reads keeps its stream.
            if stream and not drain.is_alive():
                stream.close()


def _runnable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _not_found(tried: list[str]) -> BinaryNotFound:
    lines = "".join(f"\n  {place}" for place in tried)
    return BinaryNotFound(
        f"no {BINARY} binary for {sys.platform}; tried:{lines}\ninstall: {_INSTALL}",
        tried=tried,
    )
