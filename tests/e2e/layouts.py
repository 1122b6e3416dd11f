"""OCI image layouts on disk: made from scratch, and read back to be compared. Standard library only.

The images are real ones, tar layers under gzip with a config that lists them, and the same bytes in every run. Nothing
here talks to a registry. Source: https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
REFERENCE = "org.opencontainers.image.ref.name"

LAYER_SIZES = (2_000_000, 300_000, 1_000, 0)
"""Bytes of content in each layer of an image; most of them do not compress."""


def write_image(layout: Path, tag: str) -> str:
    """Adds an image for linux/amd64 under a tag and answers its digest."""
    return _tagged(layout, tag, _image(layout, tag, "amd64"))


def write_index(layout: Path, tag: str) -> str:
    """Adds an index of two platforms under a tag and answers its digest."""
    children = [
        _image(layout, tag, architecture) | {"platform": {"os": "linux", "architecture": architecture}}
        for architecture in ("amd64", "arm64")
    ]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": children}
    return _tagged(layout, tag, _blob(layout, INDEX, _json(index)))


def blobs(layout: Path) -> dict[str, bytes]:
    """Every blob of a layout by digest; each must hash to its name."""
    found = {f"sha256:{path.name}": path.read_bytes() for path in (layout / "blobs" / "sha256").iterdir()}
    for digest, content in found.items():
        assert digest == _digest(content)
    return found


def tagged(layout: Path, tag: str) -> str:
    """Digest of what a tag of a layout names."""
    listed = json.loads((layout / "index.json").read_bytes())["manifests"]
    (digest,) = [item["digest"] for item in listed if item.get("annotations", {}).get(REFERENCE) == tag]
    return str(digest)


def _image(layout: Path, seed: str, architecture: str) -> dict[str, Any]:
    tars = [_tar(f"{seed} {architecture} {number}", size) for number, size in enumerate(LAYER_SIZES)]
    layers = [_blob(layout, LAYER, gzip.compress(content, mtime=0)) for content in tars]
    rootfs = {"type": "layers", "diff_ids": [_digest(content) for content in tars]}
    config = {"architecture": architecture, "os": "linux", "config": {"Cmd": ["/run"]}, "rootfs": rootfs}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _blob(layout, CONFIG, _json(config)),
        "layers": layers,
    }
    return _blob(layout, MANIFEST, _json(manifest))


def _tar(seed: str, size: int) -> bytes:
    # Seeded by text, so that the bytes are the same in every run.
    content = random.Random(seed).randbytes(size)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo(f"opt/{hashlib.sha256(seed.encode()).hexdigest()}")
        member.size = size
        tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _blob(layout: Path, media_type: str, content: bytes) -> dict[str, Any]:
    """Stores a blob and answers its descriptor."""
    digest = _digest(content)
    path = layout / "blobs" / "sha256" / digest.removeprefix("sha256:")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def _tagged(layout: Path, tag: str, descriptor: dict[str, Any]) -> str:
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    index = layout / "index.json"
    listed = json.loads(index.read_bytes())["manifests"] if index.exists() else []
    listed.append(descriptor | {"annotations": {REFERENCE: tag}})
    index.write_bytes(_json({"schemaVersion": 2, "manifests": listed}))
    return str(descriptor["digest"])


def _json(form: dict[str, Any]) -> bytes:
    return json.dumps(form).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
