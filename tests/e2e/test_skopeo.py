"""skopeo, a registry client that knows nothing of the fixture: it pushes, replicas appear, it pulls them back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from commands import ask, ask_json, pull, push
from ecrfixture import World, calls, on
from layouts import LAYER_SIZES, blobs, tagged, write_image, write_index

REPLICA = "eu-west-1"


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """A layout with the image `v1` and the index `multi`."""
    made = tmp_path / "made"
    write_image(made, "v1")
    write_index(made, "multi")
    return made


def statuses(world: World, digest: str) -> dict[str, str]:
    """Replication status of an image by region, as boto3 sees it."""
    reply = world.boto3().describe_image_replication_status(repositoryName="app", imageId={"imageDigest": digest})
    return {status["region"]: status["status"] for status in reply["replicationStatuses"]}


def test_an_image_is_pushed_replicated_late_and_pulled_back_byte_for_byte(
    ecr_world: World, layout: Path, tmp_path: Path
) -> None:
    digest, place = tagged(layout, "v1"), f"{ecr_world.registry_host}/app:v1"
    ecr_world.seed(repo="app", replicate_to=[REPLICA], task_retry="5m")
    ecr_world.fault(on("task:replication").where(dest_region=REPLICA).during("10m").fail("UPSTREAM_TIMEOUT"))
    push(layout, "v1", place, ecr_world.login())
    assert statuses(ecr_world, digest) == {REPLICA: "FAILED"}
    assert ecr_world.boto3(region=REPLICA).describe_repositories()["repositories"] == []

    ecr_world.advance("10m")

    assert statuses(ecr_world, digest) == {REPLICA: "COMPLETE"}
    pulled = tmp_path / "pulled"
    pull(place, pulled, "v1", ecr_world.login(region=REPLICA))
    assert tagged(pulled, "v1") == digest
    assert blobs(pulled).items() <= blobs(layout).items()
    assert len(blobs(pulled)) == len(LAYER_SIZES) + 2
    ecr_world.verify(
        calls("oci:manifest.put").where(region="us-east-1", tag="v1").once(),
        calls("oci:manifest.get").where(region=REPLICA).at_least(1),
        calls("oci:blob.get").where(region="us-east-1").never(),
        calls("task:replication").exactly(3),
    )


def test_an_index_of_two_platforms_is_replicated_with_all_that_it_names(
    ecr_world: World, layout: Path, tmp_path: Path
) -> None:
    digest, place = tagged(layout, "multi"), f"{ecr_world.registry_host}/app:multi"
    ecr_world.seed(repo="app", replicate_to=[REPLICA], task_retry="5m")
    ecr_world.fault(on("task:replication").where(dest_region=REPLICA).during("10m").fail("UPSTREAM_TIMEOUT"))
    push(layout, "multi", place, ecr_world.login(), "--all")
    children = [child["digest"] for child in json.loads(blobs(layout)[digest])["manifests"]]
    assert {statuses(ecr_world, image)[REPLICA] for image in (digest, *children)} == {"FAILED"}

    ecr_world.advance("10m")

    assert {statuses(ecr_world, image)[REPLICA] for image in (digest, *children)} == {"COMPLETE"}
    pulled = tmp_path / "pulled"
    pull(place, pulled, "multi", ecr_world.login(region=REPLICA), "--all")
    assert tagged(pulled, "multi") == digest
    assert blobs(pulled).items() <= blobs(layout).items()
    assert len(blobs(pulled)) == 2 * (len(LAYER_SIZES) + 2) + 1


def test_a_push_that_failed_at_the_manifest_is_repeated_without_its_layers(ecr_world: World, layout: Path) -> None:
    ecr_world.seed(repo="app")
    ecr_world.fault(on("oci:manifest.put").times(1).status(503).must_fire())
    login, place = ecr_world.login(), f"{ecr_world.registry_host}/app:v1"
    with pytest.raises(AssertionError, match="503 Service Unavailable"):
        push(layout, "v1", place, login)
    mark = ecr_world.mark()
    push(layout, "v1", place, login)
    assert ask_json("inspect", place, login)["Digest"] == tagged(layout, "v1")
    ecr_world.verify(calls("oci:upload.start").never(), calls("oci:manifest.put").once(), since=mark)


def test_layers_that_end_too_soon_are_noticed(ecr_world: World, layout: Path, tmp_path: Path) -> None:
    ecr_world.seed(repo="app")
    login, place = ecr_world.login(), f"{ecr_world.registry_host}/app:v1"
    push(layout, "v1", place, login)
    for rule in (on("oci:blob.get").truncate("50%"), on("oci:blob.get").reset(after_bytes="100B")):
        ecr_world.fault(rule.named("cut").must_fire())
        with pytest.raises(AssertionError, match=r"unexpected EOF|connection reset|[Dd]igest did not match"):
            pull(place, tmp_path / "pulled", "v1", login)


def test_tags_are_listed_inspected_and_deleted(ecr_world: World, layout: Path) -> None:
    ecr_world.seed(repo="app")
    login, place = ecr_world.login(), f"{ecr_world.registry_host}/app"
    for tag in ("v1", "v2"):
        push(layout, "v1", f"{place}:{tag}", login)
    push(layout, "multi", f"{place}:multi", login, "--all")

    assert ask_json("list-tags", place, login) == {"Repository": place, "Tags": ["multi", "v1", "v2"]}
    seen = ask_json("inspect", f"{place}:v1", login)
    assert (seen["Digest"], seen["Architecture"], seen["Os"]) == (tagged(layout, "v1"), "amd64", "linux")
    assert (len(seen["Layers"]), seen["RepoTags"]) == (len(LAYER_SIZES), ["multi", "v1", "v2"])
    assert ask("inspect", f"{place}:multi", login, "--raw").encode() == blobs(layout)[tagged(layout, "multi")]

    # skopeo deletes the image that the tag names, so both its tags go.
    ask("delete", f"{place}:v1", login)
    assert ask_json("list-tags", place, login)["Tags"] == ["multi"]
    with pytest.raises(AssertionError, match=r"manifest unknown|not found"):
        ask("inspect", f"{place}:v2", login)


# A password that is not ours names no world, so the port has to.
@pytest.mark.ecr_world(listen="dedicated")
def test_a_wrong_password_is_refused(ecr_world: World, layout: Path) -> None:
    ecr_world.seed(repo="app")
    login = ecr_world.login()
    wrong = replace(login, password="A" * len(login.password))
    with pytest.raises(AssertionError, match=r"401|unauthorized|authentication required"):
        push(layout, "v1", f"{ecr_world.registry_host}/app:v1", wrong)
    assert ecr_world.boto3().list_images(repositoryName="app")["imageIds"] == []
