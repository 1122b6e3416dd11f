"""Three libraries, each behind a small program of this suite: oras-go, oci-client and oras-py."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from client import ROOT, Client, installed, repository, tag
from content import ARTIFACT_TYPE, children, manifest
from layouts import blobs

HERE = Path(__file__).resolve().parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


class Library(Client):
    """A program with the commands push, pull, copy, attach and referrers; see `go/main.go`."""

    def command(self) -> list[str | Path]:
        """The program."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        variables = super().environment()
        if not self.registry.ca:
            variables["REGISTRY_PLAIN"] = "1"
        if self.registry.login:
            variables |= {
                "REGISTRY_USER": self.registry.login.username,
                "REGISTRY_PASSWORD": self.registry.login.password,
            }
        return variables

    def push(self, place: str) -> str:
        return self.do("push", self.content.image, "v1", repository(place), tag(place))

    def pull(self, place: str) -> str:
        layout = self.fresh("pulled")
        digest = self.do("pull", repository(place), tag(place), layout)
        _holds(layout, manifest(self.content.image, "v1"))
        return digest

    def push_index(self, place: str) -> str:
        return self.do("push", self.content.index, "multi", repository(place), tag(place))

    def pull_index(self, place: str) -> str:
        layout = self.fresh("pulled")
        digest = self.do("pull", repository(place), tag(place), layout)
        for pushed in children(self.content.index, "multi").values():
            _holds(layout, pushed)
        return digest

    def copy(self, source: str, destination: str) -> str:
        return self.do("copy", repository(source), tag(source), repository(destination))

    def attach(self, subject: str) -> str:
        return self.do("attach", repository(subject), tag(subject), ARTIFACT_TYPE, self.content.note)

    def referrers(self, subject: str) -> list[str] | None:
        return self.do("referrers", repository(subject), tag(subject)).split()

    def do(self, *arguments: str | Path) -> str:
        """Runs a command of the program."""
        return self.run(*self.command(), *arguments).strip()


class OrasGo(Library):
    """The library of oras and helm, as `oras copy` and `oras attach` use it."""

    name = "oras-go"
    origin = "Go"
    settings = "by its API; `SSL_CERT_FILE`"

    @classmethod
    def version(cls) -> str:
        installed("oras-go")
        return _found(r"oras\.land/oras-go/v2 (\S+)", HERE / "go" / "go.mod")

    def command(self) -> list[str | Path]:
        return [installed("oras-go")]


class OciClient(Library):
    """The crate of that name, with its own defaults: chunked uploads, and no question whether a blob is there."""

    name = "oci-client"
    origin = "crates.io"
    settings = "by its API; the CA by `tls_certs_only`"
    sends_again = True

    @classmethod
    def version(cls) -> str:
        return _found(r'oci-client = \{ version = "=([^"]+)"', HERE / "rust" / "Cargo.toml")

    def command(self) -> list[str | Path]:
        return [TARGET / "debug" / "ecr-fixture-oci-client"]

    def environment(self) -> dict[str, str]:
        variables = {name: value for name, value in super().environment().items() if not name.startswith("SSL_")}
        if self.registry.ca:
            variables["REGISTRY_CA"] = str(self.registry.ca)
        return variables


class OrasPy(Library):
    """The library in Python. It pushes and pulls files."""

    name = "oras-py"
    origin = "PyPI"
    settings = "by its API; the CA by `tls_verify`"
    without: ClassVar[Mapping[str, str]] = {"index": "no command", "copy": "no command"}

    @classmethod
    def version(cls) -> str:
        return _found(r"^oras==(\S+)", HERE / "requirements.in")

    def command(self) -> list[str | Path]:
        return [ROOT / "target" / "test-sh" / "clients" / "bin" / "python", HERE / "oras_py.py"]

    def environment(self) -> dict[str, str]:
        variables = {name: value for name, value in super().environment().items() if not name.startswith("SSL_")}
        if self.registry.ca:
            variables["REGISTRY_CA"] = str(self.registry.ca)
        return variables

    def push(self, place: str) -> str:
        return self.do("push", repository(place), tag(place), *self.content.files)

    def pull(self, place: str) -> str:
        folder = self.fresh("pulled")
        digest = self.do("pull", repository(place), tag(place), folder)
        assert {path.name for path in folder.iterdir()} == {file.name for file in self.content.files}
        for file in self.content.files:
            assert (folder / file.name).read_bytes() == file.read_bytes()
        return digest

    def referrers(self, subject: str) -> list[str] | None:
        _ = subject
        return None


def _holds(layout: Path, form: dict[str, object]) -> None:
    """Asserts that a layout has every blob of a manifest; `blobs` hashes each."""
    config, layers = form["config"], form["layers"]
    assert isinstance(config, dict)
    assert isinstance(layers, list)
    assert {blob["digest"] for blob in [config, *layers]} <= blobs(layout).keys()


def _found(pattern: str, file: Path) -> str:
    found = re.search(pattern, file.read_text(), re.MULTILINE)
    assert found, f"{file.name} pins no version"
    return found[1]
