"""What the client sends and how it reads the answers, against a fake control plane."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import grpc
import pytest
from fake_control import Refusal
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

import ecrfixture
from ecrfixture import (
    EcrFixture,
    ExpectationFailed,
    FixtureError,
    Inconclusive,
    InvalidRequest,
    LimitExceeded,
    Unavailable,
    Violation,
    WorldFinished,
    WorldNotFound,
    calls,
    on,
    repository,
)
from ecrfixture.control.v1 import asserts_pb2, clock_pb2, faults_pb2, journal_pb2, state_pb2, worlds_pb2


def test_a_call_carries_the_token_as_bearer(fixture, control):
    fixture.world()
    assert {metadata["authorization"] for _, _, metadata in control.requests} == {"Bearer secret"}


def test_a_proxy_in_the_environment_does_not_break_a_loopback_call(fixture, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "grpc_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with EcrFixture.attach(fixture.address) as other:
        assert other.info().version == "0.1.0"


@pytest.mark.parametrize(
    ("source", "member", "value"),
    [
        ("golden", "from_snapshot", "snapshots/golden"),
        ("snapshots/golden", "from_snapshot", "snapshots/golden"),
        ("worlds/other", "from_world", "worlds/other"),
    ],
)
def test_a_world_begins_as_a_snapshot_or_a_world(fixture, control, source, member, value):
    fixture.world("w", from_=source)
    (request,) = control.of("WorldsService/CreateWorld")
    assert request.WhichOneof("from") == member
    assert getattr(request, member) == value


def test_options_of_a_world_travel_and_absent_ones_stay_absent(fixture, control):
    fixture.world(
        seed=0,
        clock="flowing",
        now=datetime(2026, 1, 1, tzinfo=timezone.utc),
        lease="1m",
        listen="dedicated",
        profile="oci",
    )
    fixture.world()
    full, plain = control.of("WorldsService/CreateWorld")
    assert full.HasField("seed")
    assert full.clock_mode == clock_pb2.CLOCK_MODE_FLOWING
    assert full.now == Timestamp(seconds=1_767_225_600)
    assert full.lease == Duration(seconds=60)
    assert full.listen == worlds_pb2.LISTEN_MODE_DEDICATED
    assert full.profile == worlds_pb2.REGISTRY_PROFILE_OCI
    assert plain == worlds_pb2.CreateWorldRequest()


def test_a_world_on_an_attached_daemon_is_held(fixture, control):
    world = fixture.world("w")
    assert [request.world for request in control.of("WorldsService/AttachWorld")] == ["worlds/w"]
    world.finish()


def test_a_relative_advance_sends_an_exact_absolute_target_and_a_request_id(fixture, control):
    now = Timestamp(seconds=100, nanos=123_456_789)
    control.handlers["ClockService/GetClock"] = lambda _: clock_pb2.GetClockResponse(
        clock=clock_pb2.Clock(mode=clock_pb2.CLOCK_MODE_FROZEN, now=now, mutation_tick=Duration(nanos=1_000_000))
    )
    control.handlers["ClockService/Advance"] = lambda request: clock_pb2.AdvanceResponse(
        clock=clock_pb2.Clock(mode=clock_pb2.CLOCK_MODE_FROZEN, now=request.to),
        fired=[clock_pb2.Timer(owner="replication/1", timer_class="task", due=request.to)],
        fired_count=1,
        settled=True,
    )
    world = fixture.world()
    answer = world.advance(timedelta(minutes=10))
    world.advance("1ns")
    first, second = control.of("ClockService/Advance")
    assert first.to == Timestamp(seconds=700, nanos=123_456_789)
    assert second.to == Timestamp(seconds=100, nanos=123_456_790)
    assert first.request_id
    assert first.request_id != second.request_id
    assert answer.clock.now == datetime.fromtimestamp(700, timezone.utc) + timedelta(microseconds=123_456)
    assert (answer.clock.mode, answer.fired[0].owner, answer.settled) == ("FROZEN", "replication/1", True)
    assert world.clock().mutation_tick == timedelta(milliseconds=1)


def test_the_keywords_of_seed_are_documents(fixture, control):
    control.handlers["StateService/Apply"] = lambda request: state_pb2.ApplyResponse(
        results=[
            state_pb2.ApplyResult(created=1, images=[state_pb2.AppliedImage(repository="app", digest="d", tags=["v1"])])
            for _ in request.documents
        ]
    )
    result = fixture.world().seed(
        repository("other"),
        repo="app",
        replicate_to=["eu-west-1"],
        task_retry="5m",
        documents=[{"upstream": {"host": "quay.io"}}],
    )
    (request,) = control.of("StateService/Apply")
    kinds = [document.WhichOneof("kind") for document in request.documents]
    assert kinds == ["registry", "repository", "tasks", "repository", "upstream"]
    assert request.documents[2].tasks.replication_retry == Duration(seconds=300)
    assert result.created == 5
    assert result.images[0].tags == ("v1",)


def test_a_document_of_another_shape_is_refused_here_by_its_place(fixture):
    with pytest.raises(InvalidRequest) as caught:
        fixture.world().seed(documents=[{"repository": {"name": "a"}}, {"repositry": {}}])
    assert caught.value.violations[0].field == "documents[1]"
    assert "repositry" in caught.value.violations[0].description


def test_rules_travel_as_trees_and_as_text(fixture, control):
    control.handlers["FaultsService/ApplyRules"] = lambda request: faults_pb2.ApplyRulesResponse(
        rules=[faults_pb2.RuleStatus(rule=faults_pb2.Rule(name="r1"), text="canonical", matched=1, fired=2, step=3)]
    )
    rule = on("ecr:PutImage").status(500)
    statuses = fixture.world().fault(rule, str(rule), replace=True)
    (request,) = control.of("FaultsService/ApplyRules")
    assert request.rules[0].target.operation == "PutImage"
    assert request.text == "on ecr:PutImage do status(500)"
    assert request.mode == faults_pb2.APPLY_RULES_MODE_REPLACE_ALL
    assert (statuses[0].name, statuses[0].text, statuses[0].matched, statuses[0].fired) == ("r1", "canonical", 1, 2)


def test_clearing_without_a_name_means_all(fixture, control):
    control.handlers["FaultsService/DeleteRules"] = lambda request: faults_pb2.DeleteRulesResponse(deleted=2)
    world = fixture.world()
    assert world.clear_faults() == 2
    world.clear_faults("a", tag="t")
    every, some = control.of("FaultsService/DeleteRules")
    assert every.all
    assert (some.all, list(some.names), some.tag) == (False, ["a"], "t")


def test_calls_are_read_to_the_last_page(fixture, control):
    def pages(request):
        start = int(request.page_token or 1)
        return journal_pb2.ListCallsResponse(
            calls=[journal_pb2.Call(number=start, surface="ecr", phase=journal_pb2.PHASE_FINISHED, status=200)],
            next_page_token=str(start + 1) if start < 3 else "",
        )

    control.handlers["JournalService/ListCalls"] = pages
    listed = fixture.world().calls(calls("ecr:*").where(tag="x"), since="m")
    assert [call.number for call in listed] == [1, 2, 3]
    assert (listed[0].phase, listed[0].outcome, listed[0].status, listed[0].finished) == ("FINISHED", "", 200, None)
    assert {(request.since, request.matcher.target.surface) for request in control.of("JournalService/ListCalls")} == {
        ("m", "ecr")
    }


def verdict_of(verdict):
    return lambda request: asserts_pb2.VerifyResponse(
        verdict=verdict,
        checked_through=9,
        text="expected 2, found 1",
        items=[
            asserts_pb2.VerifyItem(
                verdict=verdict,
                actual=1,
                near_misses=[asserts_pb2.NearMiss(call=journal_pb2.Call(number=4), differences=["tag"], hint="h")],
            )
        ],
    )


def test_a_verdict_that_holds_is_answered(fixture, control):
    control.handlers["AssertsService/Verify"] = verdict_of(asserts_pb2.VERDICT_PASS)
    verdict = fixture.world().verify(calls("ecr:PutImage").exactly(2), calls("oci:*").never(), since="m")
    assert (verdict.verdict, verdict.checked_through) == ("PASS", 9)
    (request,) = control.of("AssertsService/Verify")
    assert (len(request.expectations), request.since) == (2, "m")


def test_a_verdict_that_fails_is_an_assertion_error_with_the_daemons_text(fixture, control):
    control.handlers["AssertsService/Verify"] = verdict_of(asserts_pb2.VERDICT_FAIL)
    with pytest.raises(AssertionError, match="expected 2, found 1") as caught:
        fixture.world().verify(calls("ecr:PutImage").exactly(2))
    assert isinstance(caught.value, ExpectationFailed)
    assert caught.value.verdict.items[0].near_misses[0].differences == ("tag",)


def test_an_undecided_verdict_is_another_error(fixture, control):
    control.handlers["AssertsService/Verify"] = verdict_of(asserts_pb2.VERDICT_INCONCLUSIVE)
    with pytest.raises(Inconclusive) as caught:
        fixture.world().verify_sequence(calls("ecr:A"), calls("ecr:B"))
    assert not isinstance(caught.value, AssertionError)
    (request,) = control.of("AssertsService/Verify")
    assert [matcher.target.operation for matcher in request.expectations[0].sequence.matchers] == ["A", "B"]


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Refusal(grpc.StatusCode.NOT_FOUND, "m", "WORLD_NOT_FOUND"), WorldNotFound),
        (Refusal(grpc.StatusCode.FAILED_PRECONDITION, "m", "WORLD_FINISHED"), WorldFinished),
        (Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "m", "EVENT_BUDGET_EXCEEDED"), LimitExceeded),
        (Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "m", "LIMIT_EXCEEDED"), LimitExceeded),
        (Refusal(grpc.StatusCode.INVALID_ARGUMENT, "m", "REQUEST_ID_REUSED"), InvalidRequest),
        (Refusal(grpc.StatusCode.UNAVAILABLE, "m"), Unavailable),
        # The text never decides.
        (Refusal(grpc.StatusCode.FAILED_PRECONDITION, "world not found", "CLOCK_BACKWARDS"), FixtureError),
        (Refusal(grpc.StatusCode.UNAUTHENTICATED, "m"), FixtureError),
    ],
    ids=lambda value: (
        value.details.details[0].value[:24].decode(errors="replace")
        if hasattr(value, "code") and value.details.details
        else None
    ),
)
def test_the_reason_decides_the_class_of_an_error(fixture, control, refusal, kind):
    def refuse(_):
        raise refusal

    control.handlers["TasksService/ListTasks"] = refuse
    with pytest.raises(FixtureError) as caught:
        fixture.world().tasks()
    assert type(caught.value) is kind
    assert caught.value.code == refusal.code.name
    assert caught.value.__cause__ is None
    assert "TasksService/ListTasks" in str(caught.value)


def test_every_violation_is_listed(fixture, control):
    def refuse(_):
        raise Refusal(
            grpc.StatusCode.INVALID_ARGUMENT, "two things", "UNKNOWN_FACT", {"1:5": "no fact", "2:1": "no rule"}
        )

    control.handlers["FaultsService/ApplyRules"] = refuse
    with pytest.raises(InvalidRequest) as caught:
        fixture.world().fault("nonsense")
    assert caught.value.violations == (Violation("1:5", "no fact"), Violation("2:1", "no rule"))
    assert caught.value.reason == "UNKNOWN_FACT"
    assert "1:5: no fact" in str(caught.value)


def test_a_daemon_that_is_not_there_is_unavailable():
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
        EcrFixture.attach("127.0.0.1:1")


def finding(kind, *, fails):
    found = worlds_pb2.Finding(kind=kind, fails=fails, subject="s", text="t")
    return lambda _: worlds_pb2.FinishWorldResponse(ok=not fails, findings=[found], text="the report")


def test_a_world_finishes_once(fixture, control):
    world = fixture.world()
    assert world.finish() is world.finish()
    assert len(control.of("WorldsService/FinishWorld")) == 1


def test_forks_finish_with_their_world_and_count_for_it(fixture, control):
    control.handlers["WorldsService/ForkWorld"] = lambda request: worlds_pb2.ForkWorldResponse(
        worlds=[worlds_pb2.World(name=f"worlds/f{number}") for number in range(request.count)]
    )
    control.handlers["WorldsService/FinishWorld"] = lambda request: worlds_pb2.FinishWorldResponse(
        ok=request.world != "worlds/f1",
        findings=[worlds_pb2.Finding(kind=worlds_pb2.FINDING_KIND_MUST_FIRE_UNMET, fails=request.world == "worlds/f1")],
        text=f"report of {request.world}",
    )
    world = fixture.world("w")
    world.fork(2)
    report = world.finish()
    order = [request.world for request in control.of("WorldsService/FinishWorld")]
    assert order == ["worlds/f0", "worlds/f1", "worlds/w"]
    assert not report.ok
    assert report.text == "report of worlds/w\n\nreport of worlds/f1"


def test_findings_that_fail_raise_at_the_end_of_a_with(fixture, control):
    control.handlers["WorldsService/FinishWorld"] = finding(worlds_pb2.FINDING_KIND_UNEXPECTED_MATCH, fails=True)
    with pytest.raises(AssertionError, match="the report"), fixture.world():
        pass


def test_the_first_error_is_never_masked(fixture, control):
    control.handlers["WorldsService/FinishWorld"] = finding(worlds_pb2.FINDING_KIND_UNEXPECTED_MATCH, fails=True)
    with pytest.raises(KeyError, match="mine"), fixture.world():
        raise KeyError("mine")
    del control.handlers["WorldsService/FinishWorld"]
    with pytest.raises(KeyError, match="mine"), fixture.world():
        raise KeyError("mine")


def test_strays_on_a_daemon_of_others_do_not_fail(fixture, control):
    control.handlers["WorldsService/FinishWorld"] = finding(worlds_pb2.FINDING_KIND_STRAY_CALL, fails=True)
    report = fixture.world().finish()
    assert report.ok
    assert [(found.kind, found.fails) for found in report.findings] == [("STRAY_CALL", False)]


def test_a_kept_world_is_neither_held_nor_finished(address, control, capsys):
    with EcrFixture.attach(address, environment={"ECR_FIXTURE_KEEP": "on-failure"}) as fixture:
        with pytest.raises(KeyError), fixture.world("bad"):
            raise KeyError
        with fixture.world("good"):
            pass
    assert [request.world for request in control.of("WorldsService/FinishWorld")] == ["worlds/good"]
    assert not control.of("WorldsService/AttachWorld")
    assert "worlds/bad is kept: endpoint http://127.0.0.1:1" in capsys.readouterr().err


def test_a_keep_mode_that_is_none_is_refused(address):
    with pytest.raises(FixtureError, match="never, on-failure or always"):
        EcrFixture.attach(address, environment={"ECR_FIXTURE_KEEP": "yes"})


def test_each_account_has_its_key_and_any_region_will_do(fixture):
    world = fixture.world(accounts=["111111111111", "222222222222"], regions=["eu-west-1"])
    assert world.aws().access_key_id == "AKIA111111111111"
    second = world.aws("us-west-2", "222222222222")
    assert (second.region, second.account_id, second.access_key_id) == (
        "us-west-2",
        "222222222222",
        "AKIA222222222222",
    )
    assert "secret_access_key" not in repr(second)
    with pytest.raises(ValueError, match="no account 333333333333"):
        world.aws(account="333333333333")


def test_the_environment_points_an_sdk_at_the_world_and_past_every_proxy(fixture, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "internal")
    variables = fixture.world().env(docker=False)
    assert variables["AWS_ENDPOINT_URL_ECR"] == variables["AWS_ENDPOINT_URL_ECR_PUBLIC"] == "http://127.0.0.1:1"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "us-east-1"
    assert variables["AWS_ACCESS_KEY_ID"] == "AKIA123456789012"
    assert variables["AWS_EC2_METADATA_DISABLED"] == "true"
    assert variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] == "false"
    assert variables["NO_PROXY"] == "internal,127.0.0.1,localhost"


def test_a_boto3_client_ignores_proxies(fixture, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    client = fixture.world().boto3("ecr", region="eu-west-1")
    assert client.meta.endpoint_url == "http://127.0.0.1:1"
    assert client.meta.region_name == "eu-west-1"
    assert client.meta.config.proxies == {}


def test_the_package_has_every_public_name_and_no_other():
    for name in ecrfixture.__all__:
        assert getattr(ecrfixture, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = ecrfixture.nothing
