"""The matrix of this suite: clients, cases, and the four configurations of the registry."""

from __future__ import annotations

from dataclasses import dataclass

from client import Client
from containerd import Ctr
from containers import Buildah, Podman, Skopeo
from go_tools import Crane, Helm, Regctl
from libraries import OciClient, OrasGo, OrasPy

CLIENTS: tuple[type[Client], ...] = (
    Skopeo,
    Buildah,
    Podman,
    Ctr,
    Crane,
    OrasGo,
    Regctl,
    Helm,
    OrasPy,
    OciClient,
)
CASES = ("multi-layer", "index", "artifact", "repeated", "copy")


@dataclass(frozen=True)
class Configuration:
    """How the registry is set."""

    profile: str
    tls: bool

    def __str__(self) -> str:
        return f"{self.profile}-{'tls' if self.tls else 'plain'}"


CONFIGURATIONS = tuple(Configuration(profile, tls) for profile in ("ecr", "oci") for tls in (False, True))


@dataclass(frozen=True)
class Cell:
    """One client's case in one configuration."""

    client: type[Client]
    case: str
    configuration: Configuration

    def __str__(self) -> str:
        return f"{self.client.name}-{self.case}-{self.configuration}"


def cells() -> list[Cell]:
    """Every cell that a client has a command for, plain before TLS."""
    return [
        Cell(client, case, configuration)
        for client in CLIENTS
        for case in CASES
        for configuration in CONFIGURATIONS
        if case not in client.without
    ]
