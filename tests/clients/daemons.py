"""The registry of a case: a world with a port of its own, on a daemon that speaks plain HTTP or TLS."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases import REPOSITORIES
from client import Registry
from ecrfixture import EcrFixture, World
from ecrfixture.records import Login
from matrix import Configuration


@dataclass(frozen=True)
class Daemon:
    """A daemon, and the CA that its clients must trust if it speaks TLS."""

    fixture: EcrFixture
    ca: Path | None = None


@contextmanager
def tls_daemon(folder: Path) -> Iterator[Daemon]:
    """Runs a daemon that signs its certificates itself."""
    binary = os.environ.get("ECR_FIXTURE_BIN")
    assert binary, "ECR_FIXTURE_BIN names no daemon: ./test.sh clients sets it"
    ca = folder / "ca.pem"
    command = [
        *(binary, "serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"),
        *("--tls", "self-signed", "--tls-ca", str(ca)),
        *("--print-addresses", "json", "--lifeline", "stdin"),
    ]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdin
        assert process.stdout
        line = process.stdout.readline()
        assert line, (folder / "log").read_text()[-4000:]
        ready = json.loads(line)
        with EcrFixture.attach(ready["control"], ready["token"], environment={}) as fixture:
            yield Daemon(fixture, ca)
        process.stdin.close()


@contextmanager
def registry(daemon: Daemon, configuration: Configuration) -> Iterator[tuple[World, Any, Registry]]:
    """A world of this profile with its port, a boto3 client for it, and what a client must know.

    Clients leave uploads open, which a registry must bear, so what its report finds does not count.
    """
    ecr = configuration.profile == "ecr"
    world = daemon.fixture.world(profile="ecr" if ecr else "oci", listen="dedicated")
    try:
        api = world.boto3(verify=str(daemon.ca) if daemon.ca else None)
        if ecr:
            for name in REPOSITORIES:
                api.create_repository(repositoryName=name)
        host = world.registry_host
        yield world, api, Registry(host, _login(api, host) if ecr else None, daemon.ca)
    finally:
        world.finish()


def _login(api: Any, host: str) -> Login:
    (data,) = api.get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    return Login(user, password, host)
