"""The journey of the AWS SDK for Go v2. `go/go.mod` and `go.sum` pin it; it is built below `target/`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from conftest import RunJourney

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent.parent / "target" / "test-sdk" / "go" / "journey"
# No toolchain but the one that is here, and the versions that are pinned.
SETTINGS = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}


def build() -> None:
    """Vets and builds the program."""
    for command in (["go", "vet", "."], ["go", "build", "-o", str(BUILT), "."]):
        ran = subprocess.run(
            command,
            cwd=HERE / "go",
            env={**os.environ, **SETTINGS},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ran.returncode == 0, f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"


def test_go(journey: RunJourney) -> None:
    build()
    journey("go", [str(BUILT)], HERE / "go", user_agent="aws-sdk-go-v2/")
