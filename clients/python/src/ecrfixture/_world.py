"""A world: one test's own universe of registries, and everything that a test can do with it. Internal home."""

from __future__ import annotations

import os
import shutil
import ssl
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ecrfixture import _convert, documents, records
from ecrfixture._content import image_content
from ecrfixture._registry import Connection, Reference, log_in
from ecrfixture._surroundings import aws_environment, boto3_client, write_authority, write_docker_config
from ecrfixture.control.v1 import (
    asserts_pb2,
    clock_pb2,
    faults_pb2,
    journal_pb2,
    state_pb2,
    tasks_pb2,
    worlds_pb2,
)
from ecrfixture.errors import ExpectationFailed, FixtureError, Inconclusive
from ecrfixture.matchers import Expectation, Matcher
from ecrfixture.matchers import calls as matcher_of
from ecrfixture.rules import Rule
from ecrfixture.units import Duration, Size, nanoseconds, size_bytes

if TYPE_CHECKING:
    from types import TracebackType

    from ecrfixture._channel import Channel, Stream

_PAGE = 1_000

Keep: TypeAlias = Literal["never", "on-failure", "always"]


class World:
    """An isolated universe of registries. `EcrFixture.world` and the fixture `ecr_world` make them.

    Its clock is frozen unless asked otherwise, so that nothing happens by itself: `advance` moves it. Methods raise
    `FixtureError` and its kinds. May be used from several threads.
    """

    def __init__(
        self, channel: Channel, message: worlds_pb2.World, *, attached: bool, keep: Keep, authority: str = ""
    ) -> None:
        self._channel = channel
        self._message = message
        self._attached = attached
        self._keep = keep
        self._authority = authority
        self._ca_file: Path | None = None
        self._forks: list[World] = []
        self._folders: list[Path] = []
        self._report: records.Report | None = None
        self._hold: Stream | None = None
        # A held world ends with this process, whatever happens to it; one that may be kept has its lease only.
        if attached and keep == "never":
            request = worlds_pb2.AttachWorldRequest(world=message.name)
            self._hold = channel.hold("WorldsService/AttachWorld", request, worlds_pb2.AttachWorldResponse)

    # What it is.

    @property
    def name(self) -> str:
        """Resource name, `worlds/{id}`."""
        return self._message.name

    @property
    def accounts(self) -> tuple[str, ...]:
        """Accounts, twelve digits each; the first is the default one."""
        return tuple(self._message.accounts)

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions named at creation, the default one first; every other region exists too."""
        return tuple(self._message.regions)

    @property
    def random_seed(self) -> int:
        """Seed of dice and minted ids."""
        return self._message.seed

    @property
    def endpoint(self) -> str:
        """Base URL for AWS SDKs."""
        return self._message.connection.endpoint

    @property
    def registry_host(self) -> str:
        """Registry host for docker and its like, `host:port`."""
        return self._message.connection.registry_host

    @property
    def ca_file(self) -> Path | None:
        """PEM file of the certificate authority to trust; absent unless the daemon made one. `finish` removes it."""
        if self._authority and self._ca_file is None:
            self._ca_file = write_authority(self._authority)
            self._folders.append(self._ca_file.parent)
        return self._ca_file

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} at {self.endpoint}>"

    # Seeding.

    def seed(
        self,
        *given: documents.Document | Mapping[str, object],
        repo: str | None = None,
        images: Iterable[documents.ImageLike] = (),
        replicate_to: Iterable[str] | None = None,
        task_retry: Duration | None = None,
        replication_duration: Duration | None = None,
        region: str | None = None,
        account: str | None = None,
        tag_mutability: documents.TagMutability | None = None,
        scan_on_push: bool | None = None,
        documents: Iterable[documents.Document | Mapping[str, object]] = (),
        validate_only: bool = False,
    ) -> records.SeedResult:
        """Puts state into the world: all of it or, when something is refused, nothing. Idempotent.

        Documents come from `upstream`, `cache_rule`, `repository` and so on, or are dictionaries in protobuf's JSON
        mapping. The keywords are short for the usual ones: a repository `repo` with `images`; `replicate_to` replaces
        the registry's replication configuration by one rule for every repository; `task_retry` is when a failed
        replication is tried again (at first never, as in ECR) and `replication_duration` how long one takes (at first
        nothing). Region and account: at first the world's first. Raises `InvalidRequest` with a violation each.
        """
        every = [
            *_shorthand(repo, images, replicate_to, region, account, tag_mutability, scan_on_push),
            *_task_times(task_retry, replication_duration),
            *given,
            *documents,
        ]
        request = state_pb2.ApplyRequest(world=self.name, validate_only=validate_only)
        for index, document in enumerate(every):
            form = document if isinstance(document, Mapping) else document.to_json()
            request.documents.append(_convert.parsed(form, state_pb2.Document, f"documents[{index}]"))
        return _convert.seed_result(self._channel.call("StateService/Apply", request, state_pb2.ApplyResponse))

    # Faults.

    def fault(
        self, *rules: Rule | str, replace: bool = False, validate_only: bool = False
    ) -> tuple[records.RuleStatus, ...]:
        """Sets fault rules, all or none: built by `on`, or as text, one rule a line.

        A rule of a present rule's name takes its place; `replace` removes all present ones first. Built rules come
        before those in text. Raises `InvalidRequest` with every violation; for text each shows line, column and caret.
        """
        request = faults_pb2.ApplyRulesRequest(world=self.name, validate_only=validate_only)
        built = [rule for rule in rules if isinstance(rule, Rule)]
        request.rules.extend(
            _convert.parsed(rule.to_json(), faults_pb2.Rule, f"rules[{index}]") for index, rule in enumerate(built)
        )
        request.text = "\n".join(rule for rule in rules if isinstance(rule, str))
        if replace:
            request.mode = faults_pb2.APPLY_RULES_MODE_REPLACE_ALL
        reply = self._channel.call("FaultsService/ApplyRules", request, faults_pb2.ApplyRulesResponse)
        return tuple(map(_convert.rule_status, reply.rules))

    def rules(self) -> tuple[records.RuleStatus, ...]:
        """All fault rules with their counters, in order of evaluation."""
        request = faults_pb2.ListRulesRequest(world=self.name)
        reply = self._channel.call("FaultsService/ListRules", request, faults_pb2.ListRulesResponse)
        return tuple(map(_convert.rule_status, reply.rules))

    def clear_faults(self, *names: str, tag: str = "") -> int:
        """Removes rules by name and by tag, or all if neither is given. Answers how many went. Idempotent."""
        request = faults_pb2.DeleteRulesRequest(world=self.name, names=names, tag=tag, all=not (names or tag))
        return self._channel.call("FaultsService/DeleteRules", request, faults_pb2.DeleteRulesResponse).deleted

    def open_gate(self, gate: str, count: int | None = None) -> int:
        """Lets `count` waiters at a gate go on, or opens it for good. Answers how many went through."""
        request = faults_pb2.OpenGateRequest(world=self.name, gate=gate, count=count)
        return self._channel.call("FaultsService/OpenGate", request, faults_pb2.OpenGateResponse).released

    def gates(self) -> tuple[records.Gate, ...]:
        """Gates that rules name, in order, with who waits at them."""
        request = faults_pb2.ListGatesRequest(world=self.name)
        reply = self._channel.call("FaultsService/ListGates", request, faults_pb2.ListGatesResponse)
        return tuple(map(_convert.gate, reply.gates))

    # Time.

    def clock(self) -> records.Clock:
        """The world's clock."""
        return _convert.clock(self._clock())

    def set_clock(
        self, *, mode: Literal["frozen", "flowing"] | None = None, now: datetime | None = None
    ) -> records.Clock:
        """Sets mode or time; timers up to `now` fire. An earlier time raises `FixtureError`, reason CLOCK_BACKWARDS."""
        request = clock_pb2.UpdateClockRequest(world=self.name, now=None if now is None else _convert.timestamp_of(now))
        if mode is not None:
            request.mode = _convert.clock_mode(mode)
        reply = self._channel.call("ClockService/UpdateClock", request, clock_pb2.UpdateClockResponse)
        return _convert.clock(reply.clock)

    def advance(self, target: Duration | datetime, *, event_budget: int | None = None) -> records.Advanced:
        """Moves the clock by a duration, `"10m"` or a `timedelta`, or to a `datetime`; answers when all due work ran.

        A call that the network repeats does not move twice. Raises `LimitExceeded` when more timers fire than
        `event_budget`, at first 10 000, and `FixtureError`, reason CLOCK_BACKWARDS, for an earlier time.
        """
        if isinstance(target, datetime):
            to = _convert.timestamp_of(target)
        else:
            to = _convert.timestamp(_convert.nanos_of(self._clock().now) + nanoseconds(target))
        return self._advance(clock_pb2.AdvanceRequest(to=to, event_budget=event_budget))

    def advance_to_next(self) -> records.Advanced:
        """Moves the clock to the next timer, if there is one, and lets its work run."""
        return self._advance(clock_pb2.AdvanceRequest(next_event=True))

    def timers(self) -> tuple[records.Timer, ...]:
        """Pending timers, the next one first."""
        request = clock_pb2.ListTimersRequest(world=self.name)
        reply = self._channel.call("ClockService/ListTimers", request, clock_pb2.ListTimersResponse)
        return tuple(map(_convert.timer, reply.timers))

    def tasks(self) -> tuple[records.Task, ...]:
        """Tasks, such as replications, oldest first."""
        request = tasks_pb2.ListTasksRequest(world=self.name)
        reply = self._channel.call("TasksService/ListTasks", request, tasks_pb2.ListTasksResponse)
        return tuple(map(_convert.task, reply.tasks))

    # What was called.

    def calls(self, matcher: Matcher | str | None = None, *, since: str = "") -> tuple[records.Call, ...]:
        """Records of the journal that match, oldest first; all of them without a matcher. `since` is a `mark`."""
        return tuple(self._pages(matcher_of(matcher) if isinstance(matcher, str) else matcher, since))

    def mark(self) -> str:
        """Names the present end of the journal, for `since`."""
        request = journal_pb2.MarkRequest(world=self.name)
        return self._channel.call("JournalService/Mark", request, journal_pb2.MarkResponse).mark

    def verify(self, *expectations: Expectation, since: str = "") -> records.Verdict:
        """Judges expectations, `calls("ecr:PutImage").exactly(2)`; all are judged. `since` is a `mark`.

        Raises `ExpectationFailed`, an `AssertionError` with the daemon's report, if one does not hold, and
        `Inconclusive` if the journal no longer holds what would decide.
        """
        __tracebackhide__ = True
        parsed = [
            _convert.parsed(expectation.to_json(), asserts_pb2.Expectation, f"expectations[{index}]")
            for index, expectation in enumerate(expectations)
        ]
        return self._judged(parsed, since)

    def verify_sequence(self, *matchers: Matcher, since: str = "", label: str = "") -> records.Verdict:
        """Judges that records matched in this order; others may lie in between. Raises as `verify` does."""
        __tracebackhide__ = True
        listed = [
            _convert.parsed(matcher.to_json(), journal_pb2.Matcher, f"expectations[0].sequence.matchers[{index}]")
            for index, matcher in enumerate(matchers)
        ]
        sequence = asserts_pb2.SequenceExpectation(matchers=listed)
        return self._judged([asserts_pb2.Expectation(label=label, sequence=sequence)], since)

    # Copies.

    def fork(self, count: int = 1, *, id_prefix: str | None = None, keep_counters: bool = False) -> tuple[World, ...]:
        """Makes copies of the world as it is now, in no time; each with an empty journal and an address of its own.

        Rules' counters start anew unless `keep_counters`. Forks are finished with this world unless they were before.
        """
        request = worlds_pb2.ForkWorldRequest(
            world=self.name, count=count, id_prefix=id_prefix, keep_counters=keep_counters
        )
        reply = self._channel.call("WorldsService/ForkWorld", request, worlds_pb2.ForkWorldResponse)
        forks = tuple(
            World(self._channel, message, attached=self._attached, keep=self._keep, authority=self._authority)
            for message in reply.worlds
        )
        self._forks += forks
        return forks

    def snapshot(self, name: str | None = None) -> str:
        """Freezes the world's present value and answers its name, `snapshots/{id}`, for `from_` and `restore`.

        `name` is its id, at first made by the daemon; `FixtureError` of code ALREADY_EXISTS if it is taken.
        """
        request = worlds_pb2.CreateSnapshotRequest(world=self.name, snapshot_id=name)
        reply = self._channel.call("WorldsService/CreateSnapshot", request, worlds_pb2.CreateSnapshotResponse)
        return reply.snapshot

    def restore(self, snapshot: str) -> None:
        """Puts a snapshot's value in place of the present one; the journal is kept."""
        request = worlds_pb2.RestoreWorldRequest(world=self.name, snapshot=resource("snapshots", snapshot))
        reply = self._channel.call("WorldsService/RestoreWorld", request, worlds_pb2.RestoreWorldResponse)
        self._message = reply.world

    # The registry, as its clients see it.

    def aws(self, region: str | None = None, account: str | None = None) -> records.Aws:
        """Endpoint and keys for an AWS SDK. Region and account: at first the world's first."""
        credentials = self._message.connection.credentials
        fitting = [item for item in credentials if account in (None, item.account_id)]
        if not fitting:
            raise ValueError(f"{self.name} has no account {account}; it has {', '.join(self.accounts)}")
        chosen = fitting[0]
        return records.Aws(
            self.endpoint,
            region or self.regions[0],
            chosen.account_id,
            chosen.access_key_id,
            chosen.secret_access_key,
        )

    def boto3(
        self,
        service: str = "ecr",
        *,
        region: str | None = None,
        account: str | None = None,
        **options: Any,
    ) -> Any:
        """A boto3 client for this world; `options` go to boto3. Raises `FixtureError` if boto3 is not installed."""
        if self.ca_file:
            options = {"verify": str(self.ca_file), **options}
        return boto3_client(service, self.aws(region, account), options)

    def login(self, *, region: str | None = None, account: str | None = None) -> records.Login:
        """User, password and host for `docker login`. Calls `GetAuthorizationToken`, which the journal records."""
        return log_in(self.aws(region, account), self.registry_host, self._tls())

    def docker_config(self, *, region: str | None = None, account: str | None = None) -> records.DockerConfig:
        """Writes a temporary `config.json` with the login; `finish` removes it. Loopback HTTP suits docker only."""
        config = write_docker_config(self.login(region=region, account=account))
        self._folders.append(config.directory)
        return config

    def env(self, *, region: str | None = None, account: str | None = None, docker: bool = True) -> dict[str, str]:
        """Environment for a child process that shall use this world: SDK endpoint, keys, region, no proxy, `ca_file`.

        With `docker` also the variables of `docker_config`, for which it logs in.
        """
        given = self._message.connection.environment
        variables = aws_environment(self.aws(region, account), given, os.environ)
        if self.ca_file:
            # The first is for AWS SDKs, the second for whatever is built with OpenSSL or Go.
            variables |= dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE"), str(self.ca_file))
        if docker:
            variables |= self.docker_config(region=region, account=account).environment
        return variables

    def push(
        self,
        reference: str,
        *,
        layers: int = 2,
        size: Size = 1024,
        region: str | None = None,
        account: str | None = None,
    ) -> records.Image:
        """Pushes an image over the registry port, as docker would: login, blobs, manifest. Nothing is retried.

        Its bytes follow from `repository:tag`, the number of `layers`, and the `size` of each layer's content. Raises
        `RegistryError`.
        """
        parsed = Reference.parse(reference)
        content = image_content(f"{parsed.repository}:{parsed.tag}", layers, size_bytes(size))
        with Connection(self.registry_host, self.login(region=region, account=account), self._tls()) as connection:
            return connection.push(parsed, reference, content)

    def pull(self, reference: str, *, region: str | None = None, account: str | None = None) -> records.Image:
        """Pulls an image over the registry port and checks every digest. Of several platforms it takes linux/amd64.

        Logs in first. Nothing is retried. Raises `RegistryError`.
        """
        parsed = Reference.parse(reference)
        with Connection(self.registry_host, self.login(region=region, account=account), self._tls()) as connection:
            return connection.pull(parsed, reference)

    # Its end.

    def finish(self, *, journal_tail: int | None = None) -> records.Report:
        """Ends the world and answers the report; a second time, the same report. Forks end first.

        Opens gates, stops faults, settles due work, looks for leaks. Failing findings of forks count as the world's.
        """
        if self._report is None:
            forks = [fork.finish(journal_tail=journal_tail) for fork in self._forks]
            request = worlds_pb2.FinishWorldRequest(world=self.name, journal_tail=journal_tail)
            try:
                reply = self._channel.call("WorldsService/FinishWorld", request, worlds_pb2.FinishWorldResponse)
            finally:
                self._let_go()
            self._report = _merged(_convert.report(reply, strays_fail=not self._attached), forks)
        return self._report

    def conclude(self, *, failed: bool) -> records.Report:
        """Finishes the world at a test's end, unless `ECR_FIXTURE_KEEP` says to keep it (attached daemons only)."""
        if self._report is None and (self._keep == "always" or (self._keep == "on-failure" and failed)):
            self._let_go()
            place = f"endpoint {self.endpoint}, registry {self.registry_host}, control {self._channel.target}"
            self._report = records.Report(True, (), f"{self.name} is kept: {place}", kept=True)
        return self.finish()

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finishes. Findings that fail raise `AssertionError`; after an error of the body nothing is raised."""
        __tracebackhide__ = True
        try:
            report = self.conclude(failed=error is not None)
        except FixtureError:
            if error is None:
                raise
            return
        if report.kept:
            print(report.text, file=sys.stderr)
        if error is None and not report.ok:
            raise AssertionError(report.text)

    def _tls(self) -> ssl.SSLContext | None:
        """How to speak to the registry; absent where it speaks plain HTTP."""
        if not self.endpoint.startswith("https:"):
            return None
        return ssl.create_default_context(cadata=self._authority or None)

    def _let_go(self) -> None:
        """Gives back what the world held on this side."""
        if self._hold:
            self._hold.close()
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._folders.clear()

    def _clock(self) -> clock_pb2.Clock:
        request = clock_pb2.GetClockRequest(world=self.name)
        return self._channel.call("ClockService/GetClock", request, clock_pb2.GetClockResponse).clock

    def _advance(self, request: clock_pb2.AdvanceRequest) -> records.Advanced:
        request.world = self.name
        request.request_id = str(uuid.uuid4())
        return _convert.advanced(self._channel.call("ClockService/Advance", request, clock_pb2.AdvanceResponse))

    def _pages(self, matcher: Matcher | None, since: str) -> Iterator[records.Call]:
        request = journal_pb2.ListCallsRequest(world=self.name, page_size=_PAGE, since=since)
        if matcher is not None:
            request.matcher.CopyFrom(_convert.parsed(matcher.to_json(), journal_pb2.Matcher, "matcher"))
        while True:
            reply = self._channel.call("JournalService/ListCalls", request, journal_pb2.ListCallsResponse)
            yield from map(_convert.call, reply.calls)
            if not reply.next_page_token:
                return
            request.page_token = reply.next_page_token

    def _judged(self, expectations: list[asserts_pb2.Expectation], since: str) -> records.Verdict:
        __tracebackhide__ = True
        request = asserts_pb2.VerifyRequest(world=self.name, expectations=expectations, since=since)
        verdict = _convert.verdict(self._channel.call("AssertsService/Verify", request, asserts_pb2.VerifyResponse))
        if verdict.verdict == "PASS":
            return verdict
        if verdict.verdict == "FAIL":
            raise ExpectationFailed(verdict.text, verdict)
        raise Inconclusive(verdict.text, verdict)


def resource(collection: str, name: str) -> str:
    """A resource name of a bare id; names stay as they are."""
    return name if "/" in name else f"{collection}/{name}"


def set_source(request: worlds_pb2.CreateWorldRequest, source: str | World | None) -> None:
    """Says what a new world starts as: a snapshot by name or bare id, or a world."""
    if isinstance(source, World):
        request.from_world = source.name
    elif source is not None and source.startswith("worlds/"):
        request.from_world = source
    elif source is not None:
        request.from_snapshot = resource("snapshots", source)


def _shorthand(
    repo: str | None,
    images: Iterable[documents.ImageLike],
    replicate_to: Iterable[str] | None,
    region: str | None,
    account: str | None,
    tag_mutability: documents.TagMutability | None,
    scan_on_push: bool | None,
) -> Iterator[documents.Document]:
    """The documents that the keywords of `seed` are short for."""
    if replicate_to is not None:
        yield documents.registry(replicate_to=replicate_to, region=region, account=account)
    if repo is not None:
        yield documents.repository(
            repo,
            images=images,
            region=region,
            account=account,
            tag_mutability=tag_mutability,
            scan_on_push=scan_on_push,
        )
    elif images or tag_mutability is not None or scan_on_push is not None:
        raise ValueError("images, tag_mutability and scan_on_push belong to a repository: give repo too")


def _task_times(retry: Duration | None, length: Duration | None) -> list[documents.Document]:
    if retry is None and length is None:
        return []
    return [documents.tasks(replication_retry=retry, replication_duration=length)]


def _merged(report: records.Report, forks: list[records.Report]) -> records.Report:
    """A world's report with those of its forks, whose texts are added only where they fail."""
    failing = [fork for fork in forks if not fork.ok]
    if not failing:
        return report
    findings = report.findings + tuple(finding for fork in failing for finding in fork.findings)
    return records.Report(False, findings, "\n\n".join([report.text, *(fork.text for fork in failing)]))
