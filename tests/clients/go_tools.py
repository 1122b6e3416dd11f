"""crane, regctl and helm: programs in Go, built by `go install` at the versions of `tools.txt`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from client import Client, Registry, installed, pinned, repository, tag
from content import ARTIFACT_TYPE, CHART, Content, same_blobs
from layouts import tagged


class Crane(Client):
    """google/go-containerregistry's program."""

    name = "crane"
    origin = "Go"
    settings = "docker's `config.json`; HTTP on loopback by itself; `SSL_CERT_FILE`"

    @classmethod
    def version(cls) -> str:
        installed("crane")
        return pinned("crane")

    def push(self, place: str) -> str:
        return self._push(self.content.image, place)

    def pull(self, place: str) -> str:
        return self._pull(place, self.content.image)

    def push_index(self, place: str) -> str:
        return self._push(self.content.index, place)

    def pull_index(self, place: str) -> str:
        return self._pull(place, self.content.index)

    def copy(self, source: str, destination: str) -> None:
        self.run(installed("crane"), "copy", source, destination)

    def attach(self, subject: str) -> str:
        return self._push(self.content.artifact, f"{repository(subject)}:note")

    def _push(self, layout: Path, place: str) -> str:
        return self.run(installed("crane"), "push", layout, place).strip().rpartition("@")[2]

    def _pull(self, place: str, pushed: Path) -> str:
        layout = self.fresh("pulled")
        self.run(installed("crane"), "pull", "--format=oci", "--annotate-ref", place, layout)
        same_blobs(layout, pushed)
        return tagged(layout, place)


class Regctl(Client):
    """regclient's program."""

    name = "regctl"
    origin = "Go"
    settings = "docker's `config.json`; `registry set --tls disabled`; `registry set --cacert`"

    @classmethod
    def version(cls) -> str:
        installed("regctl")
        return pinned("regctl")

    def __init__(self, registry: Registry, content: Content, folder: Path) -> None:
        super().__init__(registry, content, folder)
        trust = ["--cacert", self.registry.ca.read_text()] if self.registry.ca else ["--tls", "disabled"]
        self._regctl("registry", "set", "--skip-check", *trust, self.registry.host)

    def environment(self) -> dict[str, str]:
        variables = super().environment() | {"REGCTL_CONFIG": str(self.folder / "home" / "regctl.json")}
        # It is told of the CA by its own setting.
        return {name: value for name, value in variables.items() if not name.startswith("SSL_")}

    def push(self, place: str) -> str:
        return self._push(self.content.image, "v1", place)

    def pull(self, place: str) -> str:
        return self._pull(place, self.content.image)

    def push_index(self, place: str) -> str:
        return self._push(self.content.index, "multi", place)

    def pull_index(self, place: str) -> str:
        return self._pull(place, self.content.index)

    def copy(self, source: str, destination: str) -> None:
        self._copy(source, destination)

    def attach(self, subject: str) -> str:
        file = ["--file", str(self.content.note), "--file-media-type", "text/plain"]
        digest = "{{.Manifest.GetDescriptor.Digest}}"
        given = ["--artifact-type", ARTIFACT_TYPE, "--subject", subject, *file, "--format", digest]
        return self._regctl("artifact", "put", *given).strip()

    def referrers(self, subject: str) -> list[str] | None:
        each = "{{range .Descriptors}}{{println .Digest}}{{end}}"
        return self._regctl("artifact", "list", "--format", each, subject).split()

    def _push(self, layout: Path, name: str, place: str) -> str:
        self._copy(f"ocidir://{layout}:{name}", place)
        # It does not tell of the digest; what the registry holds is compared with this one.
        return tagged(layout, name)

    def _pull(self, place: str, pushed: Path) -> str:
        layout = self.fresh("pulled")
        self._copy(place, f"ocidir://{layout}:pulled")
        same_blobs(layout, pushed)
        return tagged(layout, "pulled")

    def _copy(self, source: str, destination: str) -> None:
        self._regctl("image", "copy", source, destination)

    def _regctl(self, *command: str) -> str:
        return self.run(installed("regctl"), *command)


class Helm(Client):
    """helm: charts as artifacts of one layer, or two with a provenance."""

    name = "helm"
    origin = "Go"
    settings = "docker's `config.json` by `--registry-config`; `--plain-http`; `--ca-file`"
    without: ClassVar[Mapping[str, str]] = {"index": "no command", "artifact": "no command", "copy": "no command"}

    @classmethod
    def version(cls) -> str:
        installed("helm")
        return pinned("helm")

    def environment(self) -> dict[str, str]:
        # It is told of the CA by its own flag.
        return {name: value for name, value in super().environment().items() if not name.startswith("SSL_")}

    def push(self, place: str) -> str:
        # The repository's last part is the chart's name, the tag its version.
        said = self._helm("push", self.content.chart, f"oci://{repository(place).rpartition('/')[0]}")
        return _digest(said)

    def pull(self, place: str) -> str:
        folder = self.fresh("pulled")
        version = ["--version", tag(place), "--prov", "--destination", str(folder)]
        said = self._helm("pull", f"oci://{repository(place)}", *version)
        for name in (CHART, f"{CHART}.prov"):
            assert (folder / name).read_bytes() == self.content.chart.with_name(name).read_bytes()
        return _digest(said)

    def _helm(self, command: str, *given: str | Path) -> str:
        trust = ["--ca-file", str(self.registry.ca)] if self.registry.ca else ["--plain-http"]
        config = ["--registry-config", str(self.folder / "home" / "config.json")]
        return self.run("bash", "-c", '"$@" 2>&1', "-", installed("helm"), command, *given, *trust, *config)


def _digest(said: str) -> str:
    """The digest that helm tells, on standard error in some versions."""
    found = re.search(r"Digest: (sha256:[0-9a-f]{64})", said)
    assert found, said
    return found[1]
