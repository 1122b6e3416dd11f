"""Snapshots of requests: one file for each client, profile and case, and what to say where one differs."""

from __future__ import annotations

import difflib
from pathlib import Path

from matrix import Cell

FOLDER = Path(__file__).resolve().parent / "snapshots"

TLS_DIFFERS: dict[tuple[str, str, str], str] = {}
"""Where TLS is not like plain HTTP, by client, profile and case, with the reason. These have a file of their own."""


def path(cell: Cell) -> Path:
    """Where the snapshot of a cell stands; TLS shares that of plain HTTP."""
    profile, case = cell.configuration.profile, cell.case
    own = cell.configuration.tls and (cell.client.name, profile, case) in TLS_DIFFERS
    return FOLDER / cell.client.name / f"{profile}-{case}{'-tls' if own else ''}.txt"


def has(cell: Cell, text: str) -> bool:
    """Whether these requests are those of the cell's snapshot."""
    file = path(cell)
    return file.exists() and file.read_text().partition("\n")[2] == text


def mounts(cell: Cell) -> bool:
    """Whether layers are mounted in the cell's snapshot."""
    file = path(cell)
    return file.exists() and "mount=" in file.read_text()


def compare(cell: Cell, version: str, text: str, *, update: bool) -> None:
    """Asserts that the requests of a cell are those of its snapshot, or writes it.

    The first line names the version that was recorded. It is told where the requests differ, and not compared.
    """
    file = path(cell)
    owner = not cell.configuration.tls or file.stem.endswith("-tls")
    if update and owner:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {cell.client.name} {version}\n{text}")
    assert file.exists(), f"no {file.relative_to(FOLDER)}: --update-snapshots writes it"
    recorded, _, expected = file.read_text().partition("\n")
    if text != expected:
        lines = difflib.unified_diff(expected.splitlines(), text.splitlines(), str(recorded), "now", lineterm="")
        raise AssertionError(
            f"{cell} sends other requests than {file.relative_to(FOLDER)} has. Recorded with "
            f"{recorded.removeprefix('# ')}, here is {cell.client.name} {version}.\n" + "\n".join(lines)
        )
