"""Registry clients at both profiles, over plain HTTP and TLS, and the requests that each of them sends.

A client passes a case where the digests that it tells of are those that the registry holds, what it pulled is what it
pushed, and its requests are those of its snapshot. `docs/CLIENTS.md` has the table; a cell without a command is not run
and says why there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import snapshots
import table
from cases import CASE, TAG, Run
from client import Client
from content import Content, unpacked
from daemons import Daemon, registry
from matrix import CASES, CLIENTS, Cell, Configuration, cells
from traffic import names_in, text

RUNS = 4
"""Most runs of a cell in which layers are mounted, until its requests are those of the snapshot.

Clients that copy layers side by side mount or send one as their threads meet, and the snapshot has what they nearly
always do. Each run has to do its case.
"""

_passed: dict[Cell, bool] = {}


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_a_client(
    cell: Cell,
    content: Content,
    daemon: Callable[[Configuration], Daemon],
    folder: Path,
    request: pytest.FixtureRequest,
) -> None:
    _passed[cell] = False
    if cell.client.name == "ctr":
        request.getfixturevalue("containerd_socket")
    update = request.config.getoption("--update-snapshots")
    for number in range(RUNS):
        with registry(daemon(cell.configuration), cell.configuration) as (world, api, place):
            run = Run(cell.client(place, content, folder / f"client{number}"), world, api)
            CASE[cell.case](run)
            sent = text(run.sections, names_in(api, unpacked(content)), place.host)
        if update or snapshots.has(cell, sent) or not snapshots.mounts(cell):
            break
    snapshots.compare(cell, cell.client.version(), sent, update=update)
    _passed[cell] = True


def test_the_table_is_what_was_measured(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    tables = table.measured(_passed)
    with capsys.disabled():
        print(f"\n{tables}")
        print("versions: " + ", ".join(f"{client.name} {client.version()}" for client in CLIENTS))
    if request.config.getoption("--write"):
        table.write(tables)
    assert table.written() == tables


def test_every_snapshot_is_of_a_cell() -> None:
    there = {path for path in snapshots.FOLDER.rglob("*") if path.is_file()}
    assert there == {snapshots.path(cell) for cell in cells()}


def test_every_cell_has_a_command_or_a_reason() -> None:
    assert set(CASE) == set(CASES)
    for client in CLIENTS:
        assert set(client.without) < set(CASES)
        assert all(client.without.values())


def test_where_tls_differs_has_a_reason() -> None:
    known = {(cell.client.name, cell.configuration.profile, cell.case) for cell in cells()}
    assert snapshots.TLS_DIFFERS.keys() <= known
    assert all(snapshots.TLS_DIFFERS.values())


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_client_trusts_no_other_authority(
    client: type[Client],
    content: Content,
    daemon: Callable[[Configuration], Daemon],
    another_ca: Path,
    folder: Path,
    request: pytest.FixtureRequest,
) -> None:
    if client.name == "ctr":
        request.getfixturevalue("containerd_socket")
    configuration = Configuration("oci", tls=True)
    with registry(daemon(configuration), configuration) as (world, _api, place):
        deceived = client(replace(place, ca=another_ca), content, folder / "client")
        with pytest.raises(AssertionError, match=r"(?i)certificate|SSL|TLS|UnknownIssuer|unknown authority"):
            deceived.push(f"{place.host}/app:{TAG}")
        assert not [call for call in world.calls() if call.surface == "oci"]
