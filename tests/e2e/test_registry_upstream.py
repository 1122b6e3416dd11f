"""Pull-through from a registry that is not ours: docker-registry, filled by skopeo, then killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import docker_registry, pull, push
from ecrfixture import RegistryError, World, cache_rule, calls, secret
from ecrfixture.records import Login
from layouts import blobs, tagged, write_image, write_index


def test_images_come_through_the_cache_and_stay_when_the_upstream_is_gone(ecr_world: World, tmp_path: Path) -> None:
    layout, place = tmp_path / "made", f"{ecr_world.registry_host}/cache/team/base"
    images = {"v1": write_image(layout, "v1"), "multi": write_index(layout, "multi")}
    with docker_registry(tmp_path / "registry") as (upstream, process):
        for tag in images:
            push(layout, tag, f"{upstream}/team/base:{tag}", None, "--dest-no-creds", "--all")
        ecr_world.seed(cache_rule("cache", upstream))
        login = ecr_world.login()
        for tag in images:
            pull(f"{place}:{tag}", tmp_path / "first", tag, login, "--all")
        ecr_world.verify(
            calls("upstream:manifest.get").where(upstream=upstream).at_least(2),
            calls("upstream:blob.get").where(upstream=upstream).at_least(3),
        )
        process.kill()
        process.wait()

    mark = ecr_world.mark()
    for tag, digest in images.items():
        pull(f"{place}:{tag}", tmp_path / "second", tag, login, "--all")
        assert tagged(tmp_path / "first", tag) == tagged(tmp_path / "second", tag) == digest
    assert blobs(tmp_path / "first") == blobs(tmp_path / "second") == blobs(layout)
    ecr_world.verify(calls("upstream:*").never(), since=mark)

    with pytest.raises(RegistryError) as caught:
        ecr_world.pull("cache/team/base:never-asked-for")
    assert (caught.value.status, caught.value.error) == (503, "UNAVAILABLE")
    (repository,) = ecr_world.boto3().describe_repositories()["repositories"]
    assert repository["repositoryName"] == "cache/team/base"


def test_an_image_that_the_upstream_does_not_have_is_unknown(ecr_world: World, tmp_path: Path) -> None:
    with docker_registry(tmp_path / "registry") as (upstream, _):
        ecr_world.seed(cache_rule("cache", upstream))
        with pytest.raises(RegistryError) as caught:
            ecr_world.pull("cache/team/base:v1")
    assert (caught.value.status, caught.value.error) == (404, "MANIFEST_UNKNOWN")
    assert ecr_world.boto3().describe_repositories()["repositories"] == []


def test_b_020_b_025_a_private_upstream_is_pulled_from_with_the_login_of_the_rule(
    ecr_world: World, tmp_path: Path
) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/mine"
    layout = tmp_path / "made"
    write_image(layout, "v1")
    ecr = ecr_world.boto3("ecr")
    with docker_registry(tmp_path / "registry", private=True) as (upstream, _):
        push(layout, "v1", f"{upstream}/team/base:v1", Login("me", "sesame", upstream))
        ecr_world.seed(secret(arn, "me", "wrong"), cache_rule("cache", upstream, credential_arn=arn))
        verdict = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="cache")
        assert not verdict["isValid"]
        assert verdict["failure"].startswith("The authentication to the upstream registry failed.")
        with pytest.raises(RegistryError) as caught:
            ecr_world.pull("cache/team/base:v1")
        assert (caught.value.status, caught.value.error) == (403, "DENIED")

        ecr_world.seed(secret(arn, "me", "sesame"))
        verdict = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="cache")
        assert (verdict["isValid"], "failure" in verdict) == (True, False)
        pull(f"{ecr_world.registry_host}/cache/team/base:v1", tmp_path / "pulled", "v1", ecr_world.login())
    assert tagged(tmp_path / "pulled", "v1") == tagged(layout, "v1")
    asked = ecr_world.calls("upstream:*")
    assert asked
    for call in asked:
        assert call.headers["authorization"].startswith("Basic ***#")
