"""The calls that Terraform's AWS provider makes for each ECR resource: create, read, update, delete, with its probes.

Terraform itself is not run; the order of its calls and the codes that it tells states by are what is replayed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from ecrfixture import World, tasks, upstream

ACCOUNT = "123456789012"


@pytest.fixture
def ecr(ecr_world: World) -> Any:
    return ecr_world.boto3("ecr")


def gone(call: Any, code: str, **members: Any) -> None:
    """The probe after a deletion: this code means that the resource is gone."""
    with pytest.raises(ClientError) as refusal:
        call(**members)
    assert refusal.value.response["Error"]["Code"] == code


def test_c_222_repository(ecr: Any) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    created = ecr.create_repository(repositoryName="app", tags=tags, imageTagMutability="IMMUTABLE")["repository"]
    (read,) = ecr.describe_repositories(repositoryNames=["app"])["repositories"]
    assert read == created
    assert ecr.list_tags_for_resource(resourceArn=read["repositoryArn"])["tags"] == tags

    ecr.put_image_tag_mutability(repositoryName="app", imageTagMutability="MUTABLE")
    ecr.put_image_scanning_configuration(repositoryName="app", imageScanningConfiguration={"scanOnPush": True})
    ecr.tag_resource(resourceArn=read["repositoryArn"], tags=[{"Key": "team", "Value": "b"}])
    ecr.untag_resource(resourceArn=read["repositoryArn"], tagKeys=["absent"])
    (read,) = ecr.describe_repositories(repositoryNames=["app"])["repositories"]
    assert (read["imageTagMutability"], read["imageScanningConfiguration"]) == ("MUTABLE", {"scanOnPush": True})
    assert ecr.list_tags_for_resource(resourceArn=read["repositoryArn"])["tags"] == [{"Key": "team", "Value": "b"}]

    ecr.delete_repository(repositoryName="app", force=False)
    gone(ecr.describe_repositories, "RepositoryNotFoundException", repositoryNames=["app"])
    gone(ecr.delete_repository, "RepositoryNotFoundException", repositoryName="app")


def test_a_repository_with_images_asks_for_force(ecr: Any, ecr_world: World) -> None:
    ecr.create_repository(repositoryName="app")
    ecr_world.push("app:v1")
    gone(ecr.delete_repository, "RepositoryNotEmptyException", repositoryName="app", force=False)
    ecr.delete_repository(repositoryName="app", force=True)
    gone(ecr.describe_repositories, "RepositoryNotFoundException", repositoryNames=["app"])


def test_repository_policy(ecr: Any) -> None:
    ecr.create_repository(repositoryName="app")
    statement = {"Sid": "pull", "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": ["ecr:BatchGetImage"]}
    policy = {"Version": "2008-10-17", "Statement": [statement]}
    ecr.set_repository_policy(repositoryName="app", policyText=json.dumps(policy))
    # Compared by meaning: accounts come back as their root.
    read = json.loads(ecr.get_repository_policy(repositoryName="app")["policyText"])
    assert read["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert read["Statement"][0]["Action"] == ["ecr:BatchGetImage"]
    # The provider retries while a new role is not known yet, by this code and text.
    with pytest.raises(ClientError, match="Invalid repository policy provided") as refusal:
        ecr.set_repository_policy(repositoryName="app", policyText="{}")
    assert refusal.value.response["Error"]["Code"] == "InvalidParameterException"
    ecr.delete_repository_policy(repositoryName="app")
    gone(ecr.get_repository_policy, "RepositoryPolicyNotFoundException", repositoryName="app")
    gone(ecr.delete_repository_policy, "RepositoryPolicyNotFoundException", repositoryName="app")
    gone(ecr.get_repository_policy, "RepositoryNotFoundException", repositoryName="absent")


def test_lifecycle_policy(ecr: Any) -> None:
    ecr.create_repository(repositoryName="app")
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
    policy = {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}
    ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=json.dumps(policy, indent=2))
    read = ecr.get_lifecycle_policy(repositoryName="app")
    assert json.loads(read["lifecyclePolicyText"]) == policy
    assert read["lastEvaluatedAt"].timestamp() == 0
    ecr.delete_lifecycle_policy(repositoryName="app")
    gone(ecr.get_lifecycle_policy, "LifecyclePolicyNotFoundException", repositoryName="app")
    gone(ecr.delete_lifecycle_policy, "LifecyclePolicyNotFoundException", repositoryName="app")


def test_registry_policy(ecr: Any) -> None:
    gone(ecr.get_registry_policy, "RegistryPolicyNotFoundException")
    resource = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/*"
    principal = {"AWS": "arn:aws:iam::999999999999:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": ["ecr:ReplicateImage"], "Resource": [resource]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    ecr.put_registry_policy(policyText=json.dumps(policy))
    assert json.loads(ecr.get_registry_policy()["policyText"]) == policy
    ecr.delete_registry_policy()
    gone(ecr.get_registry_policy, "RegistryPolicyNotFoundException")
    gone(ecr.delete_registry_policy, "RegistryPolicyNotFoundException")


def test_replication_configuration(ecr: Any) -> None:
    rules = [{"destinations": [{"region": "eu-west-1", "registryId": ACCOUNT}]}]
    ecr.put_replication_configuration(replicationConfiguration={"rules": rules})
    assert ecr.describe_registry()["replicationConfiguration"]["rules"] == rules
    ecr.put_replication_configuration(replicationConfiguration={"rules": []})
    assert ecr.describe_registry()["replicationConfiguration"] == {"rules": []}


def test_registry_scanning_configuration(ecr: Any) -> None:
    filters = [{"filter": "prod*", "filterType": "WILDCARD"}]
    rules = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters}]
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=rules)
    read = ecr.get_registry_scanning_configuration()["scanningConfiguration"]
    assert read == {"scanType": "BASIC", "rules": rules}
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[])
    assert ecr.get_registry_scanning_configuration()["scanningConfiguration"] == {"scanType": "BASIC", "rules": []}


def test_pull_through_cache_rule(ecr: Any, ecr_world: World) -> None:
    ecr_world.seed(upstream("mirror.test", {}), tasks())
    ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="hub", upstreamRegistryUrl="public.ecr.aws")
    (read,) = ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=["hub"])["pullThroughCacheRules"]
    assert (read["upstreamRegistryUrl"], read["upstreamRegistry"]) == ("public.ecr.aws", "ecr-public")
    assert read["upstreamRepositoryPrefix"] == "ROOT"
    ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="hub")
    code = "PullThroughCacheRuleNotFoundException"
    gone(ecr.describe_pull_through_cache_rules, code, ecrRepositoryPrefixes=["hub"])
    gone(ecr.delete_pull_through_cache_rule, code, ecrRepositoryPrefix="hub")


def test_repository_creation_template(ecr: Any) -> None:
    created = ecr.create_repository_creation_template(prefix="prod", appliedFor=["PULL_THROUGH_CACHE"])
    listed = ecr.describe_repository_creation_templates(prefixes=["prod"])
    assert listed["repositoryCreationTemplates"] == [created["repositoryCreationTemplate"]]
    ecr.update_repository_creation_template(
        prefix="prod", appliedFor=["REPLICATION"], imageTagMutability="IMMUTABLE", description="for production"
    )
    (read,) = ecr.describe_repository_creation_templates(prefixes=["prod"])["repositoryCreationTemplates"]
    assert (read["appliedFor"], read["imageTagMutability"]) == (["REPLICATION"], "IMMUTABLE")
    ecr.delete_repository_creation_template(prefix="prod")
    # An empty list is how the provider learns that it is gone.
    assert ecr.describe_repository_creation_templates(prefixes=["prod"])["repositoryCreationTemplates"] == []
    gone(ecr.delete_repository_creation_template, "TemplateNotFoundException", prefix="prod")


def test_account_setting(ecr: Any) -> None:
    ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    assert ecr.get_account_setting(name="BLOB_MOUNTING")["value"] == "ENABLED"
    assert ecr.get_account_setting(name="BASIC_SCAN_TYPE_VERSION")["value"] == "AWS_NATIVE"


def test_data_sources(ecr: Any, ecr_world: World) -> None:
    ecr_world.seed(repo="app")
    for tag in ("v1", "v2"):
        ecr_world.push(f"app:{tag}")
        ecr_world.advance("1s")
    images = ecr.describe_images(repositoryName="app")["imageDetails"]
    newest = max(images, key=lambda image: image["imagePushedAt"])
    assert newest["imageTags"] == ["v2"]
    gone(ecr.describe_images, "ImageNotFoundException", repositoryName="app", imageIds=[{"imageTag": "absent"}])
    assert {image["imageTag"] for image in ecr.list_images(repositoryName="app")["imageIds"]} == {"v1", "v2"}
    (token,) = ecr.get_authorization_token()["authorizationData"]
    assert token["proxyEndpoint"].startswith("http")
