"""Options, and the daemons and programs that the cases share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

# These assert for the tests.
pytest.register_assert_rewrite("cases", "client", "containerd", "containers", "content", "go_tools", "libraries")

from containerd import Ctr, containerd  # noqa: E402
from content import Content, write  # noqa: E402
from daemons import Daemon, tls_daemon  # noqa: E402
from matrix import Configuration  # noqa: E402

if TYPE_CHECKING:
    from ecrfixture import EcrFixture


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that write what otherwise is compared."""
    parser.addoption("--update-snapshots", action="store_true", help="write the snapshots of requests anew")
    parser.addoption("--write", action="store_true", help="write the tables of docs/CLIENTS.md anew")


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    """What is pushed."""
    return write(tmp_path_factory.mktemp("content"))


@pytest.fixture(scope="session")
def daemon(ecr_fixture: EcrFixture, request: pytest.FixtureRequest) -> Callable[[Configuration], Daemon]:
    """The daemon for a configuration."""
    plain = Daemon(ecr_fixture)
    return lambda configuration: request.getfixturevalue("encrypted") if configuration.tls else plain


@pytest.fixture(scope="session")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """The daemon that speaks TLS."""
    with tls_daemon(tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture(scope="session")
def another_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CA of another daemon."""
    folder = tmp_path_factory.mktemp("another")
    with tls_daemon(folder) as running:
        assert running.ca
    return running.ca


@pytest.fixture(scope="session")
def containerd_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A containerd for all cases of ctr."""
    with containerd(tmp_path_factory.mktemp("containerd") / "own") as socket:
        Ctr.socket = socket
        yield socket


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a client, gone after the test. Its name is short: podman's places may have 50 characters."""
    with TemporaryDirectory(prefix="c-", dir="/tmp") as name:
        yield Path(name)
