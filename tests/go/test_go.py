"""A Go program on nothing but generated stubs: what anybody can do with the `.proto` files and stock generators.

`go.mod` pins generators and libraries. Stubs, generators and program are built below `target/`, not beside the source.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ecrfixture import EcrFixture

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROTO = ROOT / "proto"
MODULE = ROOT / "target" / "test-go"
STUBS = "ecrfixture.test/control/v1"
MOST_LINES = 40


def run(*command: str) -> str:
    """Runs a command in the module and answers its standard output."""
    # No toolchain but the one that is here, and the versions that go.mod and go.sum pin.
    settings = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOBIN": str(MODULE / "bin")}
    ran = subprocess.run(
        command,
        cwd=MODULE,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert ran.returncode == 0, f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def generate() -> None:
    """Generates the stubs with protoc and the two stock plugins, straight from the repository's `.proto` files."""
    run("go", "install", "tool")
    files = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("ecrfixture/control/v1/*.proto"))
    options = [f"--{kind}_opt=M{file}={STUBS}" for file in files for kind in ("go", "go-grpc")]
    for kind in ("go", "go-grpc"):
        options += [f"--plugin=protoc-gen-{kind}=bin/protoc-gen-{kind}", f"--{kind}_out=."]
        options += [f"--{kind}_opt=module=ecrfixture.test"]
    run(sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", *options, *files)


def test_a_program_on_generated_stubs_breaks_heals_and_judges(ecr_fixture: EcrFixture) -> None:
    shutil.rmtree(MODULE, ignore_errors=True)
    MODULE.mkdir(parents=True)
    for name in ("go.mod", "go.sum", "main.go"):
        shutil.copy(HERE / name, MODULE)
    generate()
    run("go", "vet", ".")
    run("go", "build", "-o", "bin/story", ".")
    said = run("bin/story", ecr_fixture.address, ecr_fixture.token)
    assert said == "503 200 VERDICT_PASS\n"


def test_the_program_is_short() -> None:
    assert len((HERE / "main.go").read_text().splitlines()) <= MOST_LINES
