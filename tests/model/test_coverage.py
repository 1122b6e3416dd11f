"""The suite handles the whole model, and the daemon has every operation of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import handled
from service import OPERATIONS

Opened = Callable[[str], Any]


def test_c_222_the_whole_model_is_handled(variants: Opened) -> None:
    """A new operation, member, constraint, paginator or waiter fails here until there is a fixture for it."""
    with variants("the suite") as counted:
        missing = handled.missing()
        counted.judge("coverage", "handles the model", missing)


def test_c_001_the_daemon_has_every_operation(absent: frozenset[str], variants: Opened) -> None:
    with variants("the daemon") as counted:
        for operation in OPERATIONS:
            counted.judge("operation", operation, ["says that it is missing"] if operation in absent else [])
