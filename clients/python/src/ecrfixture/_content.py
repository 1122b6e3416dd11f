r"""The bytes of an image that `push` makes of a reference: the same in every language's client. Pure. Internal.

* Layer `i` is an uncompressed ustar archive of one file `layer-<i>`: mode 0644, owner 0, time 0, padded to 512 bytes,
  and two zero blocks. Nothing is compressed, so no library's version can change a digest.
* The file is the blocks `SHA-256("ecr-fixture push\0" + reference + "\0" + i + "\0" + k)`, k = 0, 1, …, cut to size;
  numbers are decimal text, the reference is `repository:tag` in UTF-8.
* Config and manifest are JSON without spaces, members in the order written below.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from ecrfixture.records import Blob

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class PushedContent:
    """An image's bytes: layers, config and manifest, with descriptors."""

    layers: tuple[tuple[Blob, bytes], ...]
    config: tuple[Blob, bytes]
    manifest: bytes
    digest: str


def image_content(reference: str, layers: int, layer_size: int) -> PushedContent:
    """The image of `repository:tag` with so many layers, each of so many bytes of content."""
    made = tuple(_described(layer_tar(reference, number, layer_size), _LAYER_TYPE) for number in range(layers))
    config = _described(
        _json(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {},
                "rootfs": {"type": "layers", "diff_ids": [blob.digest for blob, _ in made]},
            }
        ),
        _CONFIG_TYPE,
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _descriptor(config[0]),
            "layers": [_descriptor(blob) for blob, _ in made],
        }
    )
    return PushedContent(made, config, manifest, digest_of(manifest))


def layer_tar(reference: str, number: int, size: int) -> bytes:
    """One layer's archive."""
    key = hashlib.sha256(f"ecr-fixture push\0{reference}\0{number}\0".encode())
    content = bytearray()
    for index in range(-(-size // key.digest_size)):
        block = key.copy()
        block.update(str(index).encode())
        content += block.digest()
    del content[size:]
    padding = -size % _BLOCK
    return b"".join((_header(f"layer-{number}", size), content, bytes(padding + 2 * _BLOCK)))


def digest_of(content: bytes) -> str:
    """`sha256:` and the hexadecimal hash."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _header(name: str, size: int) -> bytes:
    """A ustar header; the checksum is taken with its own field blank, as POSIX has it."""
    start = name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2
    start += b"%011o\0" % size + b"%011o\0" % 0
    end = (b"0" + bytes(100) + b"ustar\x0000").ljust(_BLOCK - len(start) - 8, b"\0")
    return start + b"%06o\0 " % (sum(start) + 8 * ord(" ") + sum(end)) + end


def _described(content: bytes, media_type: str) -> tuple[Blob, bytes]:
    return Blob(digest_of(content), len(content), media_type), content


def _descriptor(blob: Blob) -> dict[str, object]:
    return {"mediaType": blob.media_type, "digest": blob.digest, "size": blob.size}


def _json(form: dict[str, object]) -> bytes:
    return json.dumps(form, separators=(",", ":")).encode()
