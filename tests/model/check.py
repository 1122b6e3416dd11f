"""Strict comparison of an answer with the model's output shape: what an SDK forgives is a problem here.

Members that the model knows, of the right JSON type, in their bounds; never null. The model calls hardly any output
member required; which ones an answer always has is said by `ALWAYS` for shapes and by the fixtures for operations.
Lower bounds on the size of lists are not judged: the model shares these lists with inputs, and answers may be empty.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Any

from service import Shape

# Members that a structure has in every answer. Source: AWS's samples of each shape.
ALWAYS: dict[str, frozenset[str]] = {
    name: frozenset(members.split())
    for name, members in {
        "AuthorizationData": "authorizationToken expiresAt proxyEndpoint",
        "Image": "registryId repositoryName imageId imageManifest imageManifestMediaType",
        "ImageDetail": (
            "registryId repositoryName imageDigest imageSizeInBytes imagePushedAt imageManifestMediaType imageStatus"
        ),
        "ImageFailure": "imageId failureCode failureReason",
        "ImageReferrer": "digest mediaType size artifactStatus",
        "ImageReplicationStatus": "region registryId status",
        "ImageScanFinding": "name severity",
        "ImageScanFindings": "imageScanCompletedAt vulnerabilitySourceUpdatedAt findingSeverityCounts",
        "ImageScanStatus": "status",
        "ImageScanningConfiguration": "scanOnPush",
        "ImageSigningStatus": "signingProfileArn status",
        "Layer": "layerDigest layerAvailability",
        "LayerFailure": "layerDigest failureCode failureReason",
        "LifecyclePolicyPreviewResult": "imageDigest imagePushedAt action appliedRulePriority storageClass",
        "LifecyclePolicyPreviewSummary": "expiringImageTotalCount",
        "LifecyclePolicyRuleAction": "type",
        "PullThroughCacheRule": (
            "ecrRepositoryPrefix upstreamRegistryUrl upstreamRegistry upstreamRepositoryPrefix registryId createdAt"
            " updatedAt"
        ),
        "RegistryScanningConfiguration": "scanType rules",
        "Repository": (
            "repositoryArn registryId repositoryName repositoryUri createdAt imageTagMutability"
            " imageScanningConfiguration encryptionConfiguration"
        ),
        "RepositoryCreationTemplate": "prefix imageTagMutability appliedFor createdAt updatedAt",
        "RepositoryScanningConfiguration": ("repositoryArn repositoryName scanOnPush scanFrequency appliedScanFilters"),
        "RepositoryScanningConfigurationFailure": "repositoryName failureCode failureReason",
        "TransitioningImageTotalCount": "targetStorageClass imageTotalCount",
    }.items()
}


def problems(shape: Shape, value: Any, place: str = "", seen: set[str] | None = None) -> list[str]:
    """What is wrong with a value, one sentence each; nothing if it is as the model says.

    `seen` gathers the members that were there, as `Shape.member`.
    """
    seen = set() if seen is None else seen
    if value is None:
        return [f"{place} is null"]
    match shape.type_name:
        case "structure":
            return _structure(shape, value, place, seen)
        case "list":
            return _list(shape, value, place, seen)
        case "map":
            return _map(shape, value, place, seen)
        case "string":
            return _string(shape, value, place)
        case "integer" | "long":
            return _integer(shape, value, place)
        case "double" | "float" | "timestamp":
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            return [] if is_number else [f"{place} is {value!r} and no number"]
        case "boolean":
            return [] if isinstance(value, bool) else [f"{place} is {value!r} and no boolean"]
        case "blob":
            return _blob(value, place)
        case other:
            return [f"{place} is of the type {other}, which this suite does not know"]


def _structure(shape: Shape, value: Any, place: str, seen: set[str]) -> list[str]:
    if not isinstance(value, dict):
        return [f"{place} is {value!r:.80} and no object"]
    found = []
    for name in sorted((ALWAYS.get(shape.name, frozenset()) | set(shape.required_members)) - value.keys()):
        found.append(f"{_at(place, name)} is missing")
    for name, member in value.items():
        if name not in shape.members:
            found.append(f"{_at(place, name)} is unknown to the model")
            continue
        seen.add(f"{shape.name}.{name}")
        found += problems(shape.members[name], member, _at(place, name), seen)
    return found


def _list(shape: Shape, value: Any, place: str, seen: set[str]) -> list[str]:
    if not isinstance(value, list):
        return [f"{place} is {value!r:.80} and no array"]
    most = shape.metadata.get("max", math.inf)
    found = [f"{place} has {len(value)} elements, more than {most}"] if len(value) > most else []
    for index, element in enumerate(value):
        found += problems(shape.member, element, f"{place}[{index}]", seen)
    return found


def _map(shape: Shape, value: Any, place: str, seen: set[str]) -> list[str]:
    if not isinstance(value, dict):
        return [f"{place} is {value!r:.80} and no object"]
    found = []
    for key, element in value.items():
        found += problems(shape.key, key, f"{place}.{key} (key)", seen)
        found += problems(shape.value, element, _at(place, key), seen)
    return found


def _string(shape: Shape, value: Any, place: str) -> list[str]:
    if not isinstance(value, str):
        return [f"{place} is {value!r:.80} and no string"]
    bounds = shape.metadata
    found = []
    if "enum" in bounds and value not in bounds["enum"]:
        found.append(f"{place} is {value!r}, not one of {', '.join(bounds['enum'])}")
    if not bounds.get("min", 0) <= len(value) <= bounds.get("max", math.inf):
        found.append(f"{place} has {len(value)} characters")
    if "pattern" in bounds and not fits(bounds["pattern"], value):
        found.append(f"{place} is {value!r:.80}, against {bounds['pattern']}")
    return found


def _integer(shape: Shape, value: Any, place: str) -> list[str]:
    if not isinstance(value, int) or isinstance(value, bool):
        return [f"{place} is {value!r:.80} and no integer"]
    bounds = shape.metadata
    within = bounds.get("min", -math.inf) <= value <= bounds.get("max", math.inf)
    return [] if within else [f"{place} is {value}, out of bounds"]


def _blob(value: Any, place: str) -> list[str]:
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return [f"{place} is {value!r:.80} and no base64"]
    return []


def fits(pattern: str, text: str) -> bool:
    """Whether the whole text is of the pattern, which is written for another dialect of regular expressions."""
    return re.fullmatch(pattern, text, re.ASCII) is not None


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
