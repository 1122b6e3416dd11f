"""What a registry client is to these tests: programs that push, pull, copy and attach. One class for each client.

A driver runs its program's commands and answers the digests that the program tells of. What it pulled it compares by
itself with what it pushed, byte for byte where the program keeps bytes.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from content import Content
from ecrfixture.records import Login

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "target" / "test-clients" / "bin"
_SECONDS = 90


@dataclass(frozen=True)
class Registry:
    """The registry that a client is to talk to."""

    host: str
    """`host:port`."""
    login: Login | None
    """Absent where none is asked for."""
    ca: Path | None
    """PEM file of the CA that signed its certificate; absent where it speaks plain HTTP."""

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return "https" if self.ca else "http"

    def config(self, folder: Path) -> Path:
        """Writes docker's `config.json` with the login into a folder."""
        auths = {}
        if self.login:
            pair = f"{self.login.username}:{self.login.password}".encode()
            auths[self.host] = {"auth": base64.b64encode(pair).decode()}
        file = folder / "config.json"
        file.write_text(json.dumps({"auths": auths}))
        return file


class Client(ABC):
    """A client at one registry. A method that a client has no command for is named in `without`, and not called."""

    name: ClassVar[str]
    origin: ClassVar[str]
    """Where its version is pinned: `Debian`, or a registry of packages."""
    settings: ClassVar[str]
    """How it is told of the login, of plain HTTP, and of the CA."""
    without: ClassVar[Mapping[str, str]] = {}
    """Cases that it cannot do, with the reason."""
    sends_again: ClassVar[bool] = False
    """Whether it sends every layer again without asking for it."""

    def __init__(self, registry: Registry, content: Content, folder: Path) -> None:
        self.registry = registry
        self.content = content
        self.folder = folder
        (folder / "home").mkdir(parents=True)
        registry.config(folder / "home")

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """The version that is installed."""

    @abstractmethod
    def push(self, place: str) -> str:
        """Pushes an image of several layers to `host/repository:tag`; answers its digest."""

    @abstractmethod
    def pull(self, place: str) -> str:
        """Pulls what `push` pushed, checks it, and answers its digest. Starts with nothing of it at hand."""

    def push_index(self, place: str) -> str:
        """Pushes an index of two platforms."""
        raise NotImplementedError

    def pull_index(self, place: str) -> str:
        """Pulls both platforms of what `push_index` pushed."""
        raise NotImplementedError

    def copy(self, source: str, destination: str) -> str | None:
        """Copies an image to another repository of the registry; answers its digest if the client tells of it."""
        raise NotImplementedError

    def attach(self, subject: str) -> str:
        """Pushes an artifact whose subject is the image at a place; answers the artifact's digest."""
        raise NotImplementedError

    def referrers(self, subject: str) -> list[str] | None:
        """Digests of the artifacts whose subject is the image at a place; absent if there is no command for it."""
        _ = subject
        return None

    # For the drivers.

    def run(self, *command: str | Path) -> str:
        """Runs a command and answers its standard output. Raises `AssertionError` with what it said if it fails."""
        ran = subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        said = f"{ran.stdout[-2000:]}{ran.stderr[-4000:]}"
        if self.registry.login:
            said = said.replace(self.registry.login.password, "***")
        assert ran.returncode == 0, f"{Path(command[0]).name} ended with {ran.returncode}:\n{said}"
        return ran.stdout

    def environment(self) -> dict[str, str]:
        """The environment of its commands: a home of its own, the login, the CA, and nothing of this machine's."""
        home = self.folder / "home"
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(home),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "XDG_RUNTIME_DIR": str(home),
            "DOCKER_CONFIG": str(home),
            "REGISTRY_AUTH_FILE": str(home / "config.json"),
        }
        if self.registry.ca:
            # This CA and no other, so that nothing else could have made the connection good.
            variables |= {"SSL_CERT_FILE": str(self.registry.ca), "SSL_CERT_DIR": str(home)}
        return variables

    def fresh(self, name: str) -> Path:
        """A folder for this client's use that is empty."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


def program(name: str) -> str:
    """Path of a Debian program."""
    path = shutil.which(name)
    assert path, f"{name} is not installed: ./test.sh clients installs it"
    return path


def installed(name: str) -> Path:
    """Path of a program that `./test.sh clients` built."""
    path = PROGRAMS / name
    assert path.exists(), f"{name} is not built: ./test.sh clients builds it"
    return path


def pinned(name: str) -> str:
    """Version in `tools.txt`."""
    for line in (Path(__file__).parent / "tools.txt").read_text().splitlines():
        if line.split(" ")[0] == name:
            return line.split(" ")[2]
    raise AssertionError(f"tools.txt has no {name}")


def told(command: list[str]) -> str:
    """What a program says of its version."""
    ran = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def repository(place: str) -> str:
    """`host/name` of `host/name:tag`."""
    return place.rpartition(":")[0]


def tag(place: str) -> str:
    """`tag` of `host/name:tag`."""
    return place.rpartition(":")[2]
