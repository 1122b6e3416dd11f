"""The registry client of `push`, `pull` and `login`, against a small HTTP server."""

from __future__ import annotations

import base64
import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ecrfixture import RegistryError
from ecrfixture._content import image_content
from ecrfixture._registry import Connection, Reference, log_in
from ecrfixture._surroundings import write_docker_config
from ecrfixture.records import Aws, Login

LOGIN = Login("AWS", "pass", "host:1")
BASIC = "Basic " + base64.b64encode(b"AWS:pass").decode()
DIGEST = "sha256:" + "0" * 64


class Registry:
    """Blobs and manifests by digest and tag; `broken` maps a path's end to (status, body) or None for a reset."""

    def __init__(self) -> None:
        self.stored: dict[str, tuple[str, bytes]] = {}
        self.lines: list[str] = []
        self.logins: set[str | None] = set()
        self.broken: dict[str, tuple[int, bytes] | None] = {}
        self.redirect = False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Registry

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        registry = self.registry
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        registry.lines.append(f"{self.command} {path}")
        if not path.startswith("/storage/"):
            registry.logins.add(self.headers.get("Authorization"))
        elif self.headers.get("Authorization"):
            return self.reply(400, b"the login must stay behind")
        for end, answer in registry.broken.items():
            if path.endswith(end):
                if answer is None:
                    self.close_connection = True
                    return None
                return self.reply(*answer)
        if path == "/":
            token = base64.b64encode(b"AWS:pass").decode()
            return self.reply(200, json.dumps({"authorizationData": [{"authorizationToken": token}]}).encode())
        name = path.rpartition("/")[2].replace("%3A", ":")
        if self.command == "POST":
            return self.reply(202, Location="/v2/app/blobs/uploads/u1?state=1")
        if self.command == "PUT":
            if "digest=" in query:
                assert query.startswith("state=1&digest=")
                name = query.rpartition("digest=")[2].replace("%3A", ":")
            registry.stored[name] = (self.headers["Content-Type"], body)
            return self.reply(201)
        if registry.redirect and "/blobs/" in path and "/storage/" not in path:
            return self.reply(307, Location=f"/storage/{name}")
        if name not in registry.stored:
            error = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "no such thing"}]}
            return self.reply(404, json.dumps(error).encode())
        kind, content = registry.stored[name]
        return self.reply(200, content, Content_Type=kind)

    do_GET = do_PUT = do_POST = handle_any  # noqa: N815


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry that is served at `registry.host`."""
    served = Registry()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"registry": served}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served.host = f"127.0.0.1:{server.server_address[1]}"
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def push(registry, text="app:v1", layers=2):
    content = image_content(text, layers, 10)
    with Connection(registry.host, LOGIN) as connection:
        return connection.push(Reference.parse(text), text, content)


def pull(registry, text="app:v1"):
    with Connection(registry.host, LOGIN) as connection:
        return connection.pull(Reference.parse(text), text)


def test_a_push_is_one_post_and_one_put_for_each_blob_and_then_the_manifest(registry):
    image = push(registry)
    assert registry.lines == [
        *["POST /v2/app/blobs/uploads/", "PUT /v2/app/blobs/uploads/u1"] * 3,
        "PUT /v2/app/manifests/v1",
    ]
    assert registry.logins == {BASIC}
    assert registry.stored["v1"][1] == image.manifest
    assert {blob.digest for blob in (image.config, *image.layers)} == set(registry.stored) - {"v1"}
    assert image.size == sum(len(registry.stored[blob.digest][1]) for blob in (image.config, *image.layers))


@pytest.mark.parametrize("redirect", [False, True])
def test_what_was_pushed_can_be_pulled_and_is_the_same(registry, redirect):
    pushed = push(registry)
    registry.redirect = redirect
    assert pull(registry) == pushed


def test_of_several_platforms_linux_amd64_is_pulled(registry):
    pushed = push(registry)
    index = "application/vnd.oci.image.index.v1+json"
    registry.stored[pushed.digest] = registry.stored["v1"]
    manifests = [
        {"digest": DIGEST, "platform": {"os": "linux", "architecture": "arm64"}},
        {"digest": pushed.digest, "platform": {"os": "linux", "architecture": "amd64"}},
    ]
    registry.stored["all"] = (index, json.dumps({"manifests": manifests}).encode())
    assert pull(registry, "app:all").digest == pushed.digest


def test_bytes_that_do_not_hash_to_their_digest_are_refused(registry):
    pushed = push(registry)
    registry.stored[pushed.layers[0].digest] = ("x", b"other")
    with pytest.raises(RegistryError, match="5 bytes that hash to"):
        pull(registry)
    registry.stored[DIGEST] = registry.stored["v1"]
    with pytest.raises(RegistryError, match="the manifest hashes to"):
        pull(registry, f"app@{DIGEST}")


def test_an_error_of_the_registry_keeps_status_and_code(registry):
    with pytest.raises(RegistryError, match="MANIFEST_UNKNOWN: no such thing") as caught:
        pull(registry)
    assert (caught.value.status, caught.value.error) == (404, "MANIFEST_UNKNOWN")


def test_an_error_without_a_body_of_the_protocol_keeps_its_status(registry):
    registry.broken["/blobs/uploads/"] = (503, b"<html>")
    with pytest.raises(RegistryError, match="HTTP 503 <html>") as caught:
        push(registry)
    assert (caught.value.status, caught.value.error) == (503, "")


@pytest.mark.parametrize("end", ["/blobs/uploads/", "/manifests/v1"])
def test_a_connection_that_breaks_is_an_error_without_status(registry, end):
    registry.broken[end] = None
    with pytest.raises(RegistryError, match="the connection broke") as caught:
        push(registry)
    assert caught.value.status is None


def test_a_login_is_the_token_taken_apart(registry):
    aws = Aws(f"http://{registry.host}", "us-east-1", "1" * 12, "AKIA", "secret")
    login = log_in(aws, "host:1")
    assert (login.username, login.password, login.host) == ("AWS", "pass", "host:1")
    assert "pass" not in repr(login)


def test_a_refused_login_keeps_the_name_of_the_error(registry):
    registry.broken["/"] = (400, b'{"__type":"com.amazon#ThrottlingException","message":"Rate exceeded"}')
    aws = Aws(f"http://{registry.host}", "us-east-1", "1" * 12, "AKIA", "secret")
    with pytest.raises(RegistryError, match="Rate exceeded") as caught:
        log_in(aws, "host:1")
    assert (caught.value.status, caught.value.error) == (400, "ThrottlingException")


def test_a_docker_config_holds_the_login_and_is_private():
    config = write_docker_config(LOGIN)
    assert json.loads(config.file.read_text()) == {"auths": {"host:1": {"auth": BASIC.removeprefix("Basic ")}}}
    assert stat.S_IMODE(config.file.stat().st_mode) == 0o600
    assert config.environment == {
        "DOCKER_CONFIG": str(config.file.parent),
        "REGISTRY_AUTH_FILE": str(config.file),
    }
    config.file.unlink()
    config.directory.rmdir()


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("app", Reference("app", "latest", "")),
        ("team/app:v1", Reference("team/app", "v1", "")),
        (f"app@{DIGEST}", Reference("app", "", DIGEST)),
        (f"app:v1@{DIGEST}", Reference("app", "v1", DIGEST)),
    ],
)
def test_a_reference_has_repository_tag_and_digest(text, reference):
    assert Reference.parse(text) == reference


@pytest.mark.parametrize("text", ["", ":v1", "app:", "host:80/app:v1", "app@sha256:1"])
def test_text_that_is_no_reference_is_refused(text):
    with pytest.raises(ValueError, match="not a reference"):
        Reference.parse(text)
