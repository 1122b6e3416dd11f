"""Turns a failed gRPC call into this package's errors, by reason and details, never by message text. Internal."""

from __future__ import annotations

from typing import Any

from google.rpc import error_details_pb2, status_pb2
from grpc import RpcError, StatusCode

from ecrfixture.errors import (
    FixtureError,
    InvalidRequest,
    LimitExceeded,
    Unavailable,
    Violation,
    WorldFinished,
    WorldNotFound,
)

_DETAILS = "grpc-status-details-bin"
_BY_REASON: dict[str, type[FixtureError]] = {
    "WORLD_NOT_FOUND": WorldNotFound,
    "WORLD_FINISHED": WorldFinished,
    "LIMIT_EXCEEDED": LimitExceeded,
    "EVENT_BUDGET_EXCEEDED": LimitExceeded,
}
_BY_CODE: dict[StatusCode, type[FixtureError]] = {
    StatusCode.RESOURCE_EXHAUSTED: LimitExceeded,
    StatusCode.UNAVAILABLE: Unavailable,
    StatusCode.DEADLINE_EXCEEDED: Unavailable,
}


def refusal(error: RpcError, method: str, target: str) -> FixtureError:
    """The error to raise for a call of `method` at `target`. The gRPC error is not part of it."""
    code = error.code()
    reason, violations = _details(error)
    message = f"{method}: {error.details() or code.name}"
    if violations or (code is StatusCode.INVALID_ARGUMENT and reason not in _BY_REASON):
        return InvalidRequest(message, violations=violations, reason=reason, code=code.name)
    kind = _BY_REASON.get(reason) or _BY_CODE.get(code, FixtureError)
    if kind is Unavailable:
        message = f"{method}: the daemon at {target} did not answer: {error.details() or code.name}"
    elif code is StatusCode.UNAUTHENTICATED:
        message += " (for an attached daemon set ECR_FIXTURE_TOKEN to the token of its ready line)"
    return kind(message, reason=reason, code=code.name)


def _details(error: RpcError) -> tuple[str, list[Violation]]:
    """Reason and violations of the details that travel in the trailing metadata; empty if there are none."""
    status = status_pb2.Status()
    # The stubs describe one entry where grpc gives a tuple of pairs.
    metadata: Any = error.trailing_metadata() or ()
    for key, value in metadata:
        if key == _DETAILS and isinstance(value, bytes):
            status.ParseFromString(value)
    reason = ""
    violations: list[Violation] = []
    for detail in status.details:
        info, bad_request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad_request):
            violations += [Violation(item.field, item.description) for item in bad_request.field_violations]
    return reason, violations
