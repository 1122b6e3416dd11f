import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImageFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IMAGE_FORMAT_UNSPECIFIED: _ClassVar[ImageFormat]
    IMAGE_FORMAT_OCI: _ClassVar[ImageFormat]
    IMAGE_FORMAT_DOCKER: _ClassVar[ImageFormat]
IMAGE_FORMAT_UNSPECIFIED: ImageFormat
IMAGE_FORMAT_OCI: ImageFormat
IMAGE_FORMAT_DOCKER: ImageFormat

class ApplyRequest(_message.Message):
    __slots__ = ("world", "documents", "validate_only")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    world: str
    documents: _containers.RepeatedCompositeFieldContainer[Document]
    validate_only: bool
    def __init__(self, world: _Optional[str] = ..., documents: _Optional[_Iterable[_Union[Document, _Mapping]]] = ..., validate_only: bool = ...) -> None: ...

class ApplyResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ApplyResult]
    def __init__(self, results: _Optional[_Iterable[_Union[ApplyResult, _Mapping]]] = ...) -> None: ...

class ApplyResult(_message.Message):
    __slots__ = ("created", "updated", "unchanged", "images")
    CREATED_FIELD_NUMBER: _ClassVar[int]
    UPDATED_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    created: int
    updated: int
    unchanged: int
    images: _containers.RepeatedCompositeFieldContainer[AppliedImage]
    def __init__(self, created: _Optional[int] = ..., updated: _Optional[int] = ..., unchanged: _Optional[int] = ..., images: _Optional[_Iterable[_Union[AppliedImage, _Mapping]]] = ...) -> None: ...

class AppliedImage(_message.Message):
    __slots__ = ("repository", "digest", "tags")
    REPOSITORY_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    repository: str
    digest: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, repository: _Optional[str] = ..., digest: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ...) -> None: ...

class SeedFile(_message.Message):
    __slots__ = ("documents",)
    DOCUMENTS_FIELD_NUMBER: _ClassVar[int]
    documents: _containers.RepeatedCompositeFieldContainer[Document]
    def __init__(self, documents: _Optional[_Iterable[_Union[Document, _Mapping]]] = ...) -> None: ...

class Document(_message.Message):
    __slots__ = ("registry", "repository", "upstream", "tasks", "principal", "throttles", "quotas", "secret", "surface")
    REGISTRY_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    THROTTLES_FIELD_NUMBER: _ClassVar[int]
    QUOTAS_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    SURFACE_FIELD_NUMBER: _ClassVar[int]
    registry: RegistryDocument
    repository: RepositoryDocument
    upstream: UpstreamDocument
    tasks: TaskDocument
    principal: PrincipalDocument
    throttles: ThrottleDocument
    quotas: QuotaDocument
    secret: SecretDocument
    surface: SurfaceDocument
    def __init__(self, registry: _Optional[_Union[RegistryDocument, _Mapping]] = ..., repository: _Optional[_Union[RepositoryDocument, _Mapping]] = ..., upstream: _Optional[_Union[UpstreamDocument, _Mapping]] = ..., tasks: _Optional[_Union[TaskDocument, _Mapping]] = ..., principal: _Optional[_Union[PrincipalDocument, _Mapping]] = ..., throttles: _Optional[_Union[ThrottleDocument, _Mapping]] = ..., quotas: _Optional[_Union[QuotaDocument, _Mapping]] = ..., secret: _Optional[_Union[SecretDocument, _Mapping]] = ..., surface: _Optional[_Union[SurfaceDocument, _Mapping]] = ...) -> None: ...

class ThrottleDocument(_message.Message):
    __slots__ = ("enabled", "operations")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    operations: _containers.RepeatedCompositeFieldContainer[OperationThrottleDocument]
    def __init__(self, enabled: bool = ..., operations: _Optional[_Iterable[_Union[OperationThrottleDocument, _Mapping]]] = ...) -> None: ...

class OperationThrottleDocument(_message.Message):
    __slots__ = ("operation", "rate_per_second", "burst")
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    RATE_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    BURST_FIELD_NUMBER: _ClassVar[int]
    operation: str
    rate_per_second: float
    burst: int
    def __init__(self, operation: _Optional[str] = ..., rate_per_second: _Optional[float] = ..., burst: _Optional[int] = ...) -> None: ...

class SurfaceDocument(_message.Message):
    __slots__ = ("referrers", "redirects")
    REFERRERS_FIELD_NUMBER: _ClassVar[int]
    REDIRECTS_FIELD_NUMBER: _ClassVar[int]
    referrers: bool
    redirects: bool
    def __init__(self, referrers: bool = ..., redirects: bool = ...) -> None: ...

class QuotaDocument(_message.Message):
    __slots__ = ("repositories_per_registry", "images_per_repository", "tags_per_image", "resource_tags_per_repository", "layer_parts", "layer_part_minimum_bytes", "layer_part_maximum_bytes", "layer_maximum_bytes", "lifecycle_policy_rules", "lifecycle_policy_characters", "cache_rules_per_registry", "creation_templates_per_registry", "replication_rules", "replication_destinations", "replication_filters_per_rule", "running_backfills", "scanning_rules", "scanning_filters_per_rule", "signing_rules", "signing_filters_per_rule", "pull_time_exclusions")
    REPOSITORIES_PER_REGISTRY_FIELD_NUMBER: _ClassVar[int]
    IMAGES_PER_REPOSITORY_FIELD_NUMBER: _ClassVar[int]
    TAGS_PER_IMAGE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_TAGS_PER_REPOSITORY_FIELD_NUMBER: _ClassVar[int]
    LAYER_PARTS_FIELD_NUMBER: _ClassVar[int]
    LAYER_PART_MINIMUM_BYTES_FIELD_NUMBER: _ClassVar[int]
    LAYER_PART_MAXIMUM_BYTES_FIELD_NUMBER: _ClassVar[int]
    LAYER_MAXIMUM_BYTES_FIELD_NUMBER: _ClassVar[int]
    LIFECYCLE_POLICY_RULES_FIELD_NUMBER: _ClassVar[int]
    LIFECYCLE_POLICY_CHARACTERS_FIELD_NUMBER: _ClassVar[int]
    CACHE_RULES_PER_REGISTRY_FIELD_NUMBER: _ClassVar[int]
    CREATION_TEMPLATES_PER_REGISTRY_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_RULES_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_DESTINATIONS_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FILTERS_PER_RULE_FIELD_NUMBER: _ClassVar[int]
    RUNNING_BACKFILLS_FIELD_NUMBER: _ClassVar[int]
    SCANNING_RULES_FIELD_NUMBER: _ClassVar[int]
    SCANNING_FILTERS_PER_RULE_FIELD_NUMBER: _ClassVar[int]
    SIGNING_RULES_FIELD_NUMBER: _ClassVar[int]
    SIGNING_FILTERS_PER_RULE_FIELD_NUMBER: _ClassVar[int]
    PULL_TIME_EXCLUSIONS_FIELD_NUMBER: _ClassVar[int]
    repositories_per_registry: int
    images_per_repository: int
    tags_per_image: int
    resource_tags_per_repository: int
    layer_parts: int
    layer_part_minimum_bytes: int
    layer_part_maximum_bytes: int
    layer_maximum_bytes: int
    lifecycle_policy_rules: int
    lifecycle_policy_characters: int
    cache_rules_per_registry: int
    creation_templates_per_registry: int
    replication_rules: int
    replication_destinations: int
    replication_filters_per_rule: int
    running_backfills: int
    scanning_rules: int
    scanning_filters_per_rule: int
    signing_rules: int
    signing_filters_per_rule: int
    pull_time_exclusions: int
    def __init__(self, repositories_per_registry: _Optional[int] = ..., images_per_repository: _Optional[int] = ..., tags_per_image: _Optional[int] = ..., resource_tags_per_repository: _Optional[int] = ..., layer_parts: _Optional[int] = ..., layer_part_minimum_bytes: _Optional[int] = ..., layer_part_maximum_bytes: _Optional[int] = ..., layer_maximum_bytes: _Optional[int] = ..., lifecycle_policy_rules: _Optional[int] = ..., lifecycle_policy_characters: _Optional[int] = ..., cache_rules_per_registry: _Optional[int] = ..., creation_templates_per_registry: _Optional[int] = ..., replication_rules: _Optional[int] = ..., replication_destinations: _Optional[int] = ..., replication_filters_per_rule: _Optional[int] = ..., running_backfills: _Optional[int] = ..., scanning_rules: _Optional[int] = ..., scanning_filters_per_rule: _Optional[int] = ..., signing_rules: _Optional[int] = ..., signing_filters_per_rule: _Optional[int] = ..., pull_time_exclusions: _Optional[int] = ...) -> None: ...

class SecretDocument(_message.Message):
    __slots__ = ("arn", "username", "access_token", "fault")
    ARN_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    ACCESS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    arn: str
    username: str
    access_token: str
    fault: str
    def __init__(self, arn: _Optional[str] = ..., username: _Optional[str] = ..., access_token: _Optional[str] = ..., fault: _Optional[str] = ...) -> None: ...

class PrincipalDocument(_message.Message):
    __slots__ = ("arn", "policies", "access_key_id", "secret_access_key", "session_token", "expires_at")
    ARN_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    ACCESS_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    arn: str
    policies: _containers.RepeatedScalarFieldContainer[str]
    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, arn: _Optional[str] = ..., policies: _Optional[_Iterable[str]] = ..., access_key_id: _Optional[str] = ..., secret_access_key: _Optional[str] = ..., session_token: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RegistryDocument(_message.Message):
    __slots__ = ("account", "region", "replication", "cache_rules", "replication_sources", "policy", "creation_templates", "account_settings", "scanning", "signing", "pull_time_exclusions")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    CACHE_RULES_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_SOURCES_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    CREATION_TEMPLATES_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_SETTINGS_FIELD_NUMBER: _ClassVar[int]
    SCANNING_FIELD_NUMBER: _ClassVar[int]
    SIGNING_FIELD_NUMBER: _ClassVar[int]
    PULL_TIME_EXCLUSIONS_FIELD_NUMBER: _ClassVar[int]
    account: str
    region: str
    replication: ReplicationDocument
    cache_rules: _containers.RepeatedCompositeFieldContainer[CacheRuleDocument]
    replication_sources: _containers.RepeatedScalarFieldContainer[str]
    policy: str
    creation_templates: _containers.RepeatedCompositeFieldContainer[CreationTemplateDocument]
    account_settings: AccountSettingsDocument
    scanning: ScanningDocument
    signing: SigningDocument
    pull_time_exclusions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, account: _Optional[str] = ..., region: _Optional[str] = ..., replication: _Optional[_Union[ReplicationDocument, _Mapping]] = ..., cache_rules: _Optional[_Iterable[_Union[CacheRuleDocument, _Mapping]]] = ..., replication_sources: _Optional[_Iterable[str]] = ..., policy: _Optional[str] = ..., creation_templates: _Optional[_Iterable[_Union[CreationTemplateDocument, _Mapping]]] = ..., account_settings: _Optional[_Union[AccountSettingsDocument, _Mapping]] = ..., scanning: _Optional[_Union[ScanningDocument, _Mapping]] = ..., signing: _Optional[_Union[SigningDocument, _Mapping]] = ..., pull_time_exclusions: _Optional[_Iterable[str]] = ...) -> None: ...

class CreationTemplateDocument(_message.Message):
    __slots__ = ("prefix", "applied_for", "description", "image_tag_mutability", "mutability_exclusion_filters", "encryption", "resource_tags", "repository_policy", "lifecycle_policy", "custom_role_arn")
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FOR_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    IMAGE_TAG_MUTABILITY_FIELD_NUMBER: _ClassVar[int]
    MUTABILITY_EXCLUSION_FILTERS_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_TAGS_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_POLICY_FIELD_NUMBER: _ClassVar[int]
    LIFECYCLE_POLICY_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_ROLE_ARN_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    applied_for: _containers.RepeatedScalarFieldContainer[str]
    description: str
    image_tag_mutability: str
    mutability_exclusion_filters: _containers.RepeatedScalarFieldContainer[str]
    encryption: EncryptionDocument
    resource_tags: _containers.RepeatedCompositeFieldContainer[ResourceTagDocument]
    repository_policy: str
    lifecycle_policy: str
    custom_role_arn: str
    def __init__(self, prefix: _Optional[str] = ..., applied_for: _Optional[_Iterable[str]] = ..., description: _Optional[str] = ..., image_tag_mutability: _Optional[str] = ..., mutability_exclusion_filters: _Optional[_Iterable[str]] = ..., encryption: _Optional[_Union[EncryptionDocument, _Mapping]] = ..., resource_tags: _Optional[_Iterable[_Union[ResourceTagDocument, _Mapping]]] = ..., repository_policy: _Optional[str] = ..., lifecycle_policy: _Optional[str] = ..., custom_role_arn: _Optional[str] = ...) -> None: ...

class EncryptionDocument(_message.Message):
    __slots__ = ("encryption_type", "kms_key")
    ENCRYPTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    KMS_KEY_FIELD_NUMBER: _ClassVar[int]
    encryption_type: str
    kms_key: str
    def __init__(self, encryption_type: _Optional[str] = ..., kms_key: _Optional[str] = ...) -> None: ...

class ResourceTagDocument(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class AccountSettingsDocument(_message.Message):
    __slots__ = ("blob_mounting", "registry_policy_scope", "basic_scan_type_version")
    BLOB_MOUNTING_FIELD_NUMBER: _ClassVar[int]
    REGISTRY_POLICY_SCOPE_FIELD_NUMBER: _ClassVar[int]
    BASIC_SCAN_TYPE_VERSION_FIELD_NUMBER: _ClassVar[int]
    blob_mounting: str
    registry_policy_scope: str
    basic_scan_type_version: str
    def __init__(self, blob_mounting: _Optional[str] = ..., registry_policy_scope: _Optional[str] = ..., basic_scan_type_version: _Optional[str] = ...) -> None: ...

class ScanningDocument(_message.Message):
    __slots__ = ("scan_type", "rules")
    SCAN_TYPE_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    scan_type: str
    rules: _containers.RepeatedCompositeFieldContainer[ScanningRuleDocument]
    def __init__(self, scan_type: _Optional[str] = ..., rules: _Optional[_Iterable[_Union[ScanningRuleDocument, _Mapping]]] = ...) -> None: ...

class ScanningRuleDocument(_message.Message):
    __slots__ = ("scan_frequency", "repository_filters")
    SCAN_FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_FILTERS_FIELD_NUMBER: _ClassVar[int]
    scan_frequency: str
    repository_filters: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, scan_frequency: _Optional[str] = ..., repository_filters: _Optional[_Iterable[str]] = ...) -> None: ...

class SigningDocument(_message.Message):
    __slots__ = ("rules",)
    RULES_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[SigningRuleDocument]
    def __init__(self, rules: _Optional[_Iterable[_Union[SigningRuleDocument, _Mapping]]] = ...) -> None: ...

class SigningRuleDocument(_message.Message):
    __slots__ = ("signing_profile_arn", "repository_filters")
    SIGNING_PROFILE_ARN_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_FILTERS_FIELD_NUMBER: _ClassVar[int]
    signing_profile_arn: str
    repository_filters: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, signing_profile_arn: _Optional[str] = ..., repository_filters: _Optional[_Iterable[str]] = ...) -> None: ...

class ReplicationDocument(_message.Message):
    __slots__ = ("rules",)
    RULES_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[ReplicationRuleDocument]
    def __init__(self, rules: _Optional[_Iterable[_Union[ReplicationRuleDocument, _Mapping]]] = ...) -> None: ...

class ReplicationRuleDocument(_message.Message):
    __slots__ = ("destinations", "repository_prefixes", "delete_replication")
    DESTINATIONS_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    DELETE_REPLICATION_FIELD_NUMBER: _ClassVar[int]
    destinations: _containers.RepeatedCompositeFieldContainer[ReplicationDestinationDocument]
    repository_prefixes: _containers.RepeatedScalarFieldContainer[str]
    delete_replication: bool
    def __init__(self, destinations: _Optional[_Iterable[_Union[ReplicationDestinationDocument, _Mapping]]] = ..., repository_prefixes: _Optional[_Iterable[str]] = ..., delete_replication: bool = ...) -> None: ...

class ReplicationDestinationDocument(_message.Message):
    __slots__ = ("region", "account")
    REGION_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    region: str
    account: str
    def __init__(self, region: _Optional[str] = ..., account: _Optional[str] = ...) -> None: ...

class CacheRuleDocument(_message.Message):
    __slots__ = ("prefix", "upstream", "upstream_prefix", "credential_arn")
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_PREFIX_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_ARN_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    upstream: str
    upstream_prefix: str
    credential_arn: str
    def __init__(self, prefix: _Optional[str] = ..., upstream: _Optional[str] = ..., upstream_prefix: _Optional[str] = ..., credential_arn: _Optional[str] = ...) -> None: ...

class RepositoryDocument(_message.Message):
    __slots__ = ("account", "region", "name", "image_tag_mutability", "mutability_exclusion_filters", "images", "scan_on_push", "scans", "policy", "lifecycle_policy", "resource_tags", "encryption")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IMAGE_TAG_MUTABILITY_FIELD_NUMBER: _ClassVar[int]
    MUTABILITY_EXCLUSION_FILTERS_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    SCAN_ON_PUSH_FIELD_NUMBER: _ClassVar[int]
    SCANS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    LIFECYCLE_POLICY_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_TAGS_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_FIELD_NUMBER: _ClassVar[int]
    account: str
    region: str
    name: str
    image_tag_mutability: str
    mutability_exclusion_filters: _containers.RepeatedScalarFieldContainer[str]
    images: _containers.RepeatedCompositeFieldContainer[ImageDocument]
    scan_on_push: bool
    scans: _containers.RepeatedCompositeFieldContainer[ScanDocument]
    policy: str
    lifecycle_policy: str
    resource_tags: _containers.RepeatedCompositeFieldContainer[ResourceTagDocument]
    encryption: EncryptionDocument
    def __init__(self, account: _Optional[str] = ..., region: _Optional[str] = ..., name: _Optional[str] = ..., image_tag_mutability: _Optional[str] = ..., mutability_exclusion_filters: _Optional[_Iterable[str]] = ..., images: _Optional[_Iterable[_Union[ImageDocument, _Mapping]]] = ..., scan_on_push: bool = ..., scans: _Optional[_Iterable[_Union[ScanDocument, _Mapping]]] = ..., policy: _Optional[str] = ..., lifecycle_policy: _Optional[str] = ..., resource_tags: _Optional[_Iterable[_Union[ResourceTagDocument, _Mapping]]] = ..., encryption: _Optional[_Union[EncryptionDocument, _Mapping]] = ...) -> None: ...

class ScanDocument(_message.Message):
    __slots__ = ("image_digest", "image_tag", "findings", "enhanced_findings", "status", "description")
    IMAGE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    IMAGE_TAG_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    ENHANCED_FINDINGS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    image_digest: str
    image_tag: str
    findings: _containers.RepeatedCompositeFieldContainer[FindingDocument]
    enhanced_findings: _containers.RepeatedCompositeFieldContainer[_struct_pb2.Struct]
    status: str
    description: str
    def __init__(self, image_digest: _Optional[str] = ..., image_tag: _Optional[str] = ..., findings: _Optional[_Iterable[_Union[FindingDocument, _Mapping]]] = ..., enhanced_findings: _Optional[_Iterable[_Union[_struct_pb2.Struct, _Mapping]]] = ..., status: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class FindingDocument(_message.Message):
    __slots__ = ("name", "description", "uri", "severity", "attributes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    uri: str
    severity: str
    attributes: _containers.RepeatedCompositeFieldContainer[FindingAttributeDocument]
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., uri: _Optional[str] = ..., severity: _Optional[str] = ..., attributes: _Optional[_Iterable[_Union[FindingAttributeDocument, _Mapping]]] = ...) -> None: ...

class FindingAttributeDocument(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class ImageDocument(_message.Message):
    __slots__ = ("tags", "layers", "layer_size_bytes", "platforms", "seed", "pushed_at", "format", "archived")
    TAGS_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    LAYER_SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PLATFORMS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PUSHED_AT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    tags: _containers.RepeatedScalarFieldContainer[str]
    layers: int
    layer_size_bytes: int
    platforms: _containers.RepeatedScalarFieldContainer[str]
    seed: int
    pushed_at: _timestamp_pb2.Timestamp
    format: ImageFormat
    archived: bool
    def __init__(self, tags: _Optional[_Iterable[str]] = ..., layers: _Optional[int] = ..., layer_size_bytes: _Optional[int] = ..., platforms: _Optional[_Iterable[str]] = ..., seed: _Optional[int] = ..., pushed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., format: _Optional[_Union[ImageFormat, str]] = ..., archived: bool = ...) -> None: ...

class UpstreamDocument(_message.Message):
    __slots__ = ("host", "repositories", "login")
    HOST_FIELD_NUMBER: _ClassVar[int]
    REPOSITORIES_FIELD_NUMBER: _ClassVar[int]
    LOGIN_FIELD_NUMBER: _ClassVar[int]
    host: str
    repositories: _containers.RepeatedCompositeFieldContainer[UpstreamRepositoryDocument]
    login: UpstreamLoginDocument
    def __init__(self, host: _Optional[str] = ..., repositories: _Optional[_Iterable[_Union[UpstreamRepositoryDocument, _Mapping]]] = ..., login: _Optional[_Union[UpstreamLoginDocument, _Mapping]] = ...) -> None: ...

class UpstreamLoginDocument(_message.Message):
    __slots__ = ("username", "access_token")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    ACCESS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    username: str
    access_token: str
    def __init__(self, username: _Optional[str] = ..., access_token: _Optional[str] = ...) -> None: ...

class UpstreamRepositoryDocument(_message.Message):
    __slots__ = ("name", "images")
    NAME_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    name: str
    images: _containers.RepeatedCompositeFieldContainer[ImageDocument]
    def __init__(self, name: _Optional[str] = ..., images: _Optional[_Iterable[_Union[ImageDocument, _Mapping]]] = ...) -> None: ...

class TaskDocument(_message.Message):
    __slots__ = ("replication_duration", "replication_retry")
    REPLICATION_DURATION_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_RETRY_FIELD_NUMBER: _ClassVar[int]
    replication_duration: _duration_pb2.Duration
    replication_retry: _duration_pb2.Duration
    def __init__(self, replication_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., replication_retry: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...
