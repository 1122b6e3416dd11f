"""A small registry client on the data port: login, push, pull. Standard library only; never uses a proxy. Internal.

It behaves as a plain OCI client: whatever a fault does to a call is raised as `RegistryError`, and nothing is retried.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import ssl
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from ecrfixture._content import MANIFEST_TYPE, PushedContent, digest_of
from ecrfixture._sigv4 import signed_headers
from ecrfixture.errors import RegistryError
from ecrfixture.records import Aws, Blob, Image, Login

if TYPE_CHECKING:
    from types import TracebackType

_TIMEOUT_SECONDS = 60.0
_CHUNK = 1024 * 1024
_AWS_TARGET = "AmazonEC2ContainerRegistry_V20150921"
_INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_ACCEPT = ", ".join((MANIFEST_TYPE, "application/vnd.docker.distribution.manifest.v2+json", *_INDEX_TYPES))
_REFERENCE = re.compile(r"(?P<repository>[^:@]+)(:(?P<tag>[^:@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?")


@dataclass(frozen=True, slots=True)
class Reference:
    """`repository[:tag][@digest]`; the tag is `latest` if neither is given."""

    repository: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Reads a reference without a host. Raises `ValueError`."""
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise ValueError(f'not a reference: {text!r}; write "app:v1" or "app@sha256:…", without a host')
        digest = match["digest"] or ""
        return cls(match["repository"], match["tag"] or ("" if digest else "latest"), digest)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read whole. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def log_in(aws: Aws, registry_host: str, tls: ssl.SSLContext | None = None) -> Login:
    """Calls `GetAuthorizationToken`, as `docker login` to ECR does. Raises `RegistryError`."""
    url = urlsplit(aws.endpoint)
    body = b"{}"
    headers = signed_headers(aws, url.netloc, f"{_AWS_TARGET}.GetAuthorizationToken", body, datetime.now(timezone.utc))
    with Connection(url.netloc, tls=tls) as connection:
        answer = connection.send("POST", "/", body, headers)
    if answer.status != 200:
        raise _refused("GetAuthorizationToken", answer)
    token = json.loads(answer.body)["authorizationData"][0]["authorizationToken"]
    username, _, password = base64.b64decode(token).decode().partition(":")
    return Login(username, password, registry_host)


class Connection:
    """One kept-alive HTTP/1.1 connection to `host:port`, secured if `tls` says how."""

    def __init__(self, netloc: str, login: Login | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        if tls:
            self._base = f"https://{netloc}/"
            self._http: http.client.HTTPConnection = http.client.HTTPSConnection(
                netloc, timeout=_TIMEOUT_SECONDS, context=tls
            )
        else:
            self._base = f"http://{netloc}/"
            self._http = http.client.HTTPConnection(netloc, timeout=_TIMEOUT_SECONDS)
        self._authorization: dict[str, str] = {}
        if login:
            secret = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
            self._authorization = {"authorization": f"Basic {secret}"}

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def push(self, reference: Reference, text: str, content: PushedContent) -> Image:
        """Uploads layers and config, then the manifest. One POST and one PUT for each blob."""
        root = f"/v2/{quote(reference.repository)}"
        for blob, data in (*content.layers, content.config):
            started = self._ask("POST", f"{root}/blobs/uploads/", b"", expect=(202,))
            place = urlsplit(urljoin(self._base, started.headers.get("location", "")))
            query = f"{place.query}&" if place.query else ""
            path = f"{place.path}?{query}digest={quote(blob.digest)}"
            self._ask("PUT", path, data, {"content-type": "application/octet-stream"}, expect=(201,))
        name = reference.tag or content.digest
        kind = {"content-type": MANIFEST_TYPE}
        self._ask("PUT", f"{root}/manifests/{quote(name)}", content.manifest, kind, expect=(200, 201))
        return Image(
            text,
            reference.repository,
            content.digest,
            MANIFEST_TYPE,
            content.manifest,
            content.config[0],
            tuple(blob for blob, _ in content.layers),
        )

    def pull(self, reference: Reference, text: str) -> Image:
        """Downloads manifest and blobs and checks them; of several platforms `linux/amd64`, or else the first."""
        manifest, media_type, digest = self._manifest(reference.repository, reference.digest or reference.tag)
        if media_type in _INDEX_TYPES:
            child = _chosen(json.loads(manifest)["manifests"])
            manifest, media_type, digest = self._manifest(reference.repository, child)
        form = json.loads(manifest)
        config, *layers = (
            Blob(item["digest"], item["size"], item["mediaType"]) for item in (form["config"], *form["layers"])
        )
        for blob in (config, *layers):
            self._check_blob(reference.repository, blob)
        return Image(text, reference.repository, digest, media_type, manifest, config, tuple(layers))

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Sends a request and reads the whole answer, whatever its status. Raises `RegistryError` if none came."""
        try:
            self._http.request(method, path, body, headers)
            response = self._http.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._http.close()
            raise _broken(f"{method} {path}", error) from error
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    def _ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None, *, expect: tuple[int, ...]
    ) -> Answer:
        answer = self.send(method, path, body, {**self._authorization, **(headers or {})})
        if answer.status not in expect:
            raise _refused(f"{method} {path}", answer)
        return answer

    def _manifest(self, repository: str, name: str) -> tuple[bytes, str, str]:
        """Bytes, media type and digest of a manifest; by digest, the bytes must hash to it."""
        path = f"/v2/{quote(repository)}/manifests/{quote(name)}"
        answer = self._ask("GET", path, b"", {"accept": _ACCEPT}, expect=(200,))
        digest = digest_of(answer.body)
        if name.startswith("sha256:") and name != digest:
            raise RegistryError(f"GET {path}: the manifest hashes to {digest}", status=200, error="DIGEST_INVALID")
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip()
        return answer.body, media_type, digest

    def _check_blob(self, repository: str, blob: Blob) -> None:
        """Downloads a blob and compares size and hash with its descriptor, without keeping it."""
        path = f"/v2/{quote(repository)}/blobs/{quote(blob.digest)}"
        try:
            self._http.request("GET", path, headers=self._authorization)
            response = self._http.getresponse()
            if response.status in (302, 307):
                response.read()
                self._check_redirected(urljoin(self._base, response.headers["location"]), blob)
                return
            self._check_body(path, response, blob)
        except (OSError, http.client.HTTPException) as error:
            self._http.close()
            raise _broken(f"GET {path}", error) from error

    def _check_redirected(self, location: str, blob: Blob) -> None:
        """Follows the redirect to storage. The login stays behind: the address carries its own permission."""
        url = urlsplit(location)
        path = f"{url.path}?{url.query}" if url.query else url.path
        with Connection(url.netloc, tls=self._tls) as storage:
            storage._http.request("GET", path)
            storage._check_body(path, storage._http.getresponse(), blob)

    @staticmethod
    def _check_body(path: str, response: http.client.HTTPResponse, blob: Blob) -> None:
        if response.status != 200:
            raise _refused(f"GET {path}", Answer(response.status, {}, response.read()))
        hasher, size = hashlib.sha256(), 0
        while chunk := response.read(_CHUNK):
            hasher.update(chunk)
            size += len(chunk)
        if (size, f"sha256:{hasher.hexdigest()}") != (blob.size, blob.digest):
            found = f"{size} bytes that hash to sha256:{hasher.hexdigest()}, not {blob.size} of {blob.digest}"
            raise RegistryError(f"GET {path}: the body has {found}", status=200, error="DIGEST_INVALID")


def _chosen(manifests: list[dict[str, dict[str, str]]]) -> str:
    """Digest of the child for `linux/amd64`, else of the first."""
    wanted = {"os": "linux", "architecture": "amd64"}
    fitting = [item for item in manifests if wanted.items() <= item.get("platform", {}).items()]
    return str((fitting or manifests)[0]["digest"])


def _refused(what: str, answer: Answer) -> RegistryError:
    error, message = _reason(answer.body)
    shown = ": ".join(filter(None, (error, message))) or answer.body[:200].decode(errors="replace").strip()
    return RegistryError(f"{what}: HTTP {answer.status} {shown}".rstrip(), status=answer.status, error=error)


def _reason(body: bytes) -> tuple[str, str]:
    """Code and message of an error body, of the AWS API or of the OCI one; empty if it is neither."""
    try:
        form = json.loads(body)
    except ValueError:
        return "", ""
    if not isinstance(form, dict):
        return "", ""
    if isinstance(form.get("errors"), list) and form["errors"]:
        first = form["errors"][0]
        return str(first.get("code", "")), str(first.get("message") or "")
    return str(form.get("__type", "")).rpartition("#")[2], str(form.get("message") or form.get("Message") or "")


def _broken(what: str, error: Exception) -> RegistryError:
    return RegistryError(f"{what}: the connection broke: {error!r}")
