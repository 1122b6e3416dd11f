"""Runs what the documents show, so that none of it goes stale.

A fenced block is run by the words behind its fence:

    python        a pytest file; ECR_FIXTURE_BIN says where the daemon is
    python run    a script, in the documents' working directory
    sh run        bash, in that directory; a daemon listens, and its addresses stand in for 127.0.0.1:4510 and :4511
    rule          fault rules, one a line, checked by ApplyRules without applying them
    json seed     a seed file, applied through StateService and read by `--seed`
    rust PATH     an excerpt of that file, compared line by line without its indentation
    text          shown only

Any other word is a mistake. The working directory holds `ready.json` of the daemon and a link to `proto`; it lives as
long as its document is tested, and blocks run in order.

Needs ECR_FIXTURE_BIN, the Python client with its `dev` extra, and skopeo.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ecrfixture import EcrFixture

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OTHERS = [ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
KINDS = {"python", "python run", "sh run", "rule", "json seed", "text"}
FENCE = re.compile(r"^```(?P<kind>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
EXCERPT = re.compile(r"rust (?P<path>\S+)")
PATH = re.compile(r"`((?:benches|clients|docs|proto|scripts|src|tests)/[^`<>*\s]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    document: Path
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}"


def blocks(*kinds: str) -> list[Block]:
    """Blocks of these kinds in all documents, in order; all of them if none is named."""
    found = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(document, line, match["kind"].strip(), match["text"]))
    return [block for block in found if not kinds or block.kind in kinds]


def each(*kinds: str) -> pytest.MarkDecorator:
    """Runs a test for each block of these kinds; there must be one."""
    wanted = blocks(*kinds)
    assert wanted, f"no document has a block of kind {kinds}"
    return pytest.mark.parametrize("block", wanted, ids=str)


def binary() -> str:
    """The daemon's binary."""
    return os.environ["ECR_FIXTURE_BIN"]


@dataclass(frozen=True)
class Daemon:
    """A daemon and the directory that examples run in."""

    directory: Path
    data: str
    control: str
    token: str


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH on which the documents' commands are: this Python's first, and `aws`."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    aws = shutil.which("aws", path=path)
    if aws is None or subprocess.run([aws, "--version"], capture_output=True, check=False).returncode:
        # Apart from the client's own packages, since awscli pins others.
        home = tmp_path_factory.mktemp("aws")
        venv.create(home, with_pip=True)
        install = [home / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "awscli"]
        subprocess.run(install, check=True)
        path = os.pathsep.join([path, str(home / "bin")])
    return path


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon on free ports that has written its ready file."""
    directory = tmp_path_factory.mktemp("documents")
    (directory / "proto").symlink_to(ROOT / "proto")
    any_port = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]
    options = [*any_port, "--lifeline", "stdin", "--print-addresses", "json", "--ready-file", "ready.json"]
    with (directory / "stderr").open("wb") as log:
        process = subprocess.Popen(
            [binary(), "serve", *options], cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
        assert process.stdout is not None
        assert process.stdin is not None
        ready = json.loads(process.stdout.readline())
        yield Daemon(directory, ready["data"].removeprefix("http://"), ready["control"], ready["token"])
        process.stdin.close()
        process.stdout.close()
        assert process.wait(10) == 0


@pytest.fixture(scope="module")
def attached(daemon: Daemon) -> Iterator[EcrFixture]:
    """The Python client at that daemon."""
    with EcrFixture.attach(daemon.control, daemon.token, environment={}) as fixture:
        yield fixture


def run(command: list[str], directory: Path, **environment: str) -> str:
    """Runs a command without this process's settings for AWS and for the fixture; it must succeed."""
    dropped = ("AWS_", "ECR_FIXTURE_", "PYTEST_")
    base = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    base |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(
        command, cwd=directory, env=base | environment, text=True, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_each_block_says_how_it_is_run() -> None:
    known = [block for block in blocks() if block.kind in KINDS or EXCERPT.fullmatch(block.kind)]
    assert {str(block): block.kind for block in blocks() if block not in known} == {}
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        assert FENCE.sub("", text).count("```") == 0, f"{document.name} has a fence that does not end"


@each("python")
def test_python_is_a_test_that_passes(block: Block, tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(block.text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "."]
    assert re.search(r"^\d+ passed", run(command, tmp_path, ECR_FIXTURE_BIN=binary()), re.MULTILINE)


@each("sh run", "python run")
def test_commands_and_scripts_succeed(block: Block, daemon: Daemon, commands: str) -> None:
    text = block.text.replace("127.0.0.1:4510", daemon.data).replace("127.0.0.1:4511", daemon.control)
    # Without `site`, the client that is installed for editing cannot be found, so that scripts use the stubs they made.
    paths = ["stubs", sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    command = ["bash", "-euo", "pipefail", "-c"] if block.kind == "sh run" else [sys.executable, "-S", "-c"]
    python_path = {} if block.kind == "sh run" else {"PYTHONPATH": os.pathsep.join(paths)}
    run([*command, text], daemon.directory, PATH=commands, **python_path)


@each("rule")
def test_rules_are_accepted(block: Block, attached: EcrFixture) -> None:
    lines = [line for line in block.text.splitlines() if line.split("#")[0].strip()]
    with attached.world() as world:
        assert len(world.fault(block.text, validate_only=True)) == len(lines)
        assert world.rules() == ()


@each("json seed")
def test_seeds_are_applied(block: Block, attached: EcrFixture, tmp_path: Path) -> None:
    documents = json.loads(block.text)["documents"]
    with attached.world(regions=["us-east-1", "eu-west-1"]) as world:
        first = world.seed(documents=documents)
        assert first.created + first.updated > 0
        again = world.seed(documents=documents)
        assert (again.created, again.updated) == (0, 0)
    (tmp_path / "seed.json").write_text(block.text, encoding="utf-8")
    any_port = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--print-addresses", "json"]
    # Standard input is at its end, so that the daemon starts, reads the seed, and stops.
    ready = run([binary(), "serve", *any_port, "--lifeline", "stdin", "--seed", "seed.json"], tmp_path)
    assert json.loads(ready)["event"] == "ready"


def test_the_table_of_options_is_the_one_of_the_command_line(tmp_path: Path) -> None:
    help_text = run([binary(), "serve", "--help"], tmp_path)
    flags = set(re.findall(r"^ +(?:-\w, )?(--[a-z0-9-]+)", help_text, re.MULTILINE)) - {"--help", "--version"}
    variables = set(re.findall(r"ECR_FIXTURE_[A-Z0-9_]+", help_text))
    options = (ROOT / "README.md").read_text(encoding="utf-8").split("## Options", 1)[1].split("\n## ", 1)[0]
    # Bounds have a table of their own, for which the README has a line.
    options += (ROOT / "docs/LIMITS.md").read_text(encoding="utf-8").split("## Bounds with a flag", 1)[1]
    cells = re.findall(r"^\| (`--[^|]*)\|", options, re.MULTILINE)
    listed = [flag for cell in cells for flag in re.findall(r"`(--[a-z0-9-]+)[` ]", cell)]
    assert set(listed) == flags
    assert set(re.findall(r"`(ECR_FIXTURE_[A-Z0-9_]+)`", options)) == variables


def test_the_number_of_operations_is_the_daemons(attached: EcrFixture) -> None:
    info = attached.info()
    assert list(info.missing_operations) == []
    for document, sentence in (
        ("README.md", "All {} operations of the ECR API are here"),
        ("docs/FIDELITY.md", "All {} operations are here"),
    ):
        assert sentence.format(len(info.operations)) in (ROOT / document).read_text(encoding="utf-8"), document


@pytest.mark.parametrize("block", [block for block in blocks() if EXCERPT.fullmatch(block.kind)], ids=str)
def test_excerpts_are_in_their_files(block: Block) -> None:
    source = (ROOT / block.kind.removeprefix("rust ")).read_text(encoding="utf-8")
    excerpt, text = ("".join(line.strip() + "\n" for line in lines.splitlines()) for lines in (block.text, source))
    assert f"\n{excerpt}" in text


@pytest.mark.parametrize("document", [*DOCUMENTS, *OTHERS], ids=lambda document: document.name)
def test_paths_are_those_of_files(document: Path) -> None:
    paths = PATH.findall(document.read_text(encoding="utf-8"))
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", [*DOCUMENTS, *OTHERS], ids=lambda document: document.name)
def test_links_lead_to_files(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert [link for link in LINK.findall(text) if not (document.parent / link).exists()] == []


def test_every_row_is_documented(tmp_path: Path) -> None:
    run([sys.executable, str(ROOT / "scripts/rows"), "--check"], tmp_path)
