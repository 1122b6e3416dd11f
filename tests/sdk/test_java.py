"""The journey of the AWS SDK for Java 2. `java/pom.xml` pins it; classes go below `target/`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from conftest import RunJourney

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent.parent / "target" / "test-sdk" / "java"
# What this version does not know yet.
UNKNOWN = {
    "DescribeReplicationBackfillResults",
    "ListReplicationBackfills",
    "StartReplicationBackfill",
    "StopReplicationBackfill",
}


def build() -> str:
    """Compiles the program from what has been downloaded. Answers its class path."""
    command = ["mvn", "-q", "-B", "--offline", "compiler:compile", "dependency:build-classpath"]
    ran = subprocess.run(command, cwd=HERE / "java", capture_output=True, text=True, timeout=200, check=False)
    assert ran.returncode == 0, f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
    libraries = (BUILT / "classpath").read_text(encoding="utf-8").strip()
    return os.pathsep.join((str(BUILT / "classes"), libraries))


def test_java(journey: RunJourney) -> None:
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", build(), "ecrfixture.Journey"]
    journey("java", command, HERE / "java", user_agent="aws-sdk-java/2.", without=UNKNOWN)
