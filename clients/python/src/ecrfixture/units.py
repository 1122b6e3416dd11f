"""Durations and sizes as the language's types or as text. Pure.

A duration is a `timedelta` or text such as `"10m"`, `"1h30m"`, `"1.5s"`; units are `d h m s ms us ns`. Inside they
are whole nanoseconds, which is what the daemon's clock counts: a `datetime` would cut an instant to microseconds and
so could end a moment before a window does. A size is a number of bytes or text such as `"1MiB"`; units are
`B KiB MiB GiB`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

Duration: TypeAlias = "timedelta | str"
Size: TypeAlias = "int | str"

_NANOS = {
    "d": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
_BYTES = {"": 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|ns|d|h|m|s)")
_SIZE = re.compile(r"(\d+)([A-Za-z]*)")


def nanoseconds(duration: Duration) -> int:
    """Whole nanoseconds of a duration. Raises `ValueError` for text that is none, and for a negative one."""
    if isinstance(duration, timedelta):
        micros = (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds
        if micros < 0:
            raise ValueError(f"a duration cannot be negative: {duration}")
        return micros * 1_000
    parts = _DURATION_PART.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f'not a duration: {duration!r}; write "10m", "1h30m" or "1.5s"')
    nanos = sum(Decimal(number) * _NANOS[unit] for number, unit in parts)
    if nanos != int(nanos):
        raise ValueError(f"finer than a nanosecond: {duration!r}")
    return int(nanos)


def duration_text(nanos: int) -> str:
    """The shortest text for a duration, largest units first: `10m`, `1h30m`, `0s`."""
    text = ""
    for unit, size in _NANOS.items():
        count, nanos = divmod(nanos, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def duration_json(duration: Duration) -> str:
    """A duration in protobuf's JSON mapping: seconds with an `s`, as many decimals as are needed."""
    seconds, nanos = divmod(nanoseconds(duration), 1_000_000_000)
    return f"{seconds}.{nanos:09d}".rstrip("0").rstrip(".") + "s" if nanos else f"{seconds}s"


def size_bytes(size: Size) -> int:
    """Bytes of a size. Raises `ValueError` for text that is none."""
    if isinstance(size, int):
        if size < 0:
            raise ValueError(f"a size cannot be negative: {size}")
        return size
    match = _SIZE.fullmatch(size)
    if match is None or match[2] not in _BYTES:
        raise ValueError(f'not a size: {size!r}; write 1048576 or "1MiB"')
    return int(match[1]) * _BYTES[match[2]]


def size_text(count: int) -> str:
    """The shortest exact text for a size: `1MiB`, `1500B`."""
    for unit in ("GiB", "MiB", "KiB"):
        if count and count % _BYTES[unit] == 0:
            return f"{count // _BYTES[unit]}{unit}"
    return f"{count}B"
