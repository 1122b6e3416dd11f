"""What the clients push: an image, an index, an artifact, a chart and files; the same bytes in every run."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layouts import MANIFEST, REFERENCE, blobs, tagged, write_image, write_index

ARTIFACT_TYPE = "application/vnd.clients.note"
EMPTY = "application/vnd.oci.empty.v1+json"
CHART = "app-1.0.0.tgz"


@dataclass(frozen=True)
class Content:
    """Everything that a client may be asked to push. Layouts have one tag each, since crane takes no more."""

    image: Path
    """Layout of an image of four layers, tag `v1`."""
    index: Path
    """Layout of an index of two such images, tag `multi`."""
    artifact: Path
    """Layout of an artifact, tag `note`, whose subject is the image."""
    note: Path
    """The artifact's only file."""
    files: tuple[Path, ...]
    """Files for a client that pushes files."""
    chart: Path
    """A chart with its provenance beside it."""


def write(folder: Path) -> Content:
    """Writes it all below a folder."""
    content = Content(
        image=folder / "image",
        index=folder / "index",
        artifact=folder / "artifact",
        note=folder / "note.txt",
        files=(folder / "one.bin", folder / "two.txt"),
        chart=folder / CHART,
    )
    content.note.write_text("a note on an image\n")
    content.files[0].write_bytes(random.Random("one").randbytes(1_500_000))
    content.files[1].write_bytes(random.Random("two").randbytes(40_000))
    write_image(content.image, "v1")
    write_index(content.index, "multi")
    _write_artifact(content)
    _write_chart(content.chart)
    return content


def manifest(layout: Path, tag: str) -> dict[str, Any]:
    """The manifest that a tag of a layout names."""
    return json_object((layout / "blobs" / "sha256" / tagged(layout, tag).removeprefix("sha256:")).read_bytes())


def children(layout: Path, tag: str) -> dict[str, dict[str, Any]]:
    """The manifests of an index by architecture."""
    found = {}
    for child in manifest(layout, tag)["manifests"]:
        form = (layout / "blobs" / "sha256" / child["digest"].removeprefix("sha256:")).read_bytes()
        found[child["platform"]["architecture"]] = json_object(form)
    return found


def unpacked(content: Content) -> dict[str, list[str]]:
    """Digests of the layers before they were packed, by the digest of the config that lists them."""
    images = [manifest(content.image, "v1"), *children(content.index, "multi").values()]
    found = {}
    for layout in (content.image, content.index):
        for digest, blob in blobs(layout).items():
            if digest in {image["config"]["digest"] for image in images}:
                found[digest] = list(json_object(blob)["rootfs"]["diff_ids"])
    return found


def json_object(text: bytes | str) -> dict[str, Any]:
    """A JSON object, read."""
    form = json.loads(text)
    assert isinstance(form, dict)
    return form


def digest_of(content: bytes) -> str:
    """The digest of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def same_blobs(pulled: Path, pushed: Path) -> None:
    """Asserts that a layout has every blob of another and no others; each hashes to its name."""
    assert blobs(pulled) == blobs(pushed)


def _write_artifact(content: Content) -> None:
    """An artifact as `oras attach` packs one."""
    image = content.image / "blobs" / "sha256" / tagged(content.image, "v1").removeprefix("sha256:")
    note, empty = content.note.read_bytes(), b"{}"
    form = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": ARTIFACT_TYPE,
        "config": _descriptor(EMPTY, empty),
        "layers": [_descriptor("text/plain", note)],
        "subject": _descriptor(MANIFEST, image.read_bytes()),
    }
    made = json.dumps(form).encode()
    folder = content.artifact / "blobs" / "sha256"
    folder.mkdir(parents=True)
    for blob in (made, note, empty):
        (folder / hashlib.sha256(blob).hexdigest()).write_bytes(blob)
    listed = _descriptor(MANIFEST, made) | {"annotations": {REFERENCE: "note"}}
    (content.artifact / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (content.artifact / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [listed]}))


def _write_chart(place: Path) -> None:
    """A chart with some bytes that do not compress, and a file of provenance, which nobody checks at a push."""
    files = {
        "app/Chart.yaml": b"apiVersion: v2\nname: app\nversion: 1.0.0\ndescription: a chart\n",
        "app/templates/note.yaml": b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: note\n",
        "app/files/bytes": random.Random("chart").randbytes(300_000),
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    place.write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    place.with_name(f"{place.name}.prov").write_text("-----BEGIN PGP SIGNED MESSAGE-----\n")


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def packed(layout: Path, archive: Path) -> Path:
    """A layout as a tar archive."""
    with tarfile.open(archive, "w") as tar:
        for path in sorted(layout.rglob("*")):
            if path.is_file():
                tar.add(path, arcname=str(path.relative_to(layout)))
    return archive
