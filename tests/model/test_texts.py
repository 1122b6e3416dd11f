"""Refusals that the model has no constraint for, whose text is known from captured answers.

Their members are spelled in PascalCase where ECR judges what a text means, and in camelCase where it judges its form.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from bench import Bench, Blocked
from conftest import Worlds
from fixtures.policies import LIFECYCLE
from fixtures.repositories import EXCLUSIONS

Opened = Callable[[str], Any]
_LIFECYCLE_FAILURE = "Lifecycle policy validation failure: "


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that is refused with this text; an empty one stands for any."""

    operation: str
    build: Callable[[Bench], dict[str, Any]]
    member: str
    text: str
    label: str = ""


def _lifecycle(b: Bench, **selection: Any) -> dict[str, Any]:
    form = json.loads(LIFECYCLE)
    form["rules"][0]["selection"] |= selection
    return {"repositoryName": b.repository(), "lifecyclePolicyText": json.dumps(form)}


def _put(b: Bench, **members: Any) -> dict[str, Any]:
    return {"repositoryName": b.repository(), "imageManifest": b.manifest("v1"), **members}


def _to(b: Bench, region: str) -> dict[str, Any]:
    rules = [{"destinations": [{"region": region, "registryId": b.account}]}]
    return {"replicationConfiguration": {"rules": rules}}


_ARN = "Invalid ARN"
_REFUSED = (
    Refused("ListTagsForResource", lambda _: {"resourceArn": "no-arn"}, "resourceArn", _ARN),
    Refused("TagResource", lambda _: {"resourceArn": "no-arn", "tags": []}, "resourceArn", _ARN),
    Refused("UntagResource", lambda _: {"resourceArn": "no-arn", "tagKeys": []}, "resourceArn", _ARN),
    Refused(
        "ListTagsForResource",
        lambda b: {"resourceArn": f"arn:aws:s3:{b.region}:{b.account}:repository/app"},
        "resourceArn",
        _ARN,
        "of another service",
    ),
    Refused(
        "PutImage",
        lambda b: _put(b, imageManifest="{no json"),
        "ImageManifest",
        "Invalid JSON syntax",
    ),
    Refused(
        "PutImage",
        lambda b: _put(b, imageTag="no tag"),
        "imageTag",
        "must satisfy regular expression '[a-zA-Z0-9-_.]+'",
    ),
    Refused(
        "SetRepositoryPolicy",
        lambda b: {"repositoryName": b.repository(), "policyText": "no policy"},
        "PolicyText",
        "Invalid repository policy provided",
    ),
    Refused(
        "PutRegistryPolicy",
        lambda _: {"policyText": "no policy"},
        "PolicyText",
        "Invalid registry policy provided",
    ),
    Refused(
        "PutLifecyclePolicy",
        lambda b: {"repositoryName": b.repository(), "lifecyclePolicyText": "x" * 100},
        "LifecyclePolicyText",
        f"{_LIFECYCLE_FAILURE}Could not map policyString into LifecyclePolicy.",
    ),
    Refused(
        "PutLifecyclePolicy",
        lambda b: _lifecycle(b, countNumber=0),
        "LifecyclePolicyText",
        f"{_LIFECYCLE_FAILURE}numeric instance is lower than the required minimum (minimum: 1, found: 0)",
        "a count of 0",
    ),
    Refused(
        "PutLifecyclePolicy",
        lambda b: _lifecycle(b, tagStatus="tagged"),
        "LifecyclePolicyText",
        "",
        "tagged without a list",
    ),
    Refused(
        "StartLifecyclePolicyPreview",
        lambda b: {"repositoryName": b.repository(), "lifecyclePolicyText": "x" * 100},
        "LifecyclePolicyText",
        f"{_LIFECYCLE_FAILURE}Could not map policyString into LifecyclePolicy.",
    ),
    Refused(
        "PutReplicationConfiguration",
        lambda b: _to(b, b.region),
        "replicationConfiguration",
        "Replication destination cannot be the same as the source registry",
    ),
    Refused(
        "CreateRepository",
        lambda _: {"repositoryName": "team/app", "imageTagMutabilityExclusionFilters": EXCLUSIONS},
        "imageTagMutabilityExclusionFilters",
        "",
        "filters without a mode that has them",
    ),
    Refused(
        "CreateRepository",
        lambda _: {"repositoryName": "team/app", "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"},
        "imageTagMutabilityExclusionFilters",
        "",
        "a mode without its filters",
    ),
    Refused(
        "PutImageTagMutability",
        lambda b: {"repositoryName": b.repository(), "imageTagMutability": "MUTABLE_WITH_EXCLUSION"},
        "imageTagMutabilityExclusionFilters",
        "",
        "a mode without its filters",
    ),
)


@pytest.mark.parametrize(
    "refused", _REFUSED, ids=lambda each: f"{each.operation}-{each.member}-{each.label}".strip("-")
)
def test_a_refusal_beyond_the_model_is_told_as_ecr_tells_it(refused: Refused, worlds: Worlds, variants: Opened) -> None:
    with variants(refused.operation) as counted:
        bench, api = worlds()
        label = f"{refused.member} {refused.label}".strip()
        try:
            form = refused.build(bench)
        except Blocked as blocked:
            counted.judge("text", label, ["cannot be prepared"], str(blocked))
            return
        answer = api.send(refused.operation, form)
        found = [] if answer.code == "InvalidParameterException" else ["expected InvalidParameterException"]
        start = f"Invalid parameter at '{refused.member}' failed to satisfy constraint: '"
        if refused.text and answer.message != f"{start}{refused.text}'":
            found.append(f"expected {start}{refused.text}'")
        changed = [
            call.number
            for call in bench.world.calls(f"ecr:{refused.operation}")
            if call.number == answer.record and call.revision_before != call.revision_after
        ]
        counted.judge("text", label, [*found, *(["the world has changed"] if changed else [])], answer)
