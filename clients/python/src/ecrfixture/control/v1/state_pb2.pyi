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
    __slots__ = ("registry", "repository", "upstream", "tasks", "principal")
    REGISTRY_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    registry: RegistryDocument
    repository: RepositoryDocument
    upstream: UpstreamDocument
    tasks: TaskDocument
    principal: PrincipalDocument
    def __init__(self, registry: _Optional[_Union[RegistryDocument, _Mapping]] = ..., repository: _Optional[_Union[RepositoryDocument, _Mapping]] = ..., upstream: _Optional[_Union[UpstreamDocument, _Mapping]] = ..., tasks: _Optional[_Union[TaskDocument, _Mapping]] = ..., principal: _Optional[_Union[PrincipalDocument, _Mapping]] = ...) -> None: ...

class PrincipalDocument(_message.Message):
    __slots__ = ("arn", "policies", "access_key_id", "secret_access_key")
    ARN_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    ACCESS_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    arn: str
    policies: _containers.RepeatedScalarFieldContainer[str]
    access_key_id: str
    secret_access_key: str
    def __init__(self, arn: _Optional[str] = ..., policies: _Optional[_Iterable[str]] = ..., access_key_id: _Optional[str] = ..., secret_access_key: _Optional[str] = ...) -> None: ...

class RegistryDocument(_message.Message):
    __slots__ = ("account", "region", "replication", "cache_rules", "replication_sources")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    CACHE_RULES_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_SOURCES_FIELD_NUMBER: _ClassVar[int]
    account: str
    region: str
    replication: ReplicationDocument
    cache_rules: _containers.RepeatedCompositeFieldContainer[CacheRuleDocument]
    replication_sources: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, account: _Optional[str] = ..., region: _Optional[str] = ..., replication: _Optional[_Union[ReplicationDocument, _Mapping]] = ..., cache_rules: _Optional[_Iterable[_Union[CacheRuleDocument, _Mapping]]] = ..., replication_sources: _Optional[_Iterable[str]] = ...) -> None: ...

class ReplicationDocument(_message.Message):
    __slots__ = ("rules",)
    RULES_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[ReplicationRuleDocument]
    def __init__(self, rules: _Optional[_Iterable[_Union[ReplicationRuleDocument, _Mapping]]] = ...) -> None: ...

class ReplicationRuleDocument(_message.Message):
    __slots__ = ("destinations", "repository_prefixes")
    DESTINATIONS_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    destinations: _containers.RepeatedCompositeFieldContainer[ReplicationDestinationDocument]
    repository_prefixes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, destinations: _Optional[_Iterable[_Union[ReplicationDestinationDocument, _Mapping]]] = ..., repository_prefixes: _Optional[_Iterable[str]] = ...) -> None: ...

class ReplicationDestinationDocument(_message.Message):
    __slots__ = ("region", "account")
    REGION_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    region: str
    account: str
    def __init__(self, region: _Optional[str] = ..., account: _Optional[str] = ...) -> None: ...

class CacheRuleDocument(_message.Message):
    __slots__ = ("prefix", "upstream", "upstream_prefix")
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_PREFIX_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    upstream: str
    upstream_prefix: str
    def __init__(self, prefix: _Optional[str] = ..., upstream: _Optional[str] = ..., upstream_prefix: _Optional[str] = ...) -> None: ...

class RepositoryDocument(_message.Message):
    __slots__ = ("account", "region", "name", "image_tag_mutability", "mutability_exclusion_filters", "images", "scan_on_push", "scans")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IMAGE_TAG_MUTABILITY_FIELD_NUMBER: _ClassVar[int]
    MUTABILITY_EXCLUSION_FILTERS_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    SCAN_ON_PUSH_FIELD_NUMBER: _ClassVar[int]
    SCANS_FIELD_NUMBER: _ClassVar[int]
    account: str
    region: str
    name: str
    image_tag_mutability: str
    mutability_exclusion_filters: _containers.RepeatedScalarFieldContainer[str]
    images: _containers.RepeatedCompositeFieldContainer[ImageDocument]
    scan_on_push: bool
    scans: _containers.RepeatedCompositeFieldContainer[ScanDocument]
    def __init__(self, account: _Optional[str] = ..., region: _Optional[str] = ..., name: _Optional[str] = ..., image_tag_mutability: _Optional[str] = ..., mutability_exclusion_filters: _Optional[_Iterable[str]] = ..., images: _Optional[_Iterable[_Union[ImageDocument, _Mapping]]] = ..., scan_on_push: bool = ..., scans: _Optional[_Iterable[_Union[ScanDocument, _Mapping]]] = ...) -> None: ...

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
    __slots__ = ("tags", "layers", "layer_size_bytes", "platforms", "seed", "pushed_at", "format")
    TAGS_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    LAYER_SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PLATFORMS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PUSHED_AT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    tags: _containers.RepeatedScalarFieldContainer[str]
    layers: int
    layer_size_bytes: int
    platforms: _containers.RepeatedScalarFieldContainer[str]
    seed: int
    pushed_at: _timestamp_pb2.Timestamp
    format: ImageFormat
    def __init__(self, tags: _Optional[_Iterable[str]] = ..., layers: _Optional[int] = ..., layer_size_bytes: _Optional[int] = ..., platforms: _Optional[_Iterable[str]] = ..., seed: _Optional[int] = ..., pushed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., format: _Optional[_Union[ImageFormat, str]] = ...) -> None: ...

class UpstreamDocument(_message.Message):
    __slots__ = ("host", "repositories")
    HOST_FIELD_NUMBER: _ClassVar[int]
    REPOSITORIES_FIELD_NUMBER: _ClassVar[int]
    host: str
    repositories: _containers.RepeatedCompositeFieldContainer[UpstreamRepositoryDocument]
    def __init__(self, host: _Optional[str] = ..., repositories: _Optional[_Iterable[_Union[UpstreamRepositoryDocument, _Mapping]]] = ...) -> None: ...

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
