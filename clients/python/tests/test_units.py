from __future__ import annotations

from datetime import timedelta

import pytest

from ecrfixture.units import duration_json, duration_text, nanoseconds, size_bytes, size_text


@pytest.mark.parametrize(
    ("given", "nanos", "text", "json"),
    [
        ("10m", 600_000_000_000, "10m", "600s"),
        ("90m", 5_400_000_000_000, "1h30m", "5400s"),
        ("1.5s", 1_500_000_000, "1s500ms", "1.5s"),
        ("1ns", 1, "1ns", "0.000000001s"),
        ("0s", 0, "0s", "0s"),
        (timedelta(days=2, microseconds=3), 172_800_000_003_000, "2d3us", "172800.000003s"),
    ],
)
def test_a_duration_has_one_value_in_every_spelling(given, nanos, text, json):
    assert nanoseconds(given) == nanos
    assert duration_text(nanos) == text
    assert duration_json(given) == json
    assert nanoseconds(text) == nanos


@pytest.mark.parametrize("text", ["", "10", "m", "10 m", "-1s", "1y", "0.5ns", "10m5"])
def test_text_that_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match=r"not a duration|finer"):
        nanoseconds(text)


def test_a_negative_duration_is_refused():
    with pytest.raises(ValueError, match="negative"):
        nanoseconds(timedelta(seconds=-1))


@pytest.mark.parametrize(
    ("given", "count", "text"), [("1MiB", 1 << 20, "1MiB"), (1500, 1500, "1500B"), ("2048", 2048, "2KiB"), (0, 0, "0B")]
)
def test_a_size_has_one_value_in_every_spelling(given, count, text):
    assert size_bytes(given) == count
    assert size_text(count) == text
    assert size_bytes(text) == count


@pytest.mark.parametrize("text", ["", "MiB", "1MB", "1.5MiB", "-1"])
def test_text_that_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="not a size"):
        size_bytes(text)
