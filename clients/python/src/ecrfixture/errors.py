"""Everything this package raises. Pure: no grpc, no protobuf.

Which class a refusal of the daemon becomes is decided by the reason and the violations that it sends, never by the
text of its message; see `_refusals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecrfixture.records import Verdict


class FixtureError(Exception):
    """Something went wrong between the test and the daemon.

    `reason` is the daemon's reason in upper snake case, empty when the daemon gave none; `code` is the name of the
    gRPC status, empty when no call was made.
    """

    def __init__(self, message: str, *, reason: str = "", code: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.code = code


class BinaryNotFound(FixtureError):
    """No `ecr-fixture` binary was found. The message lists every place that was tried and how to install one."""

    def __init__(self, message: str, *, tried: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.tried = tuple(tried)


class StartFailed(FixtureError):
    """The daemon did not become ready. `exit_code` is absent when it was still running; `stderr` is its last lines."""

    def __init__(self, message: str, *, exit_code: int | None = None, stderr: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.stderr = tuple(stderr)


class Unavailable(FixtureError):
    """The daemon cannot be reached, or did not answer within the deadline."""


class IncompatibleVersion(FixtureError):
    """Client and daemon have different major versions, or speak different control planes."""


class WorldNotFound(FixtureError):
    """There is no world of this name."""


class WorldFinished(WorldNotFound):
    """The world was there and has been finished, by a test's end or because its lease ran out."""


class LimitExceeded(FixtureError):
    """A documented limit was met, e.g. the event budget of `advance`."""


class Inconclusive(FixtureError):
    """`verify` cannot decide: the journal no longer holds the records. Not an assertion failure."""

    def __init__(self, message: str, verdict: Verdict) -> None:
        super().__init__(message, reason="INCONCLUSIVE")
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with a request: where, as a field path or `line:column`, and what."""

    field: str
    description: str


class InvalidRequest(FixtureError):
    """The daemon refused a request as malformed. `violations` lists everything wrong with it at once."""

    def __init__(
        self, message: str, *, violations: Sequence[Violation] = (), reason: str = "", code: str = "INVALID_ARGUMENT"
    ) -> None:
        listed = "".join(f"\n  {violation.field}: {violation.description}" for violation in violations)
        super().__init__(message + listed, reason=reason, code=code)
        self.violations = tuple(violations)


class RegistryError(FixtureError):
    """`push`, `pull` or `login` was refused by the registry, or its connection broke.

    `status` is the HTTP status, absent when no answer came; `error` is the error code of the answer, e.g.
    `MANIFEST_UNKNOWN` or `ThrottlingException`, empty when there was none.
    """

    def __init__(self, message: str, *, status: int | None = None, error: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.error = error


class ExpectationFailed(AssertionError):
    """`verify` answered FAIL. The message is the daemon's report; `verdict` has it in parts."""

    def __init__(self, message: str, verdict: Verdict) -> None:
        super().__init__(message)
        self.verdict = verdict
