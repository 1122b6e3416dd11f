"""Fixtures of the client's own tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_control import FakeControl, serving

from ecrfixture import EcrFixture


@pytest.fixture
def control() -> FakeControl:
    """A fake control plane; tell it what to answer."""
    return FakeControl()


@pytest.fixture
def address(control: FakeControl) -> Iterator[str]:
    """Where the fake control plane is served."""
    with serving(control) as place:
        yield place


@pytest.fixture
def fixture(address: str) -> Iterator[EcrFixture]:
    """A client attached to the fake control plane."""
    with EcrFixture.attach(address, "secret", environment={}) as attached:
        yield attached
