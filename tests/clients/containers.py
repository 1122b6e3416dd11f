"""skopeo, buildah and podman: three programs over one library, containers/image. Debian's packages."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from client import Client, Registry, program, told
from content import Content, children, manifest, same_blobs
from layouts import tagged

MACHINE_CACHE = "/var/lib/containers/cache"
POLICY = {"default": [{"type": "insecureAcceptAnything"}]}


class Skopeo(Client):
    """Copies between registries and layouts; keeps nothing."""

    name = "skopeo"
    origin = "Debian"
    settings = "`REGISTRY_AUTH_FILE`; `--tls-verify=false` for HTTP only; `--cert-dir`"

    @classmethod
    def version(cls) -> str:
        return told([program("skopeo"), "--version"]).split()[-1]

    def push(self, place: str) -> str:
        return self._push(self.content.image, "v1", place)

    def pull(self, place: str) -> str:
        return self._pull(place, self.content.image)

    def push_index(self, place: str) -> str:
        return self._push(self.content.index, "multi", place)

    def pull_index(self, place: str) -> str:
        return self._pull(place, self.content.index)

    def copy(self, source: str, destination: str) -> str:
        return self._copy(f"docker://{source}", f"docker://{destination}", "src", "dest")

    def attach(self, subject: str) -> str:
        return self._push(self.content.artifact, "note", f"{subject.rpartition(':')[0]}:note")

    def _push(self, layout: Path, tag: str, place: str) -> str:
        return self._copy(f"oci:{layout}:{tag}", f"docker://{place}", "dest")

    def _pull(self, place: str, pushed: Path) -> str:
        layout = self.fresh("pulled")
        self._copy(f"docker://{place}", f"oci:{layout}:pulled", "src")
        same_blobs(layout, pushed)
        return tagged(layout, "pulled")

    def _copy(self, source: str, destination: str, *registries: str) -> str:
        trust = [
            f"--{side}-cert-dir={certificates(self)}" if self.registry.ca else f"--{side}-tls-verify=false"
            for side in registries
        ]
        file = self.folder / "digest"
        given = ["--all", "--preserve-digests", "--digestfile", str(file), *trust]
        self.run(*apart(self), program("skopeo"), "--insecure-policy", "copy", *given, source, destination)
        return file.read_text().strip()


class Store(Client):
    """A program with a store of images, which unpacks layers and packs them again."""

    origin = "Debian"
    settings = "`REGISTRY_AUTH_FILE`; `--tls-verify=false` for HTTP only; `--cert-dir`; storage driver `vfs`"
    without: ClassVar[Mapping[str, str]] = {"artifact": "no command"}

    def __init__(self, registry: Registry, content: Content, folder: Path) -> None:
        super().__init__(registry, content, folder)
        configuration = self.folder / "home" / ".config" / "containers"
        configuration.mkdir(parents=True)
        (configuration / "policy.json").write_text(json.dumps(POLICY))
        (configuration / "registries.conf").write_text("unqualified-search-registries = []\n")

    @classmethod
    def version(cls) -> str:
        return told([program(cls.name), "--version"]).split()[2]

    def environment(self) -> dict[str, str]:
        configuration = self.folder / "home" / ".config" / "containers"
        return super().environment() | {"CONTAINERS_REGISTRIES_CONF": str(configuration / "registries.conf")}

    def push(self, place: str) -> str:
        image = self.into("pushed", "pull", f"oci:{self.content.image}:v1").strip().splitlines()[-1]
        return self._push("pushed", image, place)

    def pull(self, place: str) -> str:
        self.fresh("pulled")
        image = self._pull("pulled", place)
        assert image == config_id(manifest(self.content.image, "v1"))
        return self._digest("pulled", image)

    def push_index(self, place: str) -> str:
        self.into("pushed", "manifest", "create", "list")
        self.into("pushed", "manifest", "add", "--all", "list", f"oci:{self.content.index}:multi")
        file = self.folder / "digest"
        given = ["--all", "--digestfile", str(file), *self.trust()]
        self.into("pushed", "manifest", "push", *given, "list", f"docker://{place}")
        return file.read_text().strip()

    def pull_index(self, place: str) -> str:
        listed = set()
        for architecture, pushed in children(self.content.index, "multi").items():
            self.fresh("pulled")
            image = self._pull("pulled", place, "--arch", architecture)
            assert image == config_id(pushed), architecture
            listed.add(self._digest("pulled", image))
        (digest,) = listed
        return digest

    def copy(self, source: str, destination: str) -> str:
        image = self._pull("copied", source)
        self.into("copied", "tag", image, destination)
        return self._push("copied", destination, destination)

    def trust(self) -> list[str]:
        """How it is told of the registry's CA."""
        return [f"--cert-dir={certificates(self)}"] if self.registry.ca else ["--tls-verify=false"]

    def into(self, store: str, *command: str) -> str:
        """Runs a command on a store below this client's folder."""
        place = self.folder / store
        where = [f"--root={place / 'root'}", f"--runroot={place / 'run'}", "--storage-driver=vfs"]
        return self.run(*apart(self), program(self.name), *where, *self.globally(place), *command)

    def globally(self, store: Path) -> list[str]:
        """Further global options."""
        _ = store
        return []

    def _push(self, store: str, image: str, place: str) -> str:
        file = self.folder / "digest"
        self.into(store, "push", "--digestfile", str(file), *self.trust(), image, f"docker://{place}")
        return file.read_text().strip()

    def _pull(self, store: str, place: str, *given: str) -> str:
        """Id of what was pulled: the digest of its config."""
        told = self.into(store, "pull", *self.policy(), *given, *self.trust(), place)
        return told.strip().splitlines()[-1]

    def policy(self) -> list[str]:
        """Pulls even what is there."""
        return []

    @abstractmethod
    def _digest(self, store: str, image: str) -> str:
        """Digest of the manifest, or index, by which an image was pulled."""


class Buildah(Store):
    """Builds images; here it pulls and pushes them."""

    name = "buildah"

    def policy(self) -> list[str]:
        return ["--policy", "always"]

    def _digest(self, store: str, image: str) -> str:
        # `inspect` tells of the platform's own manifest, this of what the name names.
        listed = json.loads(self.into(store, "images", "--json", "--no-trunc"))
        (digest,) = {item["digest"] for item in listed if item["id"] == f"sha256:{image}"}
        return str(digest)


class Podman(Store):
    """Runs containers; here it pulls and pushes images."""

    name = "podman"

    def globally(self, store: Path) -> list[str]:
        return ["--cgroup-manager", "cgroupfs", "--events-backend", "none", "--tmpdir", str(store / "tmp")]

    def _digest(self, store: str, image: str) -> str:
        (listed,) = json.loads(self.into(store, "image", "inspect", image))
        return str(listed["Digest"])


def apart(client: Client) -> list[str | Path]:
    """Words before a command that give it a cache of its own of where blobs are.

    For root this library has one cache for the whole machine, at a place that no option moves. It knows registries by
    their ports, so it would ask for what somebody else's registry had at the same port before.
    """
    own = client.folder / "cache"
    own.mkdir(exist_ok=True)
    bound = f'mkdir -p {MACHINE_CACHE} && mount --bind "$0" {MACHINE_CACHE} && exec "$@"'
    return [program("unshare"), "--mount", "bash", "-c", bound, own]


def certificates(client: Client) -> Path:
    """A folder with the CA as these programs look for it."""
    folder = client.folder / "certificates"
    folder.mkdir(exist_ok=True)
    assert client.registry.ca
    (folder / "ca.crt").write_bytes(client.registry.ca.read_bytes())
    return folder


def config_id(form: dict[str, object]) -> str:
    """Id of an image in a store: its config's digest without the algorithm."""
    config = form["config"]
    assert isinstance(config, dict)
    return str(config["digest"]).removeprefix("sha256:")
