"""The journey of the AWS CLI, version 1."""

from __future__ import annotations

from pathlib import Path

from conftest import CLIENTS, RunJourney

# What the botocore inside this version does not know yet.
_WITHOUT = (
    "DescribeReplicationBackfillResults",
    "ListReplicationBackfills",
    "StartReplicationBackfill",
    "StopReplicationBackfill",
)


def test_cli(journey: RunJourney) -> None:
    command = [str(CLIENTS / "python"), "cli_journey.py", str(CLIENTS / "aws")]
    journey("cli", command, Path(__file__).parent, user_agent="aws-cli/1.", without=_WITHOUT)
