from __future__ import annotations

from datetime import datetime, timezone

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ecrfixture._sigv4 import signed_headers
from ecrfixture.records import Aws


def test_the_signature_is_the_one_that_botocore_makes():
    aws = Aws("http://127.0.0.1:4510", "eu-west-1", "123456789012", "AKIDEXAMPLE", "secret/key")
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    made = signed_headers(aws, "127.0.0.1:4510", "AmazonEC2ContainerRegistry_V20150921.X", b"{}", now)
    request = AWSRequest(
        "POST",
        "http://127.0.0.1:4510/",
        data=b"{}",
        headers={name: value for name, value in made.items() if name not in ("authorization", "host")},
    )
    request.context["timestamp"] = made["x-amz-date"]
    signer = SigV4Auth(Credentials(aws.access_key_id, aws.secret_access_key), "ecr", aws.region)
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    assert made["authorization"].endswith(f"Signature={signature}")
    assert "Credential=AKIDEXAMPLE/20260102/eu-west-1/ecr/aws4_request" in made["authorization"]
