"""The journey of the AWS SDK for JavaScript. `npm ci` in `js/` installs it."""

from __future__ import annotations

from pathlib import Path

from conftest import RunJourney


def test_javascript(journey: RunJourney) -> None:
    journey("js", ["node", "journey.mjs"], Path(__file__).parent / "js", user_agent="aws-sdk-js/3.")
