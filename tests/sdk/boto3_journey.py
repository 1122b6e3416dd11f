"""The journey of boto3; `README.md` says what each step is."""

from __future__ import annotations

import base64
import json
import os
import urllib.request
from datetime import timedelta
from typing import Any

import boto3  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from content import (
    CONFIG,
    LAYER,
    LAYER_PARTS,
    LIFECYCLE,
    NONE,
    PUSHED,
    SIGNATURE_TYPE,
    SMALL,
    digest_of,
    is_now,
    manifest,
    policy,
)

ACCOUNT = os.environ["ECR_JOURNEY_ACCOUNT"]
REGION = os.environ["AWS_REGION"]
ecr = boto3.client("ecr")


def refused(kind: type[ClientError], call: Any, **members: Any) -> Any:
    """The refusal of this type that a call must meet."""
    try:
        call(**members)
    except kind as refusal:
        return refusal.response
    raise AssertionError(f"{kind.__name__} was expected")


def pages(operation: str, size: int, **members: Any) -> list[Any]:
    """All pages of an operation, by boto3's paginator."""
    return list(ecr.get_paginator(operation).paginate(**members, PaginationConfig={"PageSize": size}))


def pages_by_hand(call: Any, **members: Any) -> list[Any]:
    """Pages of one entry each, of an operation that has no paginator."""
    found = [call(**members, maxResults=1)]
    while token := found[-1].get("nextToken"):
        found.append(call(**members, maxResults=1, nextToken=token))
    return found


def listed(found: list[Any], count: int, key: str) -> list[Any]:
    """What so many pages list under a key."""
    assert len(found) == count, f"{len(found)} pages of {key}"
    return [entry for page in found for entry in page[key]]


def repositories() -> None:
    tags = [{"Key": "team", "Value": "one"}, {"Key": "stage", "Value": "test"}]
    app = ecr.create_repository(repositoryName="sdk/app", tags=tags)["repository"]
    arn = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/sdk/app"
    assert (app["repositoryArn"], app["registryId"], app["imageTagMutability"]) == (arn, ACCOUNT, "MUTABLE")
    assert app["encryptionConfiguration"] == {"encryptionType": "AES256"}
    assert is_now(app["createdAt"])
    ecr.create_repository(repositoryName="sdk/two")
    three = ecr.create_repository(repositoryName="sdk/three", imageScanningConfiguration={"scanOnPush": True})
    assert three["repository"]["imageScanningConfiguration"] == {"scanOnPush": True}

    refused(ecr.exceptions.RepositoryAlreadyExistsException, ecr.create_repository, repositoryName="sdk/app")
    denial = refused(ClientError, ecr.create_repository, repositoryName="forbidden/app")
    assert denial["Error"]["Code"] == "AccessDeniedException"
    refused(ecr.exceptions.InvalidParameterException, ecr.create_repository, repositoryName="Not/Valid")

    found = listed(pages("describe_repositories", 2), 2, "repositories")
    assert sorted(each["repositoryName"] for each in found) == ["sdk/app", "sdk/three", "sdk/two", "seed/base"]
    refused(ecr.exceptions.RepositoryNotFoundException, ecr.describe_repositories, repositoryNames=["sdk/absent"])

    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "stage", "Value": "prod"}, {"Key": "owner", "Value": "me"}])
    ecr.untag_resource(resourceArn=arn, tagKeys=["team"])
    tagged = ecr.list_tags_for_resource(resourceArn=arn)["tags"]
    assert {tag["Key"]: tag["Value"] for tag in tagged} == {"stage": "prod", "owner": "me"}
    scanning = {"scanOnPush": False}
    echo = ecr.put_image_scanning_configuration(repositoryName="sdk/three", imageScanningConfiguration=scanning)
    assert echo["imageScanningConfiguration"] == scanning
    echo = ecr.put_image_tag_mutability(repositoryName="sdk/app", imageTagMutability="IMMUTABLE")
    assert echo["imageTagMutability"] == "IMMUTABLE"


def upload(repository: str, *parts: bytes) -> dict[str, str]:
    """Uploads a layer in parts, all but its end. Answers what the end needs."""
    opened = ecr.initiate_layer_upload(repositoryName=repository)
    assert opened["partSize"] > 0
    place = {"repositoryName": repository, "uploadId": opened["uploadId"]}
    first = 0
    for part in parts:
        last = first + len(part) - 1
        got = ecr.upload_layer_part(**place, partFirstByte=first, partLastByte=last, layerPartBlob=part)
        assert got["lastByteReceived"] == last
        first = last + 1
    return place


def push_layer(repository: str, *parts: bytes) -> None:
    digest = digest_of(b"".join(parts))
    done = ecr.complete_layer_upload(**upload(repository, *parts), layerDigests=[digest])
    assert done["layerDigest"] == digest


def layers() -> None:
    push_layer("sdk/app", *LAYER_PARTS)
    push_layer("sdk/app", CONFIG)
    again = upload("sdk/app", CONFIG)
    exists = ecr.exceptions.LayerAlreadyExistsException
    refused(exists, ecr.complete_layer_upload, **again, layerDigests=[digest_of(CONFIG)])
    gap = {"partFirstByte": 2_000, "partLastByte": 2_999, "layerPartBlob": SMALL}
    invalid = refused(
        ecr.exceptions.InvalidLayerPartException, ecr.upload_layer_part, **upload("sdk/app", SMALL), **gap
    )
    assert invalid["lastValidByteReceived"] == 999
    checked = ecr.batch_check_layer_availability(repositoryName="sdk/app", layerDigests=[digest_of(LAYER), NONE])
    found = {layer["layerDigest"]: (layer["layerAvailability"], layer.get("layerSize")) for layer in checked["layers"]}
    assert found == {digest_of(LAYER): ("AVAILABLE", len(LAYER)), NONE: ("UNAVAILABLE", None)}


def images() -> None:
    app = {"repositoryName": "sdk/app"}
    texts = {tag: manifest(tag) for tag in ("v1", "v2", "v3")}
    for tag, text in texts.items():
        put = ecr.put_image(**app, imageManifest=text, imageTag=tag)["image"]
        assert put["imageId"] == {"imageDigest": digest_of(text.encode()), "imageTag": tag}
    first = digest_of(texts["v1"].encode())
    errors = ecr.exceptions
    refused(errors.ImageAlreadyExistsException, ecr.put_image, **app, imageManifest=texts["v1"], imageTag="v1")
    other = manifest("other")
    refused(errors.ImageTagAlreadyExistsException, ecr.put_image, **app, imageManifest=other, imageTag="v1")
    hollow = manifest("v9", layer_digest=NONE)
    refused(errors.LayersNotFoundException, ecr.put_image, **app, imageManifest=hollow, imageTag="v9")

    signatures = {
        ecr.put_image(**app, imageManifest=manifest(name, subject=texts["v1"]))["image"]["imageId"]["imageDigest"]
        for name in ("first", "second")
    }
    found = listed(pages_by_hand(ecr.list_image_referrers, **app, subjectId={"imageDigest": first}), 2, "referrers")
    assert {each["digest"] for each in found} == signatures
    assert {each["artifactType"] for each in found} == {SIGNATURE_TYPE}

    found = listed(pages("list_images", 2, **app, filter={"tagStatus": "TAGGED"}), 2, "imageIds")
    assert {each["imageTag"]: each["imageDigest"] for each in found} == {
        tag: digest_of(text.encode()) for tag, text in texts.items()
    }
    details = listed(pages("describe_images", 2, **app), 3, "imageDetails")
    assert len(details) == 5
    (detail,) = (each for each in details if each["imageDigest"] == first)
    assert (detail["imageTags"], detail["imageSizeInBytes"]) == (["v1"], len(LAYER) + len(CONFIG))
    assert is_now(detail["imagePushedAt"])
    refused(errors.ImageNotFoundException, ecr.describe_images, **app, imageIds=[{"imageTag": "absent"}])

    got = ecr.batch_get_image(**app, imageIds=[{"imageTag": "v1"}, {"imageTag": "absent"}])
    assert [each["imageManifest"] for each in got["images"]] == [texts["v1"]]
    assert [each["failureCode"] for each in got["failures"]] == ["ImageNotFound"]
    url = ecr.get_download_url_for_layer(**app, layerDigest=digest_of(LAYER))["downloadUrl"]
    with urllib.request.urlopen(url) as reply:
        assert reply.read() == LAYER
    refused(errors.LayersNotFoundException, ecr.get_download_url_for_layer, **app, layerDigest=NONE)

    last = {**app, "imageId": {"imageTag": "v3"}}
    assert ecr.update_image_storage_class(**last, targetStorageClass="ARCHIVE")["imageStatus"] == "ARCHIVED"
    (archived,) = ecr.describe_images(**app, filter={"imageStatus": "ARCHIVED"})["imageDetails"]
    assert archived["imageTags"] == ["v3"]
    assert is_now(archived["lastArchivedAt"])
    assert ecr.update_image_storage_class(**last, targetStorageClass="STANDARD")["imageStatus"] == "ACTIVATING"
    gone = ecr.batch_delete_image(**app, imageIds=[{"imageTag": "v3"}, {"imageTag": "absent"}])
    assert [each["imageTag"] for each in gone["imageIds"]] == ["v3"]
    assert [each["failureCode"] for each in gone["failures"]] == ["ImageNotFound"]

    (login,) = ecr.get_authorization_token()["authorizationData"]
    assert base64.b64decode(login["authorizationToken"]).startswith(b"AWS:")
    assert is_now(login["expiresAt"], later=timedelta(hours=12))
    headers = {"Authorization": f"Basic {login['authorizationToken']}"}
    with urllib.request.urlopen(urllib.request.Request(f"{login['proxyEndpoint']}/v2/", headers=headers)) as reply:
        assert reply.status == 200


def policies() -> None:
    errors = ecr.exceptions
    text = policy("ecr:BatchGetImage")
    ecr.set_repository_policy(repositoryName="sdk/app", policyText=text)
    assert json.loads(ecr.get_repository_policy(repositoryName="sdk/app")["policyText"]) == json.loads(text)
    ecr.delete_repository_policy(repositoryName="sdk/app")
    refused(errors.RepositoryPolicyNotFoundException, ecr.get_repository_policy, repositoryName="sdk/app")
    text = policy("ecr:ReplicateImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/*")
    ecr.put_registry_policy(policyText=text)
    assert json.loads(ecr.get_registry_policy()["policyText"]) == json.loads(text)
    ecr.delete_registry_policy()
    refused(errors.RegistryPolicyNotFoundException, ecr.get_registry_policy)

    base = {"repositoryName": "seed/base"}
    ecr.put_lifecycle_policy(**base, lifecyclePolicyText=LIFECYCLE)
    read = ecr.get_lifecycle_policy(**base)
    assert json.loads(read["lifecyclePolicyText"]) == json.loads(LIFECYCLE)
    assert read["lastEvaluatedAt"].timestamp() >= 0
    assert ecr.start_lifecycle_policy_preview(**base)["status"] == "IN_PROGRESS"
    ecr.get_waiter("lifecycle_policy_preview_complete").wait(**base, WaiterConfig={"Delay": 0})
    found = pages("get_lifecycle_policy_preview", 1, **base)
    results = listed(found, 2, "previewResults")
    assert [each["imageTags"] for each in results] == [["one"], ["two"]]
    assert results[0]["imagePushedAt"] == PUSHED
    assert found[0]["summary"]["expiringImageTotalCount"] == 2
    missing = errors.LifecyclePolicyPreviewNotFoundException
    refused(missing, ecr.get_lifecycle_policy_preview, repositoryName="sdk/two")
    ecr.delete_lifecycle_policy(**base)
    refused(errors.LifecyclePolicyNotFoundException, ecr.get_lifecycle_policy, **base)


def scans_and_signatures() -> None:
    errors = ecr.exceptions
    one = {"repositoryName": "seed/base", "imageId": {"imageTag": "one"}}
    assert ecr.start_image_scan(**one)["imageScanStatus"]["status"] == "IN_PROGRESS"
    ecr.get_waiter("image_scan_complete").wait(**one, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})
    found = pages("describe_image_scan_findings", 2, **one)
    names = [each["name"] for page in found for each in page["imageScanFindings"]["findings"]]
    assert (len(found), names) == (2, ["CVE-2030-0001", "CVE-2030-0002", "CVE-2030-0003"])
    assert found[0]["imageScanFindings"]["findingSeverityCounts"] == {"HIGH": 2, "LOW": 1}
    assert is_now(found[0]["imageScanFindings"]["imageScanCompletedAt"])
    refused(errors.LimitExceededException, ecr.start_image_scan, **one)
    never = {"repositoryName": "sdk/app", "imageId": {"imageTag": "v1"}}
    refused(errors.ScanNotFoundException, ecr.describe_image_scan_findings, **never)

    filters = [{"filter": "prod*", "filterType": "WILDCARD"}]
    scanning = {"scanType": "BASIC", "rules": [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters}]}
    ecr.put_registry_scanning_configuration(**scanning)
    assert ecr.get_registry_scanning_configuration()["scanningConfiguration"] == scanning
    read = ecr.batch_get_repository_scanning_configuration(repositoryNames=["sdk/app", "sdk/absent"])
    (configuration,), (failure,) = read["scanningConfigurations"], read["failures"]
    assert configuration["repositoryArn"] == f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/sdk/app"
    assert (failure["repositoryName"], failure["failureCode"]) == ("sdk/absent", "REPOSITORY_NOT_FOUND")

    filters = [{"filter": "sdk/*", "filterType": "WILDCARD_MATCH"}]
    signing = {"rules": [{"signingProfileArn": profile(), "repositoryFilters": filters}]}
    ecr.put_signing_configuration(signingConfiguration=signing)
    assert ecr.get_signing_configuration()["signingConfiguration"] == signing


def profile() -> str:
    return f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/journey"


def replication() -> None:
    regions = ("eu-west-1", "ap-southeast-2")
    places = {region: {"region": region, "registryId": ACCOUNT} for region in regions}
    filters = [{"filter": prefix, "filterType": "PREFIX_MATCH"} for prefix in ("seed/", "sdk/two")]
    configuration = {"rules": [{"destinations": list(places.values()), "repositoryFilters": filters}]}
    ecr.put_replication_configuration(replicationConfiguration=configuration)
    assert ecr.describe_registry()["replicationConfiguration"] == configuration

    started = ecr.start_replication_backfill(destination=places["eu-west-1"])
    assert is_now(started["startedAt"])
    backfill = started["replicationBackfillId"]
    found = pages("describe_replication_backfill_results", 2, replicationBackfillId=backfill)
    results = listed(found, 2, "results")
    assert {each["imageId"]["imageTag"]: each["status"] for each in results} == dict.fromkeys(
        ("one", "two", "three"), "COMPLETE"
    )
    assert found[0]["progress"]["totalReplicationCount"] == 3
    held = ecr.start_replication_backfill(destination=places["ap-southeast-2"])["replicationBackfillId"]
    assert ecr.stop_replication_backfill(replicationBackfillId=held)["status"] == "STOPPING"
    listing = listed(pages("list_replication_backfills", 1), 2, "backfills")
    assert {each["replicationBackfillId"] for each in listing} == {backfill, held}

    push_layer("sdk/two", SMALL)
    push_layer("sdk/two", CONFIG)
    two = {"repositoryName": "sdk/two"}
    image = ecr.put_image(**two, imageManifest=manifest("r1", layer=SMALL), imageTag="r1")["image"]["imageId"]
    statuses = ecr.describe_image_replication_status(**two, imageId={"imageTag": "r1"})["replicationStatuses"]
    assert {each["region"]: each["status"] for each in statuses} == dict.fromkeys(regions, "COMPLETE")
    there = boto3.client("ecr", region_name="eu-west-1")
    (copy,) = there.describe_images(**two, imageIds=[{"imageTag": "r1"}])["imageDetails"]
    assert copy["imageDigest"] == image["imageDigest"]

    (signed,) = ecr.describe_image_signing_status(**two, imageId={"imageTag": "r1"})["signingStatuses"]
    assert (signed["signingProfileArn"], signed["status"]) == (profile(), "COMPLETE")
    ecr.delete_signing_configuration()
    refused(ecr.exceptions.SigningConfigurationNotFoundException, ecr.get_signing_configuration)


def cache_rules() -> None:
    errors = ecr.exceptions
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ecr-pullthroughcache/"
    hub = {"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io"}
    mirror = {"ecrRepositoryPrefix": "mirror", "upstreamRegistryUrl": "mirror.test"}
    quay = {"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io"}
    login = {"upstreamRegistry": "docker-hub", "credentialArn": f"{secret}hub-AbCdEf"}
    for rule in (mirror, quay, {**hub, **login}):
        assert is_now(ecr.create_pull_through_cache_rule(**rule)["createdAt"])
    refused(errors.PullThroughCacheRuleAlreadyExistsException, ecr.create_pull_through_cache_rule, **mirror)
    found = listed(pages("describe_pull_through_cache_rules", 2), 2, "pullThroughCacheRules")
    assert sorted(rule["ecrRepositoryPrefix"] for rule in found) == ["hub", "mirror", "quay"]
    other = f"{secret}other-AbCdEf"
    updated = ecr.update_pull_through_cache_rule(ecrRepositoryPrefix="hub", credentialArn=other)
    assert updated["credentialArn"] == other
    assert ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="mirror")["isValid"] is True
    pulled = ecr.batch_get_image(repositoryName="mirror/team/base", imageIds=[{"imageTag": "v1"}])
    assert len(pulled["images"]) == 1
    ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="quay")
    missing = errors.PullThroughCacheRuleNotFoundException
    refused(missing, ecr.delete_pull_through_cache_rule, ecrRepositoryPrefix="quay")


def templates() -> None:
    errors = ecr.exceptions
    for prefix in ("one", "two", "ROOT"):
        ecr.create_repository_creation_template(prefix=prefix, appliedFor=["CREATE_ON_PUSH"])
    again = {"prefix": "one", "appliedFor": ["CREATE_ON_PUSH"]}
    refused(errors.TemplateAlreadyExistsException, ecr.create_repository_creation_template, **again)
    found = listed(pages("describe_repository_creation_templates", 2), 2, "repositoryCreationTemplates")
    assert {template["prefix"] for template in found} == {"one", "two", "ROOT"}
    changes = {"description": "journey", "imageTagMutability": "IMMUTABLE"}
    echo = ecr.update_repository_creation_template(prefix="one", **changes)["repositoryCreationTemplate"]
    assert (echo["description"], echo["imageTagMutability"]) == ("journey", "IMMUTABLE")
    assert is_now(echo["updatedAt"])
    ecr.delete_repository_creation_template(prefix="one")
    refused(errors.TemplateNotFoundException, ecr.delete_repository_creation_template, prefix="one")


def settings() -> None:
    errors = ecr.exceptions
    ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    assert ecr.get_account_setting(name="BLOB_MOUNTING")["value"] == "ENABLED"
    a, b = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in "ab")
    for role in (a, b):
        assert is_now(ecr.register_pull_time_update_exclusion(principalArn=role)["createdAt"])
    refused(errors.ExclusionAlreadyExistsException, ecr.register_pull_time_update_exclusion, principalArn=a)
    found = listed(pages_by_hand(ecr.list_pull_time_update_exclusions), 2, "pullTimeUpdateExclusions")
    assert sorted(found) == [a, b]
    ecr.deregister_pull_time_update_exclusion(principalArn=a)
    refused(errors.ExclusionNotFoundException, ecr.deregister_pull_time_update_exclusion, principalArn=a)


def end() -> None:
    errors = ecr.exceptions
    refused(errors.RepositoryNotEmptyException, ecr.delete_repository, repositoryName="sdk/app")
    gone = ecr.delete_repository(repositoryName="sdk/app", force=True)["repository"]
    assert gone["repositoryName"] == "sdk/app"
    refused(errors.RepositoryNotFoundException, ecr.delete_repository, repositoryName="sdk/app")


if __name__ == "__main__":
    repositories()
    layers()
    images()
    policies()
    scans_and_signatures()
    replication()
    cache_rules()
    templates()
    settings()
    end()
