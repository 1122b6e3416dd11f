"""A registry client that can be cut off after any byte: raw sockets, one request after the other."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

_SECONDS = 60.0
_PIECE = 64 * 1024
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
MODES = ("put", "patch", "stream", "ranges", "post")
"""POST and PUT; POST, PATCH and PUT with a length, in chunks of HTTP, and in ranges; all in one POST."""


class Cut(Exception):
    """The connection ended in the middle, as was wanted."""


class Fuse:
    """Burns with every byte sent, by whichever connection, and blows once: at an exact byte."""

    def __init__(self, burns: int, blow: Callable[[], None] = lambda: None) -> None:
        self._left = burns
        self.blow = blow
        self._lock = threading.Lock()

    def take(self, wanted: int) -> int:
        """How many of these bytes may still be sent; fewer than wanted once it is about to blow."""
        with self._lock:
            allowed = min(wanted, max(self._left, 0))
            self._left -= wanted
            return allowed


def digest_of(content: bytes) -> str:
    """`sha256:…`."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Image:
    """An image and its bytes."""

    config: bytes
    layers: tuple[bytes, ...]
    manifest: bytes

    @classmethod
    def of(cls, layers: tuple[bytes, ...]) -> Image:
        """An image of these layers."""
        rootfs = {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]}
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs}).encode()
        kind = "application/vnd.oci.image.layer.v1.tar"
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [_descriptor(kind, layer) for layer in layers],
        }
        return cls(config, layers, json.dumps(manifest).encode())

    @property
    def blobs(self) -> tuple[bytes, ...]:
        """What has to be there before the manifest."""
        return (*self.layers, self.config)


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


@dataclass(frozen=True)
class Answer:
    """An answer, read whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def location(self) -> str:
        """The path of the upload."""
        return "/" + self.headers["Location"].split("://")[-1].partition("/")[2]

    @property
    def offset(self) -> int:
        """How many bytes an upload has, by `Range`. `0-0` is none as much as it is one."""
        last = int(self.headers["Range"].partition("-")[2])
        return last + 1 if last else 0


@dataclass
class Attempt:
    """How far the upload got that was under way: what the daemon said of it, and what it may know beyond that."""

    blob: bytes = b""
    mode: str = ""
    location: str = ""
    told: int = 0
    """Bytes that the daemon has answered for."""
    sent: int = 0
    """Bytes of the request under way that left."""
    ending: bool = False
    """Whether that request ends the upload."""
    ended: list[bytes] = field(default_factory=list)
    """Blobs that the daemon answered for before."""


class Connection:
    """One connection, which may end at a byte. Raises `Cut` there, and when the daemon is gone."""

    def __init__(
        self,
        address: str,
        fuse: Fuse | None = None,
        end: Callable[[socket.socket], None] = socket.socket.close,
        *,
        late: bool = False,
    ) -> None:
        """`late`: the request in which the fuse burns down is sent whole, and cut before its answer."""
        host, _, port = address.rpartition(":")
        self._place = (host, int(port))
        self._fuse = fuse or Fuse(1 << 62)
        self._end = end
        self._late = late
        self._burnt = False
        self._socket = self._open()
        self.attempt = Attempt()

    def _open(self) -> socket.socket:
        try:
            connection = socket.create_connection(self._place, _SECONDS)
        except OSError as error:
            raise Cut from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, method: str, path: str, body: bytes = b"", *, chunked: bool = False, **headers: str) -> Answer:
        """One request and its answer. `Content_Range` is the header `Content-Range`."""
        lines = [f"{method} {path} HTTP/1.1", "Host: registry"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}")
        self.attempt.sent = 0
        try:
            self._write_all("\r\n".join([*lines, "", ""]).encode(), body, chunked=chunked)
            if self._burnt:
                self._cut()
            reply = http.client.HTTPResponse(self._socket, method=method)
            reply.begin()
            answer = Answer(reply.status, reply.msg, reply.read())
        except (OSError, http.client.HTTPException) as error:
            raise Cut from error
        if reply.will_close:
            self._socket.close()
            self._socket = self._open()
        return answer

    def _write_all(self, head: bytes, body: bytes, *, chunked: bool) -> None:
        """Sends a request. A daemon that takes no more of it has answered, or is gone."""
        try:
            self._write(head)
            for start in range(0, len(body), _PIECE):
                piece = body[start : start + _PIECE]
                if chunked:
                    self._write(f"{len(piece):x}\r\n".encode())
                self._write(piece, counts=True)
                if chunked:
                    self._write(b"\r\n")
            if chunked:
                self._write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _write(self, content: bytes, *, counts: bool = False) -> None:
        allowed = self._fuse.take(len(content))
        self._burnt = self._burnt or allowed < len(content)
        if self._late:
            allowed = len(content)
        self._socket.sendall(content[:allowed])
        if counts:
            self.attempt.sent += allowed
        if self._burnt and not self._late:
            self._cut()

    def _cut(self) -> None:
        self._fuse.blow()
        self._end(self._socket)
        raise Cut

    def push(self, repository: str, image: Image, tag: str, mode: str) -> list[Answer]:
        """Pushes an image; answers what ended each blob, and the manifest."""
        answers = [self.upload(repository, blob, mode) for blob in image.blobs]
        path = f"/v2/{repository}/manifests/{tag}"
        return [*answers, self.send("PUT", path, image.manifest, Content_Type=MANIFEST_TYPE)]

    def upload(self, repository: str, blob: bytes, mode: str) -> Answer:
        """Uploads a blob; answers what the last request got."""
        attempt = self.attempt = Attempt(blob, mode, ended=self.attempt.ended)
        start, digest = f"/v2/{repository}/blobs/uploads/", digest_of(blob)
        if mode == "post":
            attempt.ending = True
            last = self.send("POST", f"{start}?digest={digest}", blob)
        else:
            opened = self.send("POST", start)
            assert opened.status == 202, opened
            attempt.location = opened.location
            rest = self._patches(blob, mode)
            attempt.ending = True
            end = f"{attempt.location}?digest={digest}"
            if rest and mode == "ranges":
                last = self.send("PUT", end, rest, Content_Range=f"{attempt.told}-{len(blob) - 1}")
            else:
                last = self.send("PUT", end, rest)
        if last.status == 201:
            attempt.ended.append(blob)
            self.attempt = Attempt(ended=attempt.ended)
        return last

    def _patches(self, blob: bytes, mode: str) -> bytes:
        """Sends what comes before the PUT; answers what is left for it."""
        attempt = self.attempt
        if mode == "put":
            return blob
        if mode != "ranges":
            patched = self.send("PATCH", attempt.location, blob, chunked=mode == "stream")
            assert patched.status // 100 == 2, patched
            attempt.told = len(blob)
            return b""
        part = max(len(blob) // 4, 1)
        while attempt.told + part < len(blob):
            self.patch(attempt, blob[attempt.told : attempt.told + part])
        return blob[attempt.told :]

    def patch(self, attempt: Attempt, part: bytes) -> Answer:
        """Adds a range to where the upload ends, and notes the new end."""
        content_range = f"{attempt.told}-{attempt.told + len(part) - 1}"
        patched = self.send("PATCH", attempt.location, part, Content_Range=content_range)
        if patched.status // 100 == 2:
            attempt.told += len(part)
        return patched

    def pull(self, repository: str, image: Image, tag: str) -> str:
        """Pulls an image by its tag; answers what is wrong with it."""
        manifest = self.send("GET", f"/v2/{repository}/manifests/{tag}", Accept=MANIFEST_TYPE)
        if (manifest.status, manifest.body) != (200, image.manifest):
            return f"manifest {tag}: {manifest.status} {manifest.body[:200]!r}"
        for blob in image.blobs:
            got = self.send("GET", f"/v2/{repository}/blobs/{digest_of(blob)}")
            if (got.status, got.body) != (200, blob):
                return f"blob {digest_of(blob)} of {tag}: {got.status}, {len(got.body)} bytes of {len(blob)}"
        return ""


def close(connection: socket.socket) -> None:
    """Ends with FIN; what lies unread makes it a reset, as the system has it."""
    connection.close()


def reset(connection: socket.socket) -> None:
    """Ends with RST at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def half_close(connection: socket.socket) -> None:
    """Says that no more comes, and stays to listen until the daemon ends it."""
    connection.shutdown(socket.SHUT_WR)
    try:
        while connection.recv(_PIECE):
            pass
    except OSError:
        pass
    connection.close()


ENDS = (close, reset, half_close)


def any_size(dice: random.Random) -> int:
    """A size on either side of what is small, now and then large."""
    return dice.choice((dice.randrange(8, 2_000), dice.randrange(20_000, 140_000), dice.randrange(140_000, 600_000)))
