"""Every verb once, against the real daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from ecrfixture import (
    EcrFixture,
    ExpectationFailed,
    FixtureError,
    InvalidRequest,
    RegistryError,
    World,
    WorldNotFound,
    cache_rule,
    calls,
    image,
    on,
    repository,
    upstream,
)

pytestmark = pytest.mark.live


def test_the_daemon_tells_about_itself(ecr_fixture: EcrFixture) -> None:
    info = ecr_fixture.info()
    assert info.api == "ecrfixture.control.v1"
    assert info.control == ecr_fixture.address
    assert "PutImage" in info.operations


def test_seeded_images_are_there_and_seeding_twice_changes_nothing(ecr_world: World) -> None:
    documents = [repository("app", images=["v1", image("v2", layers=3, size="4KiB")])]
    first = ecr_world.seed(*documents)
    assert first.created > 0
    assert [applied.tags for applied in first.images] == [("v1",), ("v2",)]
    again = ecr_world.seed(*documents)
    assert (again.created, again.updated) == (0, 0)
    pulled = ecr_world.pull("app:v2")
    assert (pulled.digest, len(pulled.layers)) == (first.images[1].digest, 3)


def test_a_seed_in_json_is_the_same_as_one_that_is_built(ecr_world: World) -> None:
    built = ecr_world.seed(repository("app", images=[image("v1", layers=1)]))
    again = ecr_world.seed(documents=[{"repository": {"name": "app", "images": [{"tags": ["v1"], "layers": 1}]}}])
    assert (again.created, again.updated, again.images) == (0, 0, built.images)


def test_a_wrong_seed_is_refused_by_field_and_changes_nothing(ecr_world: World) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ecr_world.seed(repository("good"), repository("bad", images=[image("v1", layers=1000)]))
    assert any(violation.field.startswith("documents[1]") for violation in caught.value.violations)
    assert ecr_world.boto3().describe_repositories()["repositories"] == []


def test_a_push_and_a_pull_through_the_registry_agree(ecr_world: World) -> None:
    ecr_world.seed(repo="app")
    pushed = ecr_world.push("app:v1", layers=3, size="64KiB")
    assert ecr_world.pull("app:v1") == pushed
    assert ecr_world.pull(f"app@{pushed.digest}").manifest == pushed.manifest
    (listed,) = ecr_world.boto3().describe_images(repositoryName="app")["imageDetails"]
    assert (listed["imageDigest"], listed["imageTags"]) == (pushed.digest, ["v1"])


def test_a_push_to_a_repository_that_is_not_there_says_so(ecr_world: World) -> None:
    with pytest.raises(RegistryError) as caught:
        ecr_world.push("missing:v1")
    assert (caught.value.status, caught.value.error) == (404, "NAME_UNKNOWN")


BUILT = [
    on("ecr:PutImage").times(2).status(503).then().times(1).delay("1ms", "2ms").then().pass_().named("a"),
    on("oci:blob.get").where(repository="app").times(1).truncate("50%").then().unexpected().named("b"),
    on("task:replication").where(dest_region="eu-west-1").during("1h30m").fail("X", "because").named("c"),
    on("any:PutImage").percent(5, exact=True).status("ThrottlingException", message="slow").per("caller").named("d"),
    on("oci:manifest.get").until("gate").hold("gate").tagged("t").priority(3).named("e"),
    on("oci:blob.get")
    .times(1)
    .reset(after_bytes="1MiB")
    .then()
    .times(1)
    .lose_reply()
    .loop()
    .must_fire(0, 9)
    .named("f"),
]


@pytest.mark.parametrize("rule", BUILT, ids=[rule.name for rule in BUILT])
def test_a_built_rule_and_its_text_are_one_rule_to_the_daemon(ecr_world: World, rule) -> None:
    (built,) = ecr_world.fault(rule)
    (written,) = ecr_world.fault(str(rule), replace=True)
    assert built.text == written.text == str(rule)


def test_a_fault_fires_as_often_as_it_says(ecr_world: World) -> None:
    ecr_world.seed(repo="app", images=["v1"])
    (status,) = ecr_world.fault(on("oci:manifest.get").times(1).status(503))
    with pytest.raises(RegistryError) as caught:
        ecr_world.pull("app:v1")
    assert caught.value.status == 503
    ecr_world.pull("app:v1")
    (after,) = ecr_world.rules()
    assert (after.name, after.matched, after.fired) == (status.name, 2, 1)
    assert ecr_world.clear_faults(status.name) == 1
    assert ecr_world.rules() == ()


def test_a_wrong_rule_is_refused_with_every_violation(ecr_world: World) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ecr_world.fault('on ecr:PutImage do stauts(503)\non ecr:PutImage where tagg = "x" do status(503)')
    assert len(caught.value.violations) == 2


def test_the_clock_stands_until_it_is_moved(ecr_world: World) -> None:
    before = ecr_world.clock()
    assert before.mode == "FROZEN"
    assert ecr_world.clock().now == before.now
    assert ecr_world.advance("10m").clock.now == before.now + timedelta(minutes=10)
    assert ecr_world.advance(before.now + timedelta(hours=1)).clock.now == before.now + timedelta(hours=1)
    with pytest.raises(FixtureError) as caught:
        ecr_world.advance(before.now)
    assert caught.value.reason == "CLOCK_BACKWARDS"


def test_a_replication_takes_its_time(ecr_world: World) -> None:
    ecr_world.seed(repo="app", replicate_to=["eu-west-1"], replication_duration="30s")
    ecr_world.push("app:v1")
    (task,) = ecr_world.tasks()
    assert (task.kind, task.state, task.facts["dest_region"]) == ("replication", "PENDING", "eu-west-1")
    assert len(ecr_world.timers()) >= 1
    assert ecr_world.advance_to_next().fired_count == 1
    assert [task.state for task in ecr_world.tasks()] == ["COMPLETE"]


def test_a_gate_holds_a_call_until_it_is_opened(ecr_world: World) -> None:
    ecr_world.seed(repo="app", images=["v1"])
    ecr_world.fault(on("oci:manifest.get").times(1).hold("gate"))
    with ThreadPoolExecutor(1) as pool:
        pull = pool.submit(ecr_world.pull, "app:v1")
        while not any(gate.waiters for gate in ecr_world.gates()):
            assert not pull.done()
        assert ecr_world.open_gate("gate") == 1
        assert pull.result(10).repository == "app"


def test_what_was_called_can_be_counted_listed_and_put_in_order(ecr_world: World) -> None:
    ecr_world.seed(repo="app")
    ecr_world.push("app:v1")
    mark = ecr_world.mark()
    ecr_world.pull("app:v1")
    ecr_world.verify(
        calls("oci:manifest.put").where(repository="app", tag="v1").status(201).once(),
        calls("oci:manifest.*").exactly(2),
        calls("ecr:DeleteRepository").never(),
        calls("oci:blob.get").at_least(3),
        calls("oci:* where status >= 500").at_most(0),
    )
    ecr_world.verify_sequence(calls("oci:upload.start"), calls("oci:manifest.put"), calls("oci:manifest.get"))
    ecr_world.verify(calls("oci:manifest.put").never(), calls("oci:manifest.get").once(), since=mark)
    assert [call.operation for call in ecr_world.calls("oci:manifest.*")] == ["manifest.put", "manifest.get"]
    assert [call.status for call in ecr_world.calls(calls("oci:manifest.put"))] == [201]
    assert all(call.number for call in ecr_world.calls())


def test_a_verdict_that_fails_says_why(ecr_world: World) -> None:
    ecr_world.seed(repo="app")
    ecr_world.push("app:v1")
    with pytest.raises(ExpectationFailed, match=r"manifest\.put") as caught:
        ecr_world.verify(calls("oci:manifest.put").where(tag="v2").once())
    (item,) = caught.value.verdict.items
    assert (item.verdict, item.actual) == ("FAIL", 0)
    assert item.near_misses[0].call.facts["tag"] == "v1"


def test_a_restored_world_is_as_it_was_and_a_fork_goes_its_own_way(ecr_world: World) -> None:
    ecr_world.seed(repo="app")
    snapshot = ecr_world.snapshot()
    left, right = ecr_world.fork(2)
    left.push("app:left")
    right.push("app:right")
    assert tags(left) == {"left"}
    assert tags(right) == {"right"}
    assert tags(ecr_world) == set()
    ecr_world.push("app:v1")
    assert tags(ecr_world) == {"v1"}
    ecr_world.restore(snapshot)
    assert tags(ecr_world) == set()


def tags(world: World) -> set[str]:
    listed = world.boto3().list_images(repositoryName="app")["imageIds"]
    return {image["imageTag"] for image in listed}


def test_an_image_is_pulled_through_the_cache(ecr_world: World) -> None:
    ecr_world.seed(
        upstream("quay.io", {"team/base": [image("1", layers=3)]}),
        cache_rule("quay", "quay.io"),
    )
    assert len(ecr_world.pull("quay/team/base:1").layers) == 3
    ecr_world.verify(calls("upstream:manifest.get").where(upstream="quay.io").at_least(1))


def test_a_child_process_finds_the_world_by_its_environment(ecr_world: World) -> None:
    ecr_world.seed(repo="app")
    variables = ecr_world.env()
    code = "import boto3; print(boto3.client('ecr').describe_repositories()['repositories'][0]['repositoryName'])"
    environment = {**os.environ, **variables}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "app"
    auths = json.loads(Path(variables["REGISTRY_AUTH_FILE"]).read_text())["auths"]
    assert list(auths) == [ecr_world.registry_host]
    ecr_world.finish()
    assert not Path(variables["REGISTRY_AUTH_FILE"]).exists()


def test_a_finished_world_is_gone(ecr_fixture: EcrFixture) -> None:
    world = ecr_fixture.world("to-be-finished")
    assert "worlds/to-be-finished" in ecr_fixture.worlds()
    report = world.finish()
    assert report.ok
    assert "to-be-finished" in report.text
    assert "worlds/to-be-finished" not in ecr_fixture.worlds()
    with pytest.raises(WorldNotFound):
        world.clock()


def test_a_rule_that_must_fire_and_did_not_fails_the_end(ecr_fixture: EcrFixture) -> None:
    world = ecr_fixture.world()
    world.fault(on("ecr:PutImage").status(500).must_fire().named("needed"))
    report = world.finish()
    assert not report.ok
    assert ("MUST_FIRE_UNMET", "needed") in {(found.kind, found.subject) for found in report.findings if found.fails}


@pytest.mark.ecr_world(accounts=["111111111111", "222222222222"], regions=["eu-west-1"])
def test_each_account_and_region_is_a_registry_of_its_own(ecr_world: World) -> None:
    ecr_world.seed(repository("app", account="222222222222", region="us-west-2"))
    ecr_world.push("app:v1", account="222222222222", region="us-west-2")
    assert ecr_world.boto3().describe_repositories()["repositories"] == []
    (listed,) = ecr_world.boto3(region="us-west-2", account="222222222222").describe_repositories()["repositories"]
    assert listed["repositoryArn"] == "arn:aws:ecr:us-west-2:222222222222:repository/app"


def test_a_proxy_in_the_environment_breaks_nothing(ecr_world: World, monkeypatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    ecr_world.seed(repo="app")
    ecr_world.push("app:v1")
    assert tags(ecr_world) == {"v1"}
