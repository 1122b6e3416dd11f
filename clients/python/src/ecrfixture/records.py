"""What the daemon tells, as plain immutable values. Pure; no protobuf type is seen outside `_convert`.

Instants are `datetime` in UTC, cut to microseconds. Closed sets are upper-case text without the protobuf prefix, e.g.
`"FINISHED"`. What is absent is `None`; an empty text means that there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Clock:
    """A world's clock: `mode` is FROZEN or FLOWING; each write moves a frozen one by `mutation_tick`."""

    mode: str
    now: datetime
    mutation_tick: timedelta


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that fired or waits. `owner` is what it belongs to, e.g. `replication/3`."""

    owner: str
    timer_class: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Advanced:
    """Where the clock stands after `advance`.

    `fired` lists at most 1 000 of the `fired_count` timers. `held` are calls and tasks at gates, `external` calls
    whose bodies were on their way; `settled` says that there are none of either.
    """

    clock: Clock
    fired: tuple[Timer, ...]
    fired_count: int
    pending_count: int
    held: tuple[str, ...]
    external: tuple[str, ...]
    settled: bool


@dataclass(frozen=True, slots=True)
class AppliedImage:
    """An image that a seed document put somewhere; for an upstream the repository is `host/name`."""

    repository: str
    digest: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeedResult:
    """What `seed` did, over all documents: objects created, changed, found as they should be, and the images."""

    created: int
    updated: int
    unchanged: int
    images: tuple[AppliedImage, ...]


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """A rule in force.

    `text` is its canonical text, `matched` how often it matched, `fired` how often it acted, and `step` the step, from
    0, that the next match meets; the number of steps when the plan is spent.
    """

    name: str
    text: str
    tag: str
    matched: int
    fired: int
    step: int


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate that rules name: whether it is open for good, and who waits at it (`calls/12`, `tasks/3`)."""

    name: str
    open: bool
    waiters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """Work that a world does in its own time. `state` is PENDING, HELD, COMPLETE or FAILED."""

    name: str
    kind: str
    state: str
    facts: Mapping[str, str]
    created: datetime
    ended: datetime | None
    failure_code: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule did to a record: the step of its plan, from 0, and the action as text, `pass` for none."""

    rule: str
    step: int
    action: str
    shadowed: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One record of the journal: a call on either surface, a call that the daemon made upstream, or a task.

    `arrived` and `finished` are virtual time; `arrived_micros` real microseconds since the daemon's start. `bytes_in`
    and `bytes_out` count bodies only. `caused_by` is the number of the record that caused this one, 0 for none.
    """

    name: str
    number: int
    surface: str
    operation: str
    facts: Mapping[str, str]
    phase: str
    outcome: str
    status: int | None
    error: str
    arrived: datetime
    finished: datetime | None
    arrived_micros: int
    bytes_in: int
    bytes_out: int
    revision_before: int
    revision_after: int
    decisions: tuple[Decision, ...]
    caused_by: int
    request_line: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A record that almost matched, one sentence for each difference, and what this often means."""

    call: Call
    differences: tuple[str, ...]
    hint: str


@dataclass(frozen=True, slots=True)
class VerdictItem:
    """The verdict on one expectation; `matched` has at most 1 000 of the `actual` record numbers."""

    verdict: str
    matched: tuple[int, ...]
    actual: int
    expected: str
    near_misses: tuple[NearMiss, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict: PASS, FAIL or INCONCLUSIVE, one item for each expectation, and the text to print."""

    verdict: str
    checked_through: int
    items: tuple[VerdictItem, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a finish report found, e.g. MUST_FIRE_UNMET; `fails` says that it fails a test."""

    kind: str
    fails: bool
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What `finish` saw. `ok` says that no finding fails the test; `text` is the whole report to print.

    `kept` says that the world was left alone because of `ECR_FIXTURE_KEEP`; then the text says where it is.
    """

    ok: bool
    findings: tuple[Finding, ...]
    text: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Stray:
    """A call that reached no world of its own, and why."""

    call: Call
    reason: str


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """About the daemon: version, base URL of the registry surface, `host:port` of the control plane, its operations.

    `tls_ca_pem` is the certificate authority of the registry surface; empty if it made none.
    """

    version: str
    api: str
    data: str
    control: str
    operations: tuple[str, ...]
    missing_operations: tuple[str, ...]
    tls_ca_pem: str = ""


@dataclass(frozen=True, slots=True)
class Aws:
    """What an AWS SDK needs to reach a world."""

    endpoint: str
    region: str
    account_id: str
    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """What a registry client needs to log in. `host` is `host:port`; the password lasts twelve virtual hours."""

    username: str
    password: str = field(repr=False)
    host: str


@dataclass(frozen=True, slots=True)
class DockerConfig:
    """A temporary `config.json` with the world's login, and the environment that points at it."""

    directory: Path
    file: Path

    @property
    def environment(self) -> dict[str, str]:
        """`DOCKER_CONFIG` for docker and its like, `REGISTRY_AUTH_FILE` for podman, skopeo and buildah."""
        return {"DOCKER_CONFIG": str(self.directory), "REGISTRY_AUTH_FILE": str(self.file)}


@dataclass(frozen=True, slots=True)
class Blob:
    """A config or layer; `size` in bytes."""

    digest: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image that was pushed or pulled. `reference` is as given; `size` counts config and layers, in bytes."""

    reference: str
    repository: str
    digest: str
    media_type: str
    manifest: bytes = field(repr=False)
    config: Blob
    layers: tuple[Blob, ...]

    @property
    def size(self) -> int:
        """Bytes of the config and all layers."""
        return self.config.size + sum(layer.size for layer in self.layers)
