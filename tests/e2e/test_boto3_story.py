"""The story that the documents tell, and that it stays short."""

from __future__ import annotations

import inspect

from ecrfixture import World, calls, on

MOST_LINES = 20


def test_replication_fails_then_recovers(ecr_world: World) -> None:
    ecr_world.seed(repo="app", replicate_to=["eu-west-1"], task_retry="5m")
    ecr_world.fault(on("task:replication").where(dest_region="eu-west-1").during("10m").fail("UPSTREAM_TIMEOUT"))
    image = ecr_world.push("app:v1")
    ecr = ecr_world.boto3("ecr")

    def status() -> str:
        reply = ecr.describe_image_replication_status(repositoryName="app", imageId={"imageDigest": image.digest})
        return {s["region"]: s["status"] for s in reply["replicationStatuses"]}["eu-west-1"]

    assert status() == "FAILED"
    ecr_world.advance("10m")
    assert status() == "COMPLETE"
    ecr_world.verify(calls("ecr:DescribeImageReplicationStatus").exactly(2))


def test_the_story_is_short() -> None:
    lines = inspect.getsource(test_replication_fails_then_recovers).splitlines()
    assert len(lines) <= MOST_LINES
