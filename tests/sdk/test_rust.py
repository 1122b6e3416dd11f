"""The journey of the AWS SDK for Rust, a member of the workspace that `Cargo.lock` pins."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from conftest import RunJourney

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PACKAGE = "ecr-fixture-sdk-journey"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def build() -> None:
    """Builds the program; by itself, so that the SDK's features do not reach the daemon."""
    command = ["cargo", "build", "--locked", "--package", PACKAGE]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"


def test_rust(journey: RunJourney) -> None:
    build()
    journey("rust", [str(TARGET / "debug" / PACKAGE)], HERE / "rust", user_agent="aws-sdk-rust/")
