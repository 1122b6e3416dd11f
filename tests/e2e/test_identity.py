"""Who may do what: signatures that a world verifies, principals that it declares, and policies on both surfaces."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore import UNSIGNED  # type: ignore[import-untyped]
from botocore.auth import SigV4QueryAuth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from ecrfixture import EcrFixture, World, principal

ANN = "arn:aws:iam::123456789012:user/ann"
KEY, SECRET = "AKIDANN0123456789012", "ann's own secret"
SESSION = "arn:aws:sts::123456789012:assumed-role/ci/7"
TEMPORARY, TOKEN = "ASIACI1234567890", "a+session/token="
TARGET = "AmazonEC2ContainerRegistry_V20150921"


def client(world: World, key: str | None, secret: str | None, token: str | None = None, **config: Any) -> Any:
    """A real client with these credentials, whatever the environment says."""
    return boto3.session.Session().client(
        "ecr",
        endpoint_url=world.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def refused(call: Any, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refusal:
        call(**members)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def allow(action: str) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}


def test_c_007_a_verifying_world_knows_its_keys_and_no_others(ecr_fixture: EcrFixture) -> None:
    with ecr_fixture.world(auth="verified", listen="dedicated") as world:
        assert world.boto3("ecr").describe_repositories()["repositories"] == []
        key = world.aws()
        unknown = client(world, "AKIDNOBODY0123456789", "secret")
        assert refused(unknown.describe_repositories) == (
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )
        forged = client(world, key.access_key_id, "not its secret")
        code, message = refused(forged.describe_repositories)
        assert code == "InvalidSignatureException"
        assert message.startswith("The request signature we calculated does not match")


def test_a_signature_is_fresh_by_the_clock_that_the_world_asks_for(ecr_fixture: EcrFixture) -> None:
    with (
        ecr_fixture.world(auth="verified", listen="dedicated") as by_real_clock,
        ecr_fixture.world(auth="verified_on_world_clock", listen="dedicated") as by_its_own,
    ):
        for world in (by_real_clock, by_its_own):
            assert world.boto3("ecr").describe_repositories()["repositories"] == []
            world.advance("10m")
        by_real_clock.boto3("ecr").describe_repositories()
        key = by_its_own.aws()
        late = client(by_its_own, key.access_key_id, key.secret_access_key)
        code, message = refused(late.describe_repositories)
        assert code == "InvalidSignatureException"
        assert message.startswith("Signature expired: ")


def test_a_world_may_do_without_signatures(ecr_fixture: EcrFixture) -> None:
    with ecr_fixture.world(listen="dedicated") as claimed, ecr_fixture.world(auth="off", listen="dedicated") as off:
        code, _ = refused(client(claimed, None, None, signature_version=UNSIGNED).describe_repositories)
        assert code == "MissingAuthenticationTokenException"
        created = client(off, None, None, signature_version=UNSIGNED).create_repository(repositoryName="app")
        assert created["repository"]["registryId"] == "123456789012"


def test_a_declared_principal_may_do_what_its_policies_say(ecr_fixture: EcrFixture) -> None:
    with ecr_fixture.world(auth="verified", listen="dedicated") as world:
        policy = allow("ecr:Describe*")
        world.seed(principal(ANN, [policy], access_key_id=KEY, secret_access_key=SECRET), repo="app")
        ann = client(world, KEY, SECRET)
        assert [found["repositoryName"] for found in ann.describe_repositories()["repositories"]] == ["app"]
        assert refused(ann.create_repository, repositoryName="new") == (
            "AccessDeniedException",
            f"User: {ANN} is not authorized to perform: ecr:CreateRepository on resource: "
            "arn:aws:ecr:us-east-1:123456789012:repository/new because no identity-based policy allows the "
            "ecr:CreateRepository action",
        )
        # A second declaration takes the place of the first.
        world.seed(principal(ANN, [policy, allow("ecr:CreateRepository")]))
        assert ann.create_repository(repositoryName="new")["repository"]["repositoryName"] == "new"


def test_c_007_a_temporary_key_is_good_with_its_token_and_until_its_end(ecr_fixture: EcrFixture) -> None:
    begun = datetime(2026, 1, 1, tzinfo=timezone.utc)
    with ecr_fixture.world(auth="verified", listen="dedicated", now=begun) as world:
        ends = begun + timedelta(hours=1)
        world.seed(
            principal("arn:aws:iam::123456789012:role/ci", [allow("ecr:Describe*")]),
            principal(SESSION, access_key_id=TEMPORARY, secret_access_key=SECRET, session_token=TOKEN, expires_at=ends),
            principal(ANN, [allow("ecr:*")], access_key_id=KEY, secret_access_key=SECRET),
        )
        session = client(world, TEMPORARY, SECRET, TOKEN)
        assert session.describe_repositories()["repositories"] == []
        _, message = refused(session.create_repository, repositoryName="new")
        assert message.startswith(f"User: {SESSION} is not authorized to perform: ecr:CreateRepository ")
        own = world.aws()
        for stranger in (
            client(world, TEMPORARY, SECRET),
            client(world, TEMPORARY, SECRET, "another token"),
            client(world, KEY, SECRET, TOKEN),
            client(world, own.access_key_id, own.secret_access_key, TOKEN),
        ):
            assert refused(stranger.describe_repositories) == (
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        assert (
            refused(client(world, TEMPORARY, "forged", TOKEN).describe_repositories)[0] == "InvalidSignatureException"
        )
        world.advance("1h")
        assert refused(session.describe_repositories) == (
            "ExpiredTokenException",
            "The security token included in the request is expired",
        )
        assert client(world, KEY, SECRET).describe_repositories()["repositories"] == []


def send(url: str, target: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
    """Status and body of a call of the JSON API that has its signature in the URL."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGET}.{target}"}
    request = urllib.request.Request(url, method="POST", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.loads(refusal.read())


def test_c_007_unconfirmed_a_presigned_call_is_verified_like_any_other(ecr_fixture: EcrFixture) -> None:
    with ecr_fixture.world(auth="verified", listen="dedicated") as world:
        url = world.boto3("ecr").generate_presigned_url("get_authorization_token", ExpiresIn=60)
        status, answer = send(url, "GetAuthorizationToken")
        assert (status, len(answer["authorizationData"])) == (200, 1)
        for forged, target, body in (
            (url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"), "GetAuthorizationToken", b""),
            (url[:-1] + ("0" if url[-1] != "0" else "1"), "GetAuthorizationToken", b""),
            (url, "DescribeRepositories", b""),
            (url, "GetAuthorizationToken", b"{}"),
        ):
            status, answer = send(forged, target, body)
            assert (status, answer["__type"]) == (400, "InvalidSignatureException")
        key = world.aws()
        stranger = client(world, key.access_key_id, key.secret_access_key, TOKEN)
        _, answer = send(stranger.generate_presigned_url("get_authorization_token"), "GetAuthorizationToken")
        assert answer["__type"] == "UnrecognizedClientException"
        for expires, text in (
            ("604801", "X-Amz-Expires must be less than a week (in seconds)"),
            ("-1", "X-Amz-Expires must be non-negative"),
            ("soon", "X-Amz-Expires should be a number"),
        ):
            status, answer = send(url.replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}"), "GetAuthorizationToken")
            assert (status, answer["__type"]) == (400, "IncompleteSignatureException")
            assert answer["message"].startswith(text)
        assert "X-Amz-Signature=***#" in world.calls("ecr:GetAuthorizationToken")[0].request_line


class QueryAuthWithBody(SigV4QueryAuth):  # type: ignore[misc]
    """Botocore's presigning but for the body, which it would move to the query."""

    def payload(self, request: Any) -> str:
        return hashlib.sha256(request.context["body"]).hexdigest()


def test_c_007_unconfirmed_a_presigned_call_is_good_for_as_long_as_it_says(ecr_fixture: EcrFixture) -> None:
    with ecr_fixture.world(auth="verified_on_world_clock", listen="dedicated", now=datetime.now(timezone.utc)) as world:
        world.seed(
            principal(SESSION, access_key_id=TEMPORARY, secret_access_key=SECRET, session_token=TOKEN), repo="app"
        )
        body = b'{"repositoryNames": ["app"]}'
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGET}.DescribeRepositories"}
        request = AWSRequest("POST", f"{world.endpoint}/?note=a+b%20c", headers)
        request.context["body"] = body
        QueryAuthWithBody(Credentials(TEMPORARY, SECRET, TOKEN), "ecr", "us-east-1", expires=900).add_auth(request)
        world.advance("10m")
        status, answer = send(request.url, "DescribeRepositories", body)
        assert (status, [found["repositoryName"] for found in answer["repositories"]]) == (200, ["app"])
        world.advance("6m")
        status, answer = send(request.url, "DescribeRepositories", body)
        assert (status, answer["__type"]) == (400, "InvalidSignatureException")
        assert answer["message"].startswith("Signature expired: ")
        assert answer["message"].endswith("- 15 min.)")


def test_d_025_a_repository_policy_rules_both_surfaces(ecr_world: World) -> None:
    ecr_world.seed(repo="app")
    image = ecr_world.push("app:v1")
    ecr = ecr_world.boto3("ecr")
    deny = {"Effect": "Deny", "Principal": "*", "Action": ["ecr:BatchGetImage", "ecr:ListImages"]}
    ecr.set_repository_policy(
        repositoryName="app", policyText=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    code, message = refused(ecr.list_images, repositoryName="app")
    assert (code, message.endswith("with an explicit deny in a resource-based policy")) == (
        "AccessDeniedException",
        True,
    )

    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    assert base64.b64decode(token).startswith(b"AWS:")
    request = urllib.request.Request(
        f"{ecr_world.endpoint}/v2/app/manifests/{image.digest}", headers={"Authorization": f"Basic {token}"}
    )
    with pytest.raises(urllib.error.HTTPError) as denial:
        urllib.request.urlopen(request)
    assert denial.value.code == 403
    error = json.loads(denial.value.read())["errors"][0]
    assert error["code"] == "DENIED"
    assert error["message"].startswith(
        "User: arn:aws:iam::123456789012:root is not authorized to perform: ecr:BatchGetImage"
    )

    ecr.delete_repository_policy(repositoryName="app")
    assert len(ecr.list_images(repositoryName="app")["imageIds"]) == 1


def registry_call(world: World, token: str, method: str, path: str) -> int:
    """Status of a call of the registry surface."""
    headers = {"Authorization": f"Basic {token}"}
    request = urllib.request.Request(f"{world.endpoint}{path}", method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def test_a_login_has_the_rights_of_whom_it_was_given_to(ecr_fixture: EcrFixture) -> None:
    with ecr_fixture.world(auth="verified", listen="dedicated") as world:
        pull = allow("ecr:BatchGetImage")
        policies = [allow("ecr:GetAuthorizationToken"), pull]
        world.seed(principal(ANN, policies, access_key_id=KEY, secret_access_key=SECRET), repo="app")
        image = world.push("app:v1")
        (data,) = client(world, KEY, SECRET).get_authorization_token()["authorizationData"]
        token = data["authorizationToken"]
        assert registry_call(world, token, "GET", f"/v2/app/manifests/{image.digest}") == 200
        assert registry_call(world, token, "POST", "/v2/app/blobs/uploads/") == 403
        # A right that goes while the login lives is gone for the login, too.
        world.seed(principal(ANN, policies[:1]))
        assert registry_call(world, token, "GET", f"/v2/app/manifests/{image.digest}") == 403


def test_c_043_a_blob_is_mounted_only_for_who_could_download_it(ecr_world: World) -> None:
    ecr_world.seed(repo="app")
    ecr_world.push("app:v1")
    ecr = ecr_world.boto3("ecr")
    ecr.create_repository(repositoryName="other")
    ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    (found,) = ecr.batch_get_image(repositoryName="app", imageIds=[{"imageTag": "v1"}])["images"]
    layers = json.loads(found["imageManifest"])["layers"]
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]

    def mount(layer: dict[str, str]) -> int:
        return registry_call(ecr_world, token, "POST", f"/v2/other/blobs/uploads/?mount={layer['digest']}&from=app")

    deny = {"Effect": "Deny", "Principal": "*", "Action": "ecr:GetDownloadUrlForLayer"}
    ecr.set_repository_policy(repositoryName="app", policyText=json.dumps({"Version": "2012-10-17", "Statement": deny}))
    assert mount(layers[0]) == 202
    ecr.delete_repository_policy(repositoryName="app")
    assert mount(layers[0]) == 201
