"""Seed documents: what a world shall hold. Pure.

Each function answers a `Document`, which is a dictionary in protobuf's JSON mapping of the control plane's `Document`;
`World.seed` takes these, and plain dictionaries of the same shape.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal, TypeAlias

from ecrfixture.predicates import JsonObject
from ecrfixture.units import Duration, Size, duration_json, size_bytes

TagMutability: TypeAlias = Literal["MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"]


Policy: TypeAlias = "Mapping[str, object] | str"


@dataclass(frozen=True, slots=True)
class Document:
    """One seed document, in protobuf's JSON mapping."""

    form: JsonObject

    def to_json(self) -> JsonObject:
        """The document in protobuf's JSON mapping."""
        return self.form


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """An image to be generated: valid, pullable, and the same bytes for the same description."""

    form: JsonObject


ImageLike: TypeAlias = "ImageSpec | str"


def image(
    *tags: str,
    layers: int | None = None,
    size: Size | None = None,
    platforms: Iterable[str] = (),
    seed: int | None = None,
    pushed_at: datetime | None = None,
    docker: bool = False,
    archived: bool | None = None,
) -> ImageSpec:
    """Describes an image by tags (none: untagged).

    `layers` is 1 to 127, at first 2; `size` the bytes of content in each layer, at first 1024; `platforms` are
    `os/architecture[/variant]`, at first one image for `linux/amd64`, two or more make an index; `seed` that of the
    content, at first derived from the first tag; `pushed_at` at first the world's time, taken as UTC if it has no zone;
    `docker` makes Docker manifests instead of OCI ones; `archived` puts it into the archive or takes it out.
    """
    form: JsonObject = {"tags": list(tags)}
    if layers is not None:
        form["layers"] = layers
    if size is not None:
        form["layerSizeBytes"] = str(size_bytes(size))
    if platforms:
        form["platforms"] = list(platforms)
    if seed is not None:
        form["seed"] = str(seed)
    if pushed_at is not None:
        form["pushedAt"] = _instant(pushed_at)
    if docker:
        form["format"] = "IMAGE_FORMAT_DOCKER"
    if archived is not None:
        form["archived"] = archived
    return ImageSpec(form)


def repository(
    name: str,
    *,
    images: Iterable[ImageLike] = (),
    region: str | None = None,
    account: str | None = None,
    tag_mutability: TagMutability | None = None,
    mutability_exclusions: Sequence[str] = (),
    scan_on_push: bool | None = None,
    scans: Iterable[JsonObject] = (),
    policy: Policy | None = None,
    lifecycle_policy: Policy | None = None,
    resource_tags: Mapping[str, str] | None = None,
    encryption: JsonObject | None = None,
) -> Document:
    """A repository with images; text stands for an image of that tag. Place: at first the world's first.

    `scans` say what scans find, each in protobuf's JSON mapping of a `ScanDocument`, e.g.
    `{"imageTag": "v1", "findings": [{"name": "CVE-1", "severity": "HIGH"}]}`; scans that have ended keep what they
    found. Policies are dictionaries or JSON; `encryption` is that of a new repository, such as
    `{"encryptionType": "KMS"}`.
    """
    form = _placed(region, account)
    form["name"] = name
    if images:
        form["images"] = _images(images)
    if tag_mutability is not None:
        form["imageTagMutability"] = tag_mutability
    if mutability_exclusions:
        form["mutabilityExclusionFilters"] = list(mutability_exclusions)
    if scan_on_push is not None:
        form["scanOnPush"] = scan_on_push
    declared = list(scans)
    if declared:
        form["scans"] = declared
    _add_policies(form, policy=policy, lifecyclePolicy=lifecycle_policy)
    if resource_tags:
        form["resourceTags"] = _resource_tags(resource_tags)
    if encryption is not None:
        form["encryption"] = encryption
    return Document({"repository": form})


def registry(
    *,
    replicate_to: Iterable[str] | None = None,
    repository_prefixes: Iterable[str] = (),
    replication_sources: Iterable[str] = (),
    delete_replication: bool | None = None,
    policy: Policy | None = None,
    creation_templates: Iterable[JsonObject] = (),
    blob_mounting: bool | None = None,
    policy_scope: Literal["V1", "V2"] | None = None,
    scanning: JsonObject | None = None,
    signing: JsonObject | None = None,
    pull_time_exclusions: Iterable[str] = (),
    region: str | None = None,
    account: str | None = None,
) -> Document:
    """Settings of one registry.

    `replicate_to` are destinations, `eu-west-1` or `210987654321/eu-west-1`; they replace the whole replication
    configuration, by one rule for repositories of these prefixes (none: every repository). An empty one clears it,
    and without one it stays. `delete_replication` replicates deletions, too. `replication_sources` are accounts that
    may replicate into this registry, short for a statement of its `policy`, a dictionary or JSON. `creation_templates`
    come from `template`; `scanning` and `signing` are in protobuf's JSON mapping, e.g.
    `{"rules": [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": ["*"]}]}`, and replace the whole configuration;
    `pull_time_exclusions` are ARNs of users and roles whose pulls are not recorded.
    """
    form = _placed(region, account)
    if replicate_to is not None:
        destinations = [_destination(text) for text in replicate_to]
        rule: JsonObject = {"destinations": destinations}
        prefixes = list(repository_prefixes)
        if prefixes:
            rule["repositoryPrefixes"] = prefixes
        if delete_replication is not None:
            rule["deleteReplication"] = delete_replication
        form["replication"] = {"rules": [rule]} if destinations else {}
    sources = list(replication_sources)
    if sources:
        form["replicationSources"] = sources
    _add_policies(form, policy=policy)
    templates = list(creation_templates)
    if templates:
        form["creationTemplates"] = templates
    settings: JsonObject = {}
    if blob_mounting is not None:
        settings["blobMounting"] = "ENABLED" if blob_mounting else "DISABLED"
    if policy_scope is not None:
        settings["registryPolicyScope"] = policy_scope
    if settings:
        form["accountSettings"] = settings
    if scanning is not None:
        form["scanning"] = scanning
    if signing is not None:
        form["signing"] = signing
    exclusions = list(pull_time_exclusions)
    if exclusions:
        form["pullTimeExclusions"] = exclusions
    return Document({"registry": form})


def template(
    prefix: str,
    applied_for: Iterable[Literal["REPLICATION", "PULL_THROUGH_CACHE", "CREATE_ON_PUSH"]],
    *,
    description: str | None = None,
    tag_mutability: TagMutability | None = None,
    mutability_exclusions: Sequence[str] = (),
    encryption: JsonObject | None = None,
    resource_tags: Mapping[str, str] | None = None,
    repository_policy: Policy | None = None,
    lifecycle_policy: Policy | None = None,
    custom_role_arn: str | None = None,
) -> JsonObject:
    """A repository creation template for `registry(creation_templates=[…])`; policies are dictionaries or JSON."""
    form: JsonObject = {"prefix": prefix, "appliedFor": list(applied_for)}
    if description is not None:
        form["description"] = description
    if tag_mutability is not None:
        form["imageTagMutability"] = tag_mutability
    if mutability_exclusions:
        form["mutabilityExclusionFilters"] = list(mutability_exclusions)
    if encryption is not None:
        form["encryption"] = encryption
    if resource_tags:
        form["resourceTags"] = _resource_tags(resource_tags)
    _add_policies(form, repositoryPolicy=repository_policy, lifecyclePolicy=lifecycle_policy)
    if custom_role_arn is not None:
        form["customRoleArn"] = custom_role_arn
    return form


def cache_rule(
    prefix: str,
    upstream_host: str,
    *,
    upstream_prefix: str | None = None,
    credential_arn: str | None = None,
    region: str | None = None,
    account: str | None = None,
) -> Document:
    """A pull-through cache rule: repositories below `prefix` (or `ROOT`) are fetched from `upstream_host`.

    `credential_arn` is the secret with the upstream's login.
    """
    rule: JsonObject = {"prefix": prefix, "upstream": upstream_host}
    if upstream_prefix is not None:
        rule["upstreamPrefix"] = upstream_prefix
    if credential_arn is not None:
        rule["credentialArn"] = credential_arn
    form = _placed(region, account)
    form["cacheRules"] = [rule]
    return Document({"registry": form})


def upstream(
    host: str, repositories: Mapping[str, Iterable[ImageLike]], *, login: tuple[str, str] | None = None
) -> Document:
    """An upstream registry inside the daemon, by host, with images by repository name.

    `login` is the user name and access token without which it answers 401, at first none; a cache rule has them from
    its secret.
    """
    listed = [{"name": name, "images": _images(images)} for name, images in repositories.items()]
    form: JsonObject = {"host": host, "repositories": listed}
    if login is not None:
        form["login"] = {"username": login[0], "accessToken": login[1]}
    return Document({"upstream": form})


def tasks(*, replication_duration: Duration | None = None, replication_retry: Duration | None = None) -> Document:
    """How long replication takes, at first nothing, and after what time a failed one is tried again, at first never."""
    form: JsonObject = {}
    if replication_duration is not None:
        form["replicationDuration"] = duration_json(replication_duration)
    if replication_retry is not None:
        form["replicationRetry"] = duration_json(replication_retry)
    return Document({"tasks": form})


def throttles(rates: Mapping[str, float | tuple[float, int]] | None = None, *, enabled: bool = True) -> Document:
    """Turns throttles on: rates of calls of each operation, on the world's clock.

    `rates` differ from ECR's: calls in a second by the name of an operation, e.g. `{"PutImage": 2}`, or these and calls
    at once, e.g. `{"GetAuthorizationToken": (20, 200)}`. `enabled=False` turns throttles off again.
    """
    operations: list[JsonObject] = []
    for operation, rate in (rates or {}).items():
        per_second, burst = rate if isinstance(rate, tuple) else (rate, None)
        form: JsonObject = {"operation": operation, "ratePerSecond": per_second}
        if burst is not None:
            form["burst"] = burst
        operations.append(form)
    document: JsonObject = {"operations": operations} if operations else {}
    if not enabled:
        document["enabled"] = False
    return Document({"throttles": document})


def quotas(**most: int) -> Document:
    """How much the registries of the world may hold, by the names of `QuotaDocument`.

    `quotas(images_per_repository=1)`: what is not named stays as it is, at first as in ECR.
    """
    return Document({"quotas": {name: str(value) for name, value in most.items()}})


def surface(*, referrers: bool | None = None, redirects: bool | None = None) -> Document:
    """What the registry surface of the world offers, beside its profile; what is not said stays as it is.

    `referrers=False`: no referrers API, as in registries before version 1.1 of the OCI Distribution Specification, so
    that clients keep a fallback tag. `redirects`: whether `GET` of a blob leads to a URL that needs no login.
    """
    said = {"referrers": referrers, "redirects": redirects}
    return Document({"surface": {name: value for name, value in said.items() if value is not None}})


def secret(
    arn: str,
    username: str | None = None,
    access_token: str | None = None,
    *,
    fault: Literal["ACCESS_DENIED", "DECRYPTION_FAILURE", "MALFORMED"] | None = None,
) -> Document:
    """A Secrets Manager secret that cache rules can name: the login of an upstream, or the `fault` in its place.

    A world that declares a secret has no others.
    """
    form: JsonObject = {"arn": arn}
    if username is not None:
        form["username"] = username
    if access_token is not None:
        form["accessToken"] = access_token
    if fault is not None:
        form["fault"] = fault
    return Document({"secret": form})


def principal(
    arn: str,
    policies: Iterable[Policy] = (),
    *,
    access_key_id: str | None = None,
    secret_access_key: str | None = None,
    session_token: str | None = None,
    expires_at: datetime | None = None,
) -> Document:
    """An IAM user or role with policies of its own, as dictionaries or JSON, or a session of a role, which has none.

    One that is not declared administers its account; one that is declared without a policy may do nothing that no
    repository or registry policy lets it do. `access_key_id` (16 to 128 letters and digits) and `secret_access_key`
    go together. `session_token` makes the key a temporary one, which ends `expires_at`, on the world's clock, at first
    never. A datetime without zone is UTC.
    """
    texts = [_policy_text(policy) for policy in policies]
    form: JsonObject = {"arn": arn, "policies": texts}
    if access_key_id is not None:
        form["accessKeyId"] = access_key_id
    if secret_access_key is not None:
        form["secretAccessKey"] = secret_access_key
    if session_token is not None:
        form["sessionToken"] = session_token
    if expires_at is not None:
        form["expiresAt"] = _instant(expires_at)
    return Document({"principal": form})


def _instant(time: datetime) -> str:
    aware = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _placed(region: str | None, account: str | None) -> JsonObject:
    return {name: value for name, value in (("region", region), ("account", account)) if value is not None}


def _policy_text(policy: Policy) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)


def _add_policies(form: JsonObject, **policies: Policy | None) -> None:
    form.update({name: _policy_text(policy) for name, policy in policies.items() if policy is not None})


def _resource_tags(tags: Mapping[str, str]) -> list[JsonObject]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _images(images: Iterable[ImageLike]) -> list[JsonObject]:
    return [(image(item) if isinstance(item, str) else item).form for item in images]


def _destination(text: str) -> JsonObject:
    account, slash, region = text.rpartition("/")
    return {"region": region, "account": account} if slash else {"region": region}
