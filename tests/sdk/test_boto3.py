"""boto3's journey."""

from __future__ import annotations

from pathlib import Path

from conftest import CLIENTS, RunJourney


def test_boto3(journey: RunJourney) -> None:
    command = [str(CLIENTS / "python"), "boto3_journey.py"]
    journey("boto3", command, Path(__file__).parent, user_agent="Boto3/1.44.")
