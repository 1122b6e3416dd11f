"""AWS Signature Version 4 for one JSON POST, from the standard library, so that boto3 stays optional. Pure. Internal.

Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from ecrfixture.records import Aws

_SERVICE = "ecr"
_ALGORITHM = "AWS4-HMAC-SHA256"


def signed_headers(aws: Aws, host: str, target: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of a POST to `/` with this body, its `x-amz-target` and the real time `now` in UTC."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{aws.region}/{_SERVICE}/aws4_request"
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": host,
        "x-amz-date": stamp,
        "x-amz-target": target,
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{aws.secret_access_key}".encode()
    for part in (stamp[:8], aws.region, _SERVICE, "aws4_request"):
        key = _mac(key, part)
    signature = _mac(key, to_sign).hex()
    credential = f"Credential={aws.access_key_id}/{scope}"
    headers["authorization"] = f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"
    return headers


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
