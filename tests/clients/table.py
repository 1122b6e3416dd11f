"""The tables of docs/CLIENTS.md: what was measured, and how each client is set up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from client import ROOT, Client
from matrix import CASES, CLIENTS, CONFIGURATIONS, Cell

DOCUMENT = ROOT / "docs" / "CLIENTS.md"
BEGIN = "<!-- Measured by ./test.sh clients; tests/clients --write writes it. -->"
END = "<!-- End of what was measured. -->"
SENDS_AGAIN = "yes, but sends all again"


def measured(passed: Mapping[Cell, bool]) -> str:
    """The tables in Markdown; `passed` has every cell that ran."""
    lines = ["| client | " + " | ".join(CASES) + " |", "|---" * (len(CASES) + 1) + "|"]
    for client in CLIENTS:
        lines.append(f"| {client.name} | " + " | ".join(_cell(client, case, passed) for case in CASES) + " |")
    lines += ["", "| client | version | how it is told of the login, of plain HTTP, and of the CA |", "|---|---|---|"]
    for client in CLIENTS:
        version = "Debian's" if client.origin == "Debian" else f"{client.version()} ({client.origin})"
        lines.append(f"| {client.name} | {version} | {client.settings} |")
    return "\n".join(lines) + "\n"


def written(document: Path = DOCUMENT) -> str:
    """The part of the document between the marks."""
    before, begin, rest = document.read_text().partition(f"{BEGIN}\n")
    part, end, _ = rest.partition(END)
    assert before
    assert begin
    assert end, f"{document.name} lacks its marks"
    return part


def write(tables: str, document: Path = DOCUMENT) -> None:
    """Puts the tables between the marks."""
    document.write_text(document.read_text().replace(f"{BEGIN}\n{written(document)}{END}", f"{BEGIN}\n{tables}{END}"))


def _cell(client: type[Client], case: str, passed: Mapping[Cell, bool]) -> str:
    if case in client.without:
        return client.without[case]
    cells = [Cell(client, case, configuration) for configuration in CONFIGURATIONS]
    unknown = [str(cell.configuration) for cell in cells if cell not in passed]
    failed = [str(cell.configuration) for cell in cells if not passed.get(cell, True)]
    if failed or unknown:
        told = [f"fails: {', '.join(failed)}"] * bool(failed) + [f"did not run: {', '.join(unknown)}"] * bool(unknown)
        return "; ".join(told)
    return SENDS_AGAIN if case == "repeated" and client.sends_again else "yes"
