"""Where the fixtures put things before the call that is tested: a world of the daemon, or paper.

A `LiveBench` calls the daemon by its public surfaces. A `PaperBench` makes the answers up from the model, so that the
inputs of every fixture can be had without a daemon: to see what they leave out, and to send calls that are to be
refused before anything is looked up.
"""

from __future__ import annotations

import base64
import hashlib
import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from ecrfixture import on
from service import Shape, output_of

if TYPE_CHECKING:
    from api import Answer, Api
    from ecrfixture import World

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"

# Strings that made-up answers have, by shape; the rest is any text.
_PAPER = {
    "RegistryId": "123456789012",
    "UploadId": "11111111-2222-4333-8444-555555555555",
    "ReplicationBackfillId": "11111111-2222-4333-8444-555555555555",
}


class Blocked(Exception):
    """A call that a fixture needs first was refused."""


class Bench(ABC):
    """One registry, and what fixtures do to it."""

    account = "123456789012"
    region = "us-east-1"

    @abstractmethod
    def ask(self, operation: str, **members: Any) -> dict[str, Any]:
        """Calls an operation that must succeed. Raises `Blocked`."""

    @abstractmethod
    def advance(self, duration: str) -> None:
        """Moves the clock, so that what was started ends."""

    @abstractmethod
    def declare(self, document: dict[str, Any]) -> None:
        """Seeds a document, for what no call can bring about."""

    @abstractmethod
    def hold(self, kind: str) -> None:
        """Keeps tasks of this kind from ending."""

    def arn(self, repository: str) -> str:
        """A repository's ARN."""
        return f"arn:aws:ecr:{self.region}:{self.account}:repository/{repository}"

    def repository(self, name: str = "team/app", **members: Any) -> str:
        """Creates a repository."""
        self.ask("CreateRepository", repositoryName=name, **members)
        return name

    def layer(self, data: bytes, repository: str = "team/app") -> str:
        """Uploads a layer or config in one part, by the API. Answers its digest."""
        upload = self.ask("InitiateLayerUpload", repositoryName=repository)["uploadId"]
        place = {"repositoryName": repository, "uploadId": upload}
        part = {"partFirstByte": 0, "partLastByte": len(data) - 1, "layerPartBlob": base64.b64encode(data).decode()}
        self.ask("UploadLayerPart", **place, **part)
        self.ask("CompleteLayerUpload", **place, layerDigests=[digest_of(data)])
        return digest_of(data)

    def manifest(self, content: str, repository: str = "team/app", **members: Any) -> str:
        """Uploads config and one layer of an image and answers its manifest; it is not put yet."""
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "author": content}).encode()
        layer = f"layer of {content}".encode()
        for data in (config, layer):
            self.layer(data, repository)
        form = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _descriptor(CONFIG_TYPE, config),
            "layers": [_descriptor(LAYER_TYPE, layer)],
            **members,
        }
        return json.dumps(form)

    def image(self, tag: str | None = "v1", repository: str = "team/app", **members: Any) -> str:
        """Pushes an image by the API; `members` go into its manifest. Answers its digest."""
        manifest = self.manifest(tag or "untagged", repository, **members)
        named = {} if tag is None else {"imageTag": tag}
        self.ask("PutImage", repositoryName=repository, imageManifest=manifest, **named)
        return digest_of(manifest.encode())

    def scan(self, **image: Any) -> None:
        """Scans an image in which there are three findings, and waits for the end."""
        findings = [{"name": f"CVE-2026-000{number}", "severity": "HIGH"} for number in (1, 2, 3)]
        self.declare({"repository": {"name": image["repositoryName"], "scans": [{"findings": findings}]}})
        self.ask("StartImageScan", **image)
        self.advance("1h")

    def index(self, tag: str, *children: str, repository: str = "team/app") -> str:
        """Puts an index over images that were pushed by these tags. Answers its digest."""
        listed = []
        for child in children:
            manifest = self.manifest(child, repository).encode()
            self.ask("PutImage", repositoryName=repository, imageManifest=manifest.decode(), imageTag=child)
            listed.append({**_descriptor(MANIFEST_TYPE, manifest), "platform": {"os": "linux", "architecture": "arm"}})
        text = json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": listed})
        self.ask("PutImage", repositoryName=repository, imageManifest=text, imageTag=tag)
        return digest_of(text.encode())


class LiveBench(Bench):
    """A world of the daemon."""

    def __init__(self, world: World, api: Api) -> None:
        self.world = world
        self._api = api
        self.account, self.region = world.accounts[0], world.regions[0]

    def ask(self, operation: str, **members: Any) -> dict[str, Any]:
        answer: Answer = self._api.send(operation, members)
        if answer.status != 200:
            raise Blocked(f"{operation} is needed first and answered {answer}")
        body: dict[str, Any] = answer.body
        return body

    def advance(self, duration: str) -> None:
        self.world.advance(duration)

    def declare(self, document: dict[str, Any]) -> None:
        self.world.seed(document)

    def hold(self, kind: str) -> None:
        self.world.fault(on(f"task:{kind}").hold("never"))


class PaperBench(Bench):
    """Answers made up from the model."""

    def ask(self, operation: str, **members: Any) -> dict[str, Any]:
        del members
        made: dict[str, Any] = _made_up(output_of(operation))
        return made

    def advance(self, duration: str) -> None:
        del duration

    def declare(self, document: dict[str, Any]) -> None:
        del document

    def hold(self, kind: str) -> None:
        del kind


def digest_of(data: bytes) -> str:
    """A digest."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def _made_up(shape: Shape) -> Any:
    match shape.type_name:
        case "structure":
            return {name: _made_up(member) for name, member in shape.members.items()}
        case "list":
            return [_made_up(shape.member)]
        case "map":
            return {}
        case "string":
            return shape.metadata.get("enum", [_PAPER.get(shape.name, "text")])[0]
        case "boolean":
            return False
        case _:
            return 0
