"""The only protobuf ⇄ value code. Internal."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, TypeVar

from google.protobuf.duration_pb2 import Duration as DurationMessage
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.timestamp_pb2 import Timestamp

from ecrfixture import records
from ecrfixture.control.v1 import asserts_pb2, clock_pb2, faults_pb2, journal_pb2, state_pb2, tasks_pb2, worlds_pb2
from ecrfixture.errors import InvalidRequest, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
    from google.protobuf.message import Message

Parsed = TypeVar("Parsed", bound="Message")

_NANOS = 1_000_000_000


def parsed(form: Mapping[str, object], kind: type[Parsed], path: str) -> Parsed:
    """A message from protobuf's JSON mapping. Raises `InvalidRequest`, naming `path`, for a form that is none."""
    try:
        return ParseDict(form, kind())  # type: ignore[arg-type]  # Takes any mapping, though typed as a dict.
    except ParseError as error:
        raise InvalidRequest(f"not a {kind.__name__}", violations=[Violation(path, str(error))]) from None


def word(enum: EnumTypeWrapper, number: int) -> str:
    """The name of an enum value without the enum's prefix; the number itself for one that is not known yet."""
    prefix = enum.DESCRIPTOR.values[0].name.removesuffix("UNSPECIFIED")
    value = enum.DESCRIPTOR.values_by_number.get(number)
    return value.name.removeprefix(prefix) if value else str(number)


def clock_mode(mode: str) -> clock_pb2.ClockMode:
    """The mode of a clock."""
    return clock_pb2.CLOCK_MODE_FLOWING if mode == "flowing" else clock_pb2.CLOCK_MODE_FROZEN


def listen_mode(mode: str) -> worlds_pb2.ListenMode:
    """How a world is reached."""
    return worlds_pb2.LISTEN_MODE_DEDICATED if mode == "dedicated" else worlds_pb2.LISTEN_MODE_SHARED


def repository_uri_mode(mode: str) -> worlds_pb2.RepositoryUriMode:
    """What `repositoryUri` shows."""
    return worlds_pb2.REPOSITORY_URI_MODE_AWS if mode == "aws" else worlds_pb2.REPOSITORY_URI_MODE_ADVERTISED


def auth_mode(mode: str) -> worlds_pb2.AuthMode:
    """What a world asks of signatures."""
    return {
        "off": worlds_pb2.AUTH_MODE_OFF,
        "claimed": worlds_pb2.AUTH_MODE_CLAIMED,
        "verified": worlds_pb2.AUTH_MODE_VERIFIED,
        "verified_on_world_clock": worlds_pb2.AUTH_MODE_VERIFIED_ON_WORLD_CLOCK,
    }[mode]


def registry_profile(profile: str) -> worlds_pb2.RegistryProfile:
    """How a registry surface behaves."""
    return worlds_pb2.REGISTRY_PROFILE_OCI if profile == "oci" else worlds_pb2.REGISTRY_PROFILE_ECR


def nanos_of(instant: Timestamp) -> int:
    """Nanoseconds since 1970."""
    return instant.seconds * _NANOS + instant.nanos


def timestamp(nanos: int) -> Timestamp:
    """The instant so many nanoseconds after 1970."""
    seconds, rest = divmod(nanos, _NANOS)
    return Timestamp(seconds=seconds, nanos=rest)


def timestamp_of(instant: datetime) -> Timestamp:
    """The instant of a `datetime`, taken as UTC if it has no zone."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)
    since = aware - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return timestamp((since.days * 86_400 + since.seconds) * _NANOS + since.microseconds * 1_000)


def duration(nanos: int) -> DurationMessage:
    """A duration of so many nanoseconds."""
    seconds, rest = divmod(nanos, _NANOS)
    return DurationMessage(seconds=seconds, nanos=rest)


def _instant(stamp: Timestamp) -> datetime:
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(
        seconds=stamp.seconds, microseconds=stamp.nanos // 1000
    )


def clock(message: clock_pb2.Clock) -> records.Clock:
    """A clock."""
    tick = timedelta(seconds=message.mutation_tick.seconds, microseconds=message.mutation_tick.nanos // 1000)
    return records.Clock(word(clock_pb2.ClockMode, message.mode), _instant(message.now), tick)


def timer(message: clock_pb2.Timer) -> records.Timer:
    """A timer."""
    return records.Timer(message.owner, message.timer_class, _instant(message.due))


def advanced(message: clock_pb2.AdvanceResponse) -> records.Advanced:
    """The answer of `Advance`."""
    return records.Advanced(
        clock(message.clock),
        tuple(map(timer, message.fired)),
        message.fired_count,
        message.pending_count,
        tuple(message.held),
        tuple(message.external),
        message.settled,
    )


def seed_result(message: state_pb2.ApplyResponse) -> records.SeedResult:
    """The answer of `Apply`, summed over its documents."""
    images = tuple(
        records.AppliedImage(image.repository, image.digest, tuple(image.tags))
        for result in message.results
        for image in result.images
    )
    return records.SeedResult(
        sum(result.created for result in message.results),
        sum(result.updated for result in message.results),
        sum(result.unchanged for result in message.results),
        images,
    )


def rule_status(message: faults_pb2.RuleStatus) -> records.RuleStatus:
    """A rule with its counters."""
    rule = message.rule
    return records.RuleStatus(rule.name, message.text, rule.tag, message.matched, message.fired, message.step)


def gate(message: faults_pb2.Gate) -> records.Gate:
    """A gate."""
    return records.Gate(message.name, message.open, tuple(message.waiters))


def task(message: tasks_pb2.Task) -> records.Task:
    """A task."""
    return records.Task(
        message.name,
        message.kind,
        word(tasks_pb2.TaskState, message.state),
        dict(message.facts),
        _instant(message.created),
        _instant(message.ended) if message.HasField("ended") else None,
        message.failure_code,
        message.attempts,
    )


def call(message: journal_pb2.Call) -> records.Call:
    """A record of the journal."""
    return records.Call(
        name=message.name,
        number=message.number,
        surface=message.surface,
        operation=message.operation,
        facts=dict(message.facts),
        phase=word(journal_pb2.Phase, message.phase),
        outcome=word(journal_pb2.Outcome, message.outcome) if message.outcome else "",
        status=message.status if message.HasField("status") else None,
        error=message.error,
        arrived=_instant(message.arrived),
        finished=_instant(message.finished) if message.HasField("finished") else None,
        arrived_micros=message.arrived_micros,
        bytes_in=message.bytes_in,
        bytes_out=message.bytes_out,
        revision_before=message.revision_before,
        revision_after=message.revision_after,
        decisions=tuple(
            records.Decision(decision.rule, decision.step, decision.action, decision.shadowed)
            for decision in message.decisions
        ),
        caused_by=message.caused_by,
        request_line=message.request_line,
        headers=dict(message.headers),
    )


def verdict(message: asserts_pb2.VerifyResponse) -> records.Verdict:
    """The answer of `Verify`."""
    items = tuple(
        records.VerdictItem(
            word(asserts_pb2.Verdict, item.verdict),
            tuple(item.matched),
            item.actual,
            item.expected,
            tuple(records.NearMiss(call(near.call), tuple(near.differences), near.hint) for near in item.near_misses),
            item.text,
        )
        for item in message.items
    )
    return records.Verdict(word(asserts_pb2.Verdict, message.verdict), message.checked_through, items, message.text)


def report(message: worlds_pb2.FinishWorldResponse, *, strays_fail: bool) -> records.Report:
    """The answer of `FinishWorld`.

    Whose a stray call is the daemon cannot tell. On a daemon of its own it is the test's, and fails it; on one that
    others use too it is only shown.
    """
    findings = tuple(
        records.Finding(kind, strays_fail if kind == "STRAY_CALL" else finding.fails, finding.subject, finding.text)
        for finding in message.findings
        for kind in [word(worlds_pb2.FindingKind, finding.kind)]
    )
    strays = sum(finding.fails and finding.kind == "STRAY_CALL" for finding in findings)
    # The daemon's text does not count them as failing.
    note = f"This daemon is the test's own, so calls that reached no world fail it: {strays}\n\n" if strays else ""
    return records.Report(not any(finding.fails for finding in findings), findings, note + message.text)
