"""The bytes of the journey, for its programs in Python: a layer, a config, manifests over them, and policies."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone

LAYER_PARTS = (b"x" * 5_242_880, b"y" * 1_000)
LAYER = b"".join(LAYER_PARTS)
CONFIG = b'{"architecture":"amd64","os":"linux"}'
SMALL = b"z" * 1_000
NONE = f"sha256:{'0' * 64}"

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
SIGNATURE_TYPE = "application/vnd.journey.signature"

_NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
PUSHED = datetime(2029, 6, 1, 12, 30, 15, 500_000, tzinfo=timezone.utc)

LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
                "action": {"type": "expire"},
            }
        ]
    }
)


def digest_of(data: bytes) -> str:
    """The digest of these bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def manifest(name: str, *, layer: bytes = LAYER, layer_digest: str = "", subject: str = "") -> str:
    """A manifest that differs from others by its name; with a subject, the manifest's text, it is its signature."""
    form: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest_of(CONFIG),
            "size": len(CONFIG),
        },
        "layers": [
            {
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": layer_digest or digest_of(layer),
                "size": len(layer),
            }
        ],
        "annotations": {"n": name},
    }
    if subject:
        described = {"mediaType": MANIFEST_TYPE, "digest": digest_of(subject.encode()), "size": len(subject)}
        form |= {"artifactType": SIGNATURE_TYPE, "subject": described}
    return json.dumps(form)


def policy(action: str, *resources: str) -> str:
    """A policy that lets another account do this."""
    statement: dict[str, object] = {
        "Sid": "journey",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
        "Action": [action],
    }
    if resources:
        statement["Resource"] = list(resources)
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def is_now(time: datetime, *, later: timedelta = timedelta()) -> bool:
    """Whether a time lies in the minute of the journey, or so much later."""
    return timedelta() <= time - _NOW - later < timedelta(minutes=1)
