from __future__ import annotations

from datetime import datetime, timezone

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict

from ecrfixture import (
    cache_rule,
    image,
    quotas,
    registry,
    repository,
    secret,
    surface,
    tasks,
    template,
    throttles,
    upstream,
)
from ecrfixture.control.v1 import state_pb2


@pytest.mark.parametrize(
    ("document", "form"),
    [
        (
            repository("app", images=["v1", image("v2", "latest", layers=3, size="1KiB")], tag_mutability="IMMUTABLE"),
            {
                "repository": {
                    "name": "app",
                    "images": [{"tags": ["v1"]}, {"tags": ["v2", "latest"], "layers": 3, "layerSizeBytes": "1024"}],
                    "imageTagMutability": "IMMUTABLE",
                }
            },
        ),
        (
            registry(replicate_to=["eu-west-1", "210987654321/us-west-2"], repository_prefixes=["app"]),
            {
                "registry": {
                    "replication": {
                        "rules": [
                            {
                                "destinations": [
                                    {"region": "eu-west-1"},
                                    {"region": "us-west-2", "account": "210987654321"},
                                ],
                                "repositoryPrefixes": ["app"],
                            }
                        ]
                    }
                }
            },
        ),
        (registry(replicate_to=[]), {"registry": {"replication": {}}}),
        (
            registry(replication_sources=["210987654321"], region="eu-west-1"),
            {"registry": {"region": "eu-west-1", "replicationSources": ["210987654321"]}},
        ),
        (
            cache_rule("quay", "quay.io", upstream_prefix="team"),
            {"registry": {"cacheRules": [{"prefix": "quay", "upstream": "quay.io", "upstreamPrefix": "team"}]}},
        ),
        (
            upstream("quay.io", {"base": [image("1", layers=3, platforms=["linux/amd64", "linux/arm64"])]}),
            {
                "upstream": {
                    "host": "quay.io",
                    "repositories": [
                        {
                            "name": "base",
                            "images": [{"tags": ["1"], "layers": 3, "platforms": ["linux/amd64", "linux/arm64"]}],
                        }
                    ],
                }
            },
        ),
        (
            tasks(replication_duration="30s", replication_retry="5m"),
            {"tasks": {"replicationDuration": "30s", "replicationRetry": "300s"}},
        ),
        (
            repository("r", images=[image(seed=7, docker=True, pushed_at=datetime(2026, 1, 2, tzinfo=timezone.utc))]),
            {
                "repository": {
                    "name": "r",
                    "images": [{"seed": "7", "format": "IMAGE_FORMAT_DOCKER", "pushedAt": "2026-01-02T00:00:00Z"}],
                }
            },
        ),
        (
            registry(
                policy={"Version": "2012-10-17"},
                creation_templates=[
                    template("prod", ["REPLICATION"], tag_mutability="IMMUTABLE", resource_tags={"team": "a"})
                ],
                blob_mounting=True,
                policy_scope="V1",
                scanning={"scanType": "ENHANCED"},
                pull_time_exclusions=["arn:aws:iam::123456789012:role/ci"],
            ),
            {
                "registry": {
                    "policy": '{"Version": "2012-10-17"}',
                    "creationTemplates": [
                        {
                            "prefix": "prod",
                            "appliedFor": ["REPLICATION"],
                            "imageTagMutability": "IMMUTABLE",
                            "resourceTags": [{"key": "team", "value": "a"}],
                        }
                    ],
                    "accountSettings": {"blobMounting": "ENABLED", "registryPolicyScope": "V1"},
                    "scanning": {"scanType": "ENHANCED"},
                    "pullTimeExclusions": ["arn:aws:iam::123456789012:role/ci"],
                }
            },
        ),
        (
            repository("r", images=[image("old", archived=True)], lifecycle_policy="{}", resource_tags={"team": "a"}),
            {
                "repository": {
                    "name": "r",
                    "images": [{"tags": ["old"], "archived": True}],
                    "lifecyclePolicy": "{}",
                    "resourceTags": [{"key": "team", "value": "a"}],
                }
            },
        ),
        (
            throttles({"PutImage": 2, "GetAuthorizationToken": (20, 200)}),
            {
                "throttles": {
                    "operations": [
                        {"operation": "PutImage", "ratePerSecond": 2},
                        {"operation": "GetAuthorizationToken", "ratePerSecond": 20, "burst": 200},
                    ]
                }
            },
        ),
        (throttles(enabled=False), {"throttles": {"enabled": False}}),
        (quotas(images_per_repository=1), {"quotas": {"imagesPerRepository": "1"}}),
        (surface(referrers=False), {"surface": {"referrers": False}}),
        (secret("arn", fault="MALFORMED"), {"secret": {"arn": "arn", "fault": "MALFORMED"}}),
    ],
    ids=[
        "repository",
        "replication",
        "no replication",
        "sources",
        "cache rule",
        "upstream",
        "tasks",
        "image",
        "settings",
        "archived",
        "throttles",
        "no throttles",
        "quotas",
        "surface",
        "secret",
    ],
)
def test_a_document_is_its_tree(document, form):
    expected = ParseDict(form, state_pb2.Document())
    assert MessageToDict(ParseDict(document.to_json(), state_pb2.Document())) == MessageToDict(expected)
