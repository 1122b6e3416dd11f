"""`ctr` at a containerd of the test's own: own root, state and socket, and the snapshotter that only copies."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from client import Client, program, told
from content import children, manifest, packed

_SECONDS = 30
_CONFIGURATION = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = [
  "io.containerd.grpc.v1.cri",
  "io.containerd.internal.v1.opt",
  "io.containerd.runtime.v1.linux",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.overlayfs",
  "io.containerd.snapshotter.v1.zfs",
]
# Or a pull would find what a push in another namespace left.
[plugins."io.containerd.metadata.v1.bolt"]
content_sharing_policy = "isolated"
[grpc]
address = "{socket}"
[ttrpc]
address = "{socket}.ttrpc"
"""


class Ctr(Client):
    """containerd's own client. Everything goes through containerd's store, one namespace for each store."""

    name = "ctr"
    origin = "Debian"
    settings = "`--user`; `hosts.toml` by `--hosts-dir`, with `ca` for TLS"

    socket: Path
    """Where containerd listens; set before use."""

    @classmethod
    def version(cls) -> str:
        return told([program("ctr"), "--version"]).split()[2].partition("~")[0]

    def push(self, place: str) -> str:
        return self._push_layout(self.content.image, "v1", place)

    def pull(self, place: str) -> str:
        self._pull("pulled", place, "--platform", "linux/amd64")
        self._is_whole("pulled", manifest(self.content.image, "v1"))
        return self._digest("pulled", place)

    def push_index(self, place: str) -> str:
        return self._push_layout(self.content.index, "multi", place)

    def pull_index(self, place: str) -> str:
        self._pull("pulled", place, "--all-platforms")
        for pushed in children(self.content.index, "multi").values():
            self._is_whole("pulled", pushed)
        return self._digest("pulled", place)

    def copy(self, source: str, destination: str) -> str:
        self._pull("copied", source, "--platform", "linux/amd64")
        self._ctr("copied", "images", "tag", source, destination)
        self._push("copied", destination)
        return self._digest("copied", destination)

    def attach(self, subject: str) -> str:
        return self._push_layout(self.content.artifact, "note", f"{subject.rpartition(':')[0]}:note")

    def _push_layout(self, layout: Path, tag: str, place: str) -> str:
        archive = packed(layout, self.folder / "layout.tar")
        given = ["--no-unpack", "--all-platforms", "--base-name", "imported"]
        self._ctr("pushed", "images", "import", *given, str(archive))
        self._ctr("pushed", "images", "tag", "--force", f"imported:{tag}", place)
        self._push("pushed", place)
        return self._digest("pushed", place)

    def _push(self, namespace: str, place: str) -> None:
        self._ctr(namespace, "images", "push", *self._registry(), place)

    def _pull(self, namespace: str, place: str, *given: str) -> None:
        self._ctr(namespace, "images", "pull", "--snapshotter", "native", *given, *self._registry(), place)

    def _digest(self, namespace: str, place: str) -> str:
        for line in self._ctr(namespace, "images", "list", f"name=={place}").splitlines()[1:]:
            return line.split()[2]
        raise AssertionError(f"no image {place}")

    def _is_whole(self, namespace: str, form: dict[str, object]) -> None:
        """Asserts that every blob of a manifest is in the store."""
        stored = set(self._ctr(namespace, "content", "list", "--quiet").split())
        config, layers = form["config"], form["layers"]
        assert isinstance(config, dict)
        assert isinstance(layers, list)
        assert {blob["digest"] for blob in [config, *layers]} <= stored

    def _registry(self) -> list[str]:
        hosts = self.folder / "hosts" / self.registry.host
        hosts.mkdir(parents=True, exist_ok=True)
        server = f"{self.registry.scheme}://{self.registry.host}"
        trust = f'ca = "{self.registry.ca}"\n' if self.registry.ca else ""
        (hosts / "hosts.toml").write_text(
            f'server = "{server}"\n[host."{server}"]\ncapabilities = ["pull", "resolve", "push"]\n{trust}'
        )
        login = self.registry.login
        user = ["--user", f"{login.username}:{login.password}"] if login else []
        return ["--hosts-dir", str(hosts.parent), *user]

    def _ctr(self, namespace: str, *command: str) -> str:
        # Namespaces of earlier cases stay; the folder makes these this run's own.
        own = re.sub("[^a-z0-9]", "x", f"{self.folder.parent.name}x{self.folder.name}x{namespace}")
        return self.run(program("ctr"), "--address", self.socket, "--namespace", own, *command)


@contextmanager
def containerd(folder: Path) -> Iterator[Path]:
    """Runs containerd below a folder; gives its socket."""
    folder.mkdir(parents=True)
    configuration, log, socket = folder / "config.toml", folder / "log", folder / "socket"
    configuration.write_text(_CONFIGURATION.format(folder=folder, socket=socket))
    # The kernel ends it with this process, however that one ends.
    tied = [program("setpriv"), "--pdeathsig", "KILL"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*tied, program("containerd"), "--config", str(configuration)], stdout=output, stderr=output
        )
    try:
        _listening(process, socket, log)
        yield socket
    finally:
        process.kill()
        process.wait()


def _listening(process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    """Waits until it answers."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        asked = [program("ctr"), "--address", str(socket), "--connect-timeout", "2s", "version"]
        if socket.exists() and subprocess.run(asked, capture_output=True, timeout=10, check=False).returncode == 0:
            return
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError(f"containerd did not start:\n{log.read_text()[-4000:]}")
