"""Does with the library oras what the case at hand asks of a client; prints a digest. Runs where the library is.

push REPOSITORY TAG FILE…; pull REPOSITORY TAG FOLDER; attach REPOSITORY TAG TYPE FILE. The environment is that of
`go/main.go`, with `REGISTRY_CA` for a CA.
"""

from __future__ import annotations

import hashlib
import os
import sys

import oras.oci  # type: ignore[import-not-found]
from oras.client import OrasClient  # type: ignore[import-not-found]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def main(command: str, repository: str, tag: str, *given: str) -> str:
    """Runs a command and answers a digest."""
    client = connected(repository)
    place = f"{repository}:{tag}"
    if command == "push":
        return pushed(client, place, list(given))
    if command == "pull":
        client.pull(target=place, outdir=given[0])
        return digest(client, place)
    if command == "attach":
        _type, file = given
        body = content(client, place)
        subject = oras.oci.Subject(mediaType=MANIFEST, digest=hashed(body), size=len(body))
        return pushed(client, f"{repository}:note", [f"{file}:text/plain"], subject=subject)
    raise SystemExit(f"no command {command}")


def connected(repository: str) -> OrasClient:
    """A client with the login of the environment."""
    plain = os.environ.get("REGISTRY_PLAIN") == "1"
    user = os.environ.get("REGISTRY_USER")
    client = OrasClient(
        hostname=repository.partition("/")[0],
        insecure=plain,
        tls_verify=os.environ.get("REGISTRY_CA") or True,
        auth_backend="basic" if user else "token",
    )
    if user:
        client.auth.set_basic_auth(user, os.environ["REGISTRY_PASSWORD"])
    return client


def pushed(client: OrasClient, place: str, files: list[str], subject: oras.oci.Subject | None = None) -> str:
    """Pushes files and answers the digest of the manifest that was sent."""
    reply = client.push(target=place, files=files, disable_path_validation=True, subject=subject, quiet=True)
    return hashed(reply.request.body)


def digest(client: OrasClient, place: str) -> str:
    """Digest of what a place holds."""
    return hashed(content(client, place))


def content(client: OrasClient, place: str) -> bytes:
    """The manifest at a place, as it is stored."""
    container = client.get_container(place)
    url = f"{client.prefix}://{container.manifest_url()}"
    return bytes(client.do_request(url, headers={"Accept": MANIFEST}).content)


def hashed(body: bytes) -> str:
    """The digest of some bytes."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
