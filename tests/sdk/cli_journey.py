"""The journey of the AWS CLI, version 1; `README.md` says what each step is.

Each command is a process of its own and answers as `aws ecr …` does in a shell, but it is forked from one that has
loaded the CLI already: loading takes most of a second, the rest a tenth of it. The login alone starts the program, as
`docker login` users do. Groups of steps that do not need each other run side by side. This version does not know
replication backfills; those steps are left out.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import functools
import io
import json
import multiprocessing
import multiprocessing.pool
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

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
ARN = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/sdk/app"
PROFILE = f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/journey"

_CLI = "awscli.clidriver"
_REFUSAL = re.compile(r"An error occurred \((\w+)\) when calling the \w+ operation")


class Ran(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    said: str
    complained: str


def command(arguments: tuple[str, ...]) -> Ran:
    """What the program `aws` does with these arguments of `aws ecr`; in a process that does nothing after it."""
    said, complained = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    sys.argv = ["aws", "ecr", *arguments]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        code = import_module(_CLI).main()
    texts = []
    for stream in (said, complained):
        stream.seek(0)
        texts.append(stream.read())
    return Ran(code, *texts)


@functools.cache
def folder() -> Path:
    """A folder for as long as the journey takes."""
    made = Path(tempfile.mkdtemp(prefix="ecr-journey-"))
    atexit.register(shutil.rmtree, made)
    return made


@functools.cache
def processes() -> multiprocessing.pool.Pool:
    """Processes for one command each, forked from one that has loaded the CLI."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", _CLI, "awscli.handlers"])
    return context.Pool(maxtasksperchild=1)


def run(*arguments: str) -> Ran:
    """Runs `aws ecr` with these arguments."""
    return processes().apply(command, (arguments,))


def aws(*arguments: str) -> Any:
    """The JSON that `aws ecr` answers; nothing if it answers nothing."""
    ran = run(*arguments, "--output", "json")
    assert ran.code == 0, f"aws ecr {' '.join(arguments)[:200]} ended with {ran}"
    return json.loads(ran.said) if ran.said.strip() else None


def refused(code: str, *arguments: str) -> None:
    """Runs what must be refused with this code."""
    ran = run(*arguments)
    found = _REFUSAL.search(ran.complained)
    assert ran.code != 0, f"aws ecr {' '.join(arguments)[:200]} ended with {ran}"
    assert found, f"aws ecr {' '.join(arguments)[:200]} ended with {ran}"
    assert found.group(1) == code, ran.complained


def blob(data: bytes) -> str:
    """An argument that is the bytes of a file."""
    path = folder() / digest_of(data).removeprefix("sha256:")
    path.write_bytes(data)
    return f"fileb://{path}"


def now(text: str, *, later: timedelta = timedelta()) -> bool:
    """Whether a time, as the CLI writes it, is now."""
    return is_now(datetime.fromisoformat(text), later=later)


def pages_by_hand(*arguments: str) -> list[Any]:
    """Pages of one entry each, of an operation that has no paginator."""
    found = [aws(*arguments, "--max-results", "1")]
    while token := found[-1].get("nextToken"):
        found.append(aws(*arguments, "--max-results", "1", "--next-token", token))
    return found


def repositories() -> None:
    tags = ("--tags", "Key=team,Value=one", "Key=stage,Value=test")
    app = aws("create-repository", "--repository-name", "sdk/app", *tags)["repository"]
    assert (app["repositoryArn"], app["registryId"], app["imageTagMutability"]) == (ARN, ACCOUNT, "MUTABLE")
    assert app["encryptionConfiguration"] == {"encryptionType": "AES256"}
    assert now(app["createdAt"])
    aws("create-repository", "--repository-name", "sdk/two")
    scanning = ("--image-scanning-configuration", "scanOnPush=true")
    three = aws("create-repository", "--repository-name", "sdk/three", *scanning)["repository"]
    assert three["imageScanningConfiguration"] == {"scanOnPush": True}

    refused("RepositoryAlreadyExistsException", "create-repository", "--repository-name", "sdk/app")
    refused("AccessDeniedException", "create-repository", "--repository-name", "forbidden/app")
    refused("InvalidParameterException", "create-repository", "--repository-name", "Not/Valid")

    # The CLI cuts the second page in two and makes a token of its own for the rest of it.
    some = aws("describe-repositories", "--page-size", "2", "--max-items", "3")
    rest = aws("describe-repositories", "--page-size", "2", "--starting-token", some["NextToken"])
    found = [each["repositoryName"] for each in (*some["repositories"], *rest["repositories"])]
    assert (len(some["repositories"]), sorted(found)) == (3, ["sdk/app", "sdk/three", "sdk/two", "seed/base"])
    refused("RepositoryNotFoundException", "describe-repositories", "--repository-names", "sdk/absent")

    assert aws("tag-resource", "--resource-arn", ARN, "--tags", "Key=stage,Value=prod", "Key=owner,Value=me") is None
    aws("untag-resource", "--resource-arn", ARN, "--tag-keys", "team")
    tagged = aws("list-tags-for-resource", "--resource-arn", ARN)["tags"]
    assert {tag["Key"]: tag["Value"] for tag in tagged} == {"stage": "prod", "owner": "me"}
    scanning = ("--image-scanning-configuration", "scanOnPush=false")
    echo = aws("put-image-scanning-configuration", "--repository-name", "sdk/three", *scanning)
    assert echo["imageScanningConfiguration"] == {"scanOnPush": False}
    mutability = ("--image-tag-mutability", "IMMUTABLE")
    echo = aws("put-image-tag-mutability", "--repository-name", "sdk/app", *mutability)
    assert echo["imageTagMutability"] == "IMMUTABLE"


def part(first: int, data: bytes) -> tuple[str, ...]:
    """Arguments of a part of a layer."""
    last = first + len(data) - 1
    return ("--part-first-byte", str(first), "--part-last-byte", str(last), "--layer-part-blob", blob(data))


def upload(repository: str, *parts: bytes) -> tuple[str, ...]:
    """Uploads a layer in parts, all but its end. Answers the arguments that name the upload."""
    opened = aws("initiate-layer-upload", "--repository-name", repository)
    assert opened["partSize"] > 0
    place = ("--repository-name", repository, "--upload-id", opened["uploadId"])
    first = 0
    for data in parts:
        got = aws("upload-layer-part", *place, *part(first, data))
        first += len(data)
        assert got["lastByteReceived"] == first - 1
    return place


def push_layer(repository: str, *parts: bytes) -> None:
    digest = digest_of(b"".join(parts))
    done = aws("complete-layer-upload", *upload(repository, *parts), "--layer-digests", digest)
    assert done["layerDigest"] == digest


def layers() -> None:
    push_layer("sdk/app", *LAYER_PARTS)
    push_layer("sdk/app", CONFIG)
    again = (*upload("sdk/app", CONFIG), "--layer-digests", digest_of(CONFIG))
    refused("LayerAlreadyExistsException", "complete-layer-upload", *again)
    refused("InvalidLayerPartException", "upload-layer-part", *upload("sdk/app", SMALL), *part(2_000, SMALL))
    digests = ("--layer-digests", digest_of(LAYER), NONE)
    checked = aws("batch-check-layer-availability", "--repository-name", "sdk/app", *digests)
    found = {layer["layerDigest"]: (layer["layerAvailability"], layer.get("layerSize")) for layer in checked["layers"]}
    assert found == {digest_of(LAYER): ("AVAILABLE", len(LAYER)), NONE: ("UNAVAILABLE", None)}


def images() -> None:
    app = ("--repository-name", "sdk/app")
    texts = {tag: manifest(tag) for tag in ("v1", "v2", "v3")}
    for tag, text in texts.items():
        put = aws("put-image", *app, "--image-manifest", text, "--image-tag", tag)["image"]
        assert put["imageId"] == {"imageDigest": digest_of(text.encode()), "imageTag": tag}
    first = digest_of(texts["v1"].encode())
    as_first = ("--image-tag", "v1", "--image-manifest")
    refused("ImageAlreadyExistsException", "put-image", *app, *as_first, texts["v1"])
    refused("ImageTagAlreadyExistsException", "put-image", *app, *as_first, manifest("other"))
    hollow = manifest("v9", layer_digest=NONE)
    refused("LayersNotFoundException", "put-image", *app, "--image-tag", "v9", "--image-manifest", hollow)

    signatures = set()
    for name in ("first", "second"):
        put = aws("put-image", *app, "--image-manifest", manifest(name, subject=texts["v1"]))["image"]
        signatures.add(put["imageId"]["imageDigest"])
    found = pages_by_hand("list-image-referrers", *app, "--subject-id", f"imageDigest={first}")
    referrers = [each for page in found for each in page["referrers"]]
    assert (len(found), {each["digest"] for each in referrers}) == (2, signatures)
    assert {each["artifactType"] for each in referrers} == {SIGNATURE_TYPE}

    ids = aws("list-images", *app, "--filter", "tagStatus=TAGGED", "--page-size", "2")["imageIds"]
    assert sorted(each["imageTag"] for each in ids) == ["v1", "v2", "v3"]
    details = aws("describe-images", *app, "--page-size", "2")["imageDetails"]
    assert len(details) == 5
    (detail,) = (each for each in details if each["imageDigest"] == first)
    assert (detail["imageTags"], detail["imageSizeInBytes"]) == (["v1"], len(LAYER) + len(CONFIG))
    assert now(detail["imagePushedAt"])
    refused("ImageNotFoundException", "describe-images", *app, "--image-ids", "imageTag=absent")

    got = aws("batch-get-image", *app, "--image-ids", "imageTag=v1", "imageTag=absent")
    assert [each["imageManifest"] for each in got["images"]] == [texts["v1"]]
    assert [each["failureCode"] for each in got["failures"]] == ["ImageNotFound"]
    url = aws("get-download-url-for-layer", *app, "--layer-digest", digest_of(LAYER))["downloadUrl"]
    with urllib.request.urlopen(url) as reply:
        assert reply.read() == LAYER
    refused("LayersNotFoundException", "get-download-url-for-layer", *app, "--layer-digest", NONE)

    last = (*app, "--image-id", "imageTag=v3", "--target-storage-class")
    assert aws("update-image-storage-class", *last, "ARCHIVE")["imageStatus"] == "ARCHIVED"
    (archived,) = aws("describe-images", *app, "--filter", "imageStatus=ARCHIVED")["imageDetails"]
    assert archived["imageTags"] == ["v3"]
    assert now(archived["lastArchivedAt"])
    assert aws("update-image-storage-class", *last, "STANDARD")["imageStatus"] == "ACTIVATING"
    gone = aws("batch-delete-image", *app, "--image-ids", "imageTag=v3", "imageTag=absent")
    assert [each["imageTag"] for each in gone["imageIds"]] == ["v3"]
    assert [each["failureCode"] for each in gone["failures"]] == ["ImageNotFound"]
    refused(
        "ScanNotFoundException", "describe-image-scan-findings", *app, "--image-id", "imageTag=v1", "--page-size", "2"
    )


def login() -> None:
    (data,) = aws("get-authorization-token")["authorizationData"]
    assert base64.b64decode(data["authorizationToken"]).startswith(b"AWS:")
    assert now(data["expiresAt"], later=timedelta(hours=12))
    printed = subprocess.run(
        [sys.argv[1], "ecr", "get-login-password"], capture_output=True, text=True, timeout=120, check=True
    )
    password = printed.stdout.strip()
    token = base64.b64encode(f"AWS:{password}".encode()).decode()
    for basic in (data["authorizationToken"], token):
        request = urllib.request.Request(f"{data['proxyEndpoint']}/v2/", headers={"Authorization": f"Basic {basic}"})
        with urllib.request.urlopen(request) as reply:
            assert reply.status == 200


def policies() -> None:
    app, base = ("--repository-name", "sdk/app"), ("--repository-name", "seed/base")
    text = policy("ecr:BatchGetImage")
    aws("set-repository-policy", *app, "--policy-text", text)
    assert json.loads(aws("get-repository-policy", *app)["policyText"]) == json.loads(text)
    aws("delete-repository-policy", *app)
    refused("RepositoryPolicyNotFoundException", "get-repository-policy", *app)
    text = policy("ecr:ReplicateImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/*")
    aws("put-registry-policy", "--policy-text", text)
    assert json.loads(aws("get-registry-policy")["policyText"]) == json.loads(text)
    aws("delete-registry-policy")
    refused("RegistryPolicyNotFoundException", "get-registry-policy")

    aws("put-lifecycle-policy", *base, "--lifecycle-policy-text", LIFECYCLE)
    read = aws("get-lifecycle-policy", *base)
    assert json.loads(read["lifecyclePolicyText"]) == json.loads(LIFECYCLE)
    assert datetime.fromisoformat(read["lastEvaluatedAt"]).timestamp() >= 0
    assert aws("start-lifecycle-policy-preview", *base)["status"] == "IN_PROGRESS"
    assert aws("wait", "lifecycle-policy-preview-complete", *base) is None
    preview = aws("get-lifecycle-policy-preview", *base, "--page-size", "1")
    assert [each["imageTags"] for each in preview["previewResults"]] == [["one"], ["two"]]
    assert datetime.fromisoformat(preview["previewResults"][0]["imagePushedAt"]) == PUSHED
    assert preview["summary"]["expiringImageTotalCount"] == 2
    missing = ("get-lifecycle-policy-preview", "--repository-name", "sdk/two")
    refused("LifecyclePolicyPreviewNotFoundException", *missing)
    aws("delete-lifecycle-policy", *base)
    refused("LifecyclePolicyNotFoundException", "get-lifecycle-policy", *base)


def scans() -> None:
    one = ("--repository-name", "seed/base", "--image-id", "imageTag=one")
    assert aws("start-image-scan", *one)["imageScanStatus"]["status"] == "IN_PROGRESS"
    # Its delay of five seconds cannot be changed.
    assert aws("wait", "image-scan-complete", *one) is None
    found = aws("describe-image-scan-findings", *one, "--page-size", "2")["imageScanFindings"]
    assert [each["name"] for each in found["findings"]] == ["CVE-2030-0001", "CVE-2030-0002", "CVE-2030-0003"]
    assert found["findingSeverityCounts"] == {"HIGH": 2, "LOW": 1}
    assert now(found["imageScanCompletedAt"])
    refused("LimitExceededException", "start-image-scan", *one)

    filters = [{"filter": "prod*", "filterType": "WILDCARD"}]
    rules = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters}]
    aws("put-registry-scanning-configuration", "--scan-type", "BASIC", "--rules", json.dumps(rules))
    read = aws("get-registry-scanning-configuration")
    assert read["scanningConfiguration"] == {"scanType": "BASIC", "rules": rules}
    read = aws("batch-get-repository-scanning-configuration", "--repository-names", "sdk/app", "sdk/absent")
    (configuration,), (failure,) = read["scanningConfigurations"], read["failures"]
    assert configuration["repositoryArn"] == ARN
    assert (failure["repositoryName"], failure["failureCode"]) == ("sdk/absent", "REPOSITORY_NOT_FOUND")


def signatures_and_replication() -> None:
    filters = [{"filter": "sdk/*", "filterType": "WILDCARD_MATCH"}]
    signing = {"rules": [{"signingProfileArn": PROFILE, "repositoryFilters": filters}]}
    aws("put-signing-configuration", "--signing-configuration", json.dumps(signing))
    assert aws("get-signing-configuration")["signingConfiguration"] == signing

    regions = ("eu-west-1", "ap-southeast-2")
    destinations = [{"region": region, "registryId": ACCOUNT} for region in regions]
    prefixes = [{"filter": prefix, "filterType": "PREFIX_MATCH"} for prefix in ("seed/", "sdk/two")]
    configuration = {"rules": [{"destinations": destinations, "repositoryFilters": prefixes}]}
    aws("put-replication-configuration", "--replication-configuration", json.dumps(configuration))
    assert aws("describe-registry")["replicationConfiguration"] == configuration
    push_layer("sdk/two", SMALL)
    push_layer("sdk/two", CONFIG)
    two, r1 = ("--repository-name", "sdk/two"), "imageTag=r1"
    text = manifest("r1", layer=SMALL)
    image = aws("put-image", *two, "--image-manifest", text, "--image-tag", "r1")["image"]["imageId"]
    statuses = aws("describe-image-replication-status", *two, "--image-id", r1)["replicationStatuses"]
    assert {each["region"]: each["status"] for each in statuses} == dict.fromkeys(regions, "COMPLETE")
    (copy,) = aws("describe-images", *two, "--image-ids", r1, "--region", "eu-west-1")["imageDetails"]
    assert copy["imageDigest"] == image["imageDigest"]

    (signed,) = aws("describe-image-signing-status", *two, "--image-id", r1)["signingStatuses"]
    assert (signed["signingProfileArn"], signed["status"]) == (PROFILE, "COMPLETE")
    aws("delete-signing-configuration")
    refused("SigningConfigurationNotFoundException", "get-signing-configuration")


def cache_rules() -> None:
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ecr-pullthroughcache/"
    mirror = ("--ecr-repository-prefix", "mirror", "--upstream-registry-url", "mirror.test")
    quay = ("--ecr-repository-prefix", "quay", "--upstream-registry-url", "quay.io")
    hub = ("--ecr-repository-prefix", "hub", "--upstream-registry-url", "registry-1.docker.io")
    credential = ("--upstream-registry", "docker-hub", "--credential-arn", f"{secret}hub-AbCdEf")
    for rule in (mirror, quay, (*hub, *credential)):
        assert now(aws("create-pull-through-cache-rule", *rule)["createdAt"])
    refused("PullThroughCacheRuleAlreadyExistsException", "create-pull-through-cache-rule", *mirror)
    found = aws("describe-pull-through-cache-rules", "--page-size", "2")["pullThroughCacheRules"]
    assert sorted(rule["ecrRepositoryPrefix"] for rule in found) == ["hub", "mirror", "quay"]
    other = ("--credential-arn", f"{secret}other-AbCdEf")
    updated = aws("update-pull-through-cache-rule", "--ecr-repository-prefix", "hub", *other)
    assert updated["credentialArn"] == other[1]
    assert aws("validate-pull-through-cache-rule", "--ecr-repository-prefix", "mirror")["isValid"] is True
    pulled = aws("batch-get-image", "--repository-name", "mirror/team/base", "--image-ids", "imageTag=v1")
    assert len(pulled["images"]) == 1
    aws("delete-pull-through-cache-rule", "--ecr-repository-prefix", "quay")
    missing = ("delete-pull-through-cache-rule", "--ecr-repository-prefix", "quay")
    refused("PullThroughCacheRuleNotFoundException", *missing)


def templates() -> None:
    create = ("create-repository-creation-template", "--applied-for", "CREATE_ON_PUSH", "--prefix")
    for prefix in ("one", "two", "ROOT"):
        aws(*create, prefix)
    refused("TemplateAlreadyExistsException", *create, "one")
    found = aws("describe-repository-creation-templates", "--page-size", "2")["repositoryCreationTemplates"]
    assert {template["prefix"] for template in found} == {"one", "two", "ROOT"}
    changes = ("--prefix", "one", "--description", "journey", "--image-tag-mutability", "IMMUTABLE")
    echo = aws("update-repository-creation-template", *changes)["repositoryCreationTemplate"]
    assert (echo["description"], echo["imageTagMutability"]) == ("journey", "IMMUTABLE")
    assert now(echo["updatedAt"])
    aws("delete-repository-creation-template", "--prefix", "one")
    refused("TemplateNotFoundException", "delete-repository-creation-template", "--prefix", "one")


def settings() -> None:
    aws("put-account-setting", "--name", "BLOB_MOUNTING", "--value", "ENABLED")
    assert aws("get-account-setting", "--name", "BLOB_MOUNTING")["value"] == "ENABLED"
    a, b = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in "ab")
    for role in (a, b):
        assert now(aws("register-pull-time-update-exclusion", "--principal-arn", role)["createdAt"])
    refused("ExclusionAlreadyExistsException", "register-pull-time-update-exclusion", "--principal-arn", a)
    found = pages_by_hand("list-pull-time-update-exclusions")
    assert (len(found), sorted(role for page in found for role in page["pullTimeUpdateExclusions"])) == (2, [a, b])
    aws("deregister-pull-time-update-exclusion", "--principal-arn", a)
    refused("ExclusionNotFoundException", "deregister-pull-time-update-exclusion", "--principal-arn", a)


def end() -> None:
    app = ("delete-repository", "--repository-name", "sdk/app")
    refused("RepositoryNotEmptyException", *app)
    assert aws(*app, "--force")["repository"]["repositoryName"] == "sdk/app"
    refused("RepositoryNotFoundException", *app)


def push() -> None:
    layers()
    images()


def configure() -> None:
    templates()
    settings()
    login()


def main() -> None:
    # By itself this version shows times as they come, in seconds since 1970.
    settings_file = folder() / "config"
    settings_file.write_text("[default]\ncli_timestamp_format = iso8601\n", encoding="utf-8")
    os.environ["AWS_CONFIG_FILE"] = str(settings_file)
    with processes():
        repositories()
        groups = (push, scans, policies, signatures_and_replication, cache_rules, configure)
        with ThreadPoolExecutor() as threads:
            for group in [threads.submit(group) for group in groups]:
                group.result()
        end()


if __name__ == "__main__":
    main()
