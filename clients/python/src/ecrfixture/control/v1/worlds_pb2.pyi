import datetime

from ecrfixture.control.v1 import clock_pb2 as _clock_pb2
from ecrfixture.control.v1 import state_pb2 as _state_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListenMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LISTEN_MODE_UNSPECIFIED: _ClassVar[ListenMode]
    LISTEN_MODE_SHARED: _ClassVar[ListenMode]
    LISTEN_MODE_DEDICATED: _ClassVar[ListenMode]

class RepositoryUriMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPOSITORY_URI_MODE_UNSPECIFIED: _ClassVar[RepositoryUriMode]
    REPOSITORY_URI_MODE_ADVERTISED: _ClassVar[RepositoryUriMode]
    REPOSITORY_URI_MODE_AWS: _ClassVar[RepositoryUriMode]

class AuthMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUTH_MODE_UNSPECIFIED: _ClassVar[AuthMode]
    AUTH_MODE_OFF: _ClassVar[AuthMode]
    AUTH_MODE_CLAIMED: _ClassVar[AuthMode]
    AUTH_MODE_VERIFIED: _ClassVar[AuthMode]
    AUTH_MODE_VERIFIED_ON_WORLD_CLOCK: _ClassVar[AuthMode]

class RegistryProfile(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REGISTRY_PROFILE_UNSPECIFIED: _ClassVar[RegistryProfile]
    REGISTRY_PROFILE_ECR: _ClassVar[RegistryProfile]
    REGISTRY_PROFILE_OCI: _ClassVar[RegistryProfile]

class FindingKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINDING_KIND_UNSPECIFIED: _ClassVar[FindingKind]
    FINDING_KIND_MUST_FIRE_UNMET: _ClassVar[FindingKind]
    FINDING_KIND_RULE_NEVER_MATCHED: _ClassVar[FindingKind]
    FINDING_KIND_STEP_NEVER_REACHED: _ClassVar[FindingKind]
    FINDING_KIND_UNEXPECTED_MATCH: _ClassVar[FindingKind]
    FINDING_KIND_UNFINISHED_CALL: _ClassVar[FindingKind]
    FINDING_KIND_OPEN_UPLOAD: _ClassVar[FindingKind]
    FINDING_KIND_UNSETTLED_TASK: _ClassVar[FindingKind]
    FINDING_KIND_STRAY_CALL: _ClassVar[FindingKind]
    FINDING_KIND_UNOPENED_GATE: _ClassVar[FindingKind]
    FINDING_KIND_JOURNAL_EVICTED: _ClassVar[FindingKind]
LISTEN_MODE_UNSPECIFIED: ListenMode
LISTEN_MODE_SHARED: ListenMode
LISTEN_MODE_DEDICATED: ListenMode
REPOSITORY_URI_MODE_UNSPECIFIED: RepositoryUriMode
REPOSITORY_URI_MODE_ADVERTISED: RepositoryUriMode
REPOSITORY_URI_MODE_AWS: RepositoryUriMode
AUTH_MODE_UNSPECIFIED: AuthMode
AUTH_MODE_OFF: AuthMode
AUTH_MODE_CLAIMED: AuthMode
AUTH_MODE_VERIFIED: AuthMode
AUTH_MODE_VERIFIED_ON_WORLD_CLOCK: AuthMode
REGISTRY_PROFILE_UNSPECIFIED: RegistryProfile
REGISTRY_PROFILE_ECR: RegistryProfile
REGISTRY_PROFILE_OCI: RegistryProfile
FINDING_KIND_UNSPECIFIED: FindingKind
FINDING_KIND_MUST_FIRE_UNMET: FindingKind
FINDING_KIND_RULE_NEVER_MATCHED: FindingKind
FINDING_KIND_STEP_NEVER_REACHED: FindingKind
FINDING_KIND_UNEXPECTED_MATCH: FindingKind
FINDING_KIND_UNFINISHED_CALL: FindingKind
FINDING_KIND_OPEN_UPLOAD: FindingKind
FINDING_KIND_UNSETTLED_TASK: FindingKind
FINDING_KIND_STRAY_CALL: FindingKind
FINDING_KIND_UNOPENED_GATE: FindingKind
FINDING_KIND_JOURNAL_EVICTED: FindingKind

class World(_message.Message):
    __slots__ = ("name", "clock", "seed", "accounts", "regions", "seq", "labels", "lease", "connection", "profile")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    name: str
    clock: _clock_pb2.Clock
    seed: int
    accounts: _containers.RepeatedScalarFieldContainer[str]
    regions: _containers.RepeatedScalarFieldContainer[str]
    seq: int
    labels: _containers.ScalarMap[str, str]
    lease: _duration_pb2.Duration
    connection: ConnectionInfo
    profile: RegistryProfile
    def __init__(self, name: _Optional[str] = ..., clock: _Optional[_Union[_clock_pb2.Clock, _Mapping]] = ..., seed: _Optional[int] = ..., accounts: _Optional[_Iterable[str]] = ..., regions: _Optional[_Iterable[str]] = ..., seq: _Optional[int] = ..., labels: _Optional[_Mapping[str, str]] = ..., lease: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., connection: _Optional[_Union[ConnectionInfo, _Mapping]] = ..., profile: _Optional[_Union[RegistryProfile, str]] = ...) -> None: ...

class ConnectionInfo(_message.Message):
    __slots__ = ("endpoint", "registry_host", "credentials", "environment", "control_token", "world_header")
    class EnvironmentEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    REGISTRY_HOST_FIELD_NUMBER: _ClassVar[int]
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    CONTROL_TOKEN_FIELD_NUMBER: _ClassVar[int]
    WORLD_HEADER_FIELD_NUMBER: _ClassVar[int]
    endpoint: str
    registry_host: str
    credentials: _containers.RepeatedCompositeFieldContainer[Credential]
    environment: _containers.ScalarMap[str, str]
    control_token: str
    world_header: str
    def __init__(self, endpoint: _Optional[str] = ..., registry_host: _Optional[str] = ..., credentials: _Optional[_Iterable[_Union[Credential, _Mapping]]] = ..., environment: _Optional[_Mapping[str, str]] = ..., control_token: _Optional[str] = ..., world_header: _Optional[str] = ...) -> None: ...

class Credential(_message.Message):
    __slots__ = ("account_id", "access_key_id", "secret_access_key")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCESS_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    access_key_id: str
    secret_access_key: str
    def __init__(self, account_id: _Optional[str] = ..., access_key_id: _Optional[str] = ..., secret_access_key: _Optional[str] = ...) -> None: ...

class CreateWorldRequest(_message.Message):
    __slots__ = ("world_id", "from_snapshot", "from_world", "clock_mode", "now", "seed", "accounts", "regions", "listen", "lease", "labels", "repository_uri", "auth", "profile", "quotas")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    WORLD_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    FROM_WORLD_FIELD_NUMBER: _ClassVar[int]
    CLOCK_MODE_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    LISTEN_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    REPOSITORY_URI_FIELD_NUMBER: _ClassVar[int]
    AUTH_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    QUOTAS_FIELD_NUMBER: _ClassVar[int]
    world_id: str
    from_snapshot: str
    from_world: str
    clock_mode: _clock_pb2.ClockMode
    now: _timestamp_pb2.Timestamp
    seed: int
    accounts: _containers.RepeatedScalarFieldContainer[str]
    regions: _containers.RepeatedScalarFieldContainer[str]
    listen: ListenMode
    lease: _duration_pb2.Duration
    labels: _containers.ScalarMap[str, str]
    repository_uri: RepositoryUriMode
    auth: AuthMode
    profile: RegistryProfile
    quotas: _state_pb2.QuotaDocument
    def __init__(self, world_id: _Optional[str] = ..., from_snapshot: _Optional[str] = ..., from_world: _Optional[str] = ..., clock_mode: _Optional[_Union[_clock_pb2.ClockMode, str]] = ..., now: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., seed: _Optional[int] = ..., accounts: _Optional[_Iterable[str]] = ..., regions: _Optional[_Iterable[str]] = ..., listen: _Optional[_Union[ListenMode, str]] = ..., lease: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., repository_uri: _Optional[_Union[RepositoryUriMode, str]] = ..., auth: _Optional[_Union[AuthMode, str]] = ..., profile: _Optional[_Union[RegistryProfile, str]] = ..., quotas: _Optional[_Union[_state_pb2.QuotaDocument, _Mapping]] = ...) -> None: ...

class CreateWorldResponse(_message.Message):
    __slots__ = ("world",)
    WORLD_FIELD_NUMBER: _ClassVar[int]
    world: World
    def __init__(self, world: _Optional[_Union[World, _Mapping]] = ...) -> None: ...

class GetWorldRequest(_message.Message):
    __slots__ = ("world",)
    WORLD_FIELD_NUMBER: _ClassVar[int]
    world: str
    def __init__(self, world: _Optional[str] = ...) -> None: ...

class GetWorldResponse(_message.Message):
    __slots__ = ("world",)
    WORLD_FIELD_NUMBER: _ClassVar[int]
    world: World
    def __init__(self, world: _Optional[_Union[World, _Mapping]] = ...) -> None: ...

class ListWorldsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListWorldsResponse(_message.Message):
    __slots__ = ("worlds",)
    WORLDS_FIELD_NUMBER: _ClassVar[int]
    worlds: _containers.RepeatedCompositeFieldContainer[World]
    def __init__(self, worlds: _Optional[_Iterable[_Union[World, _Mapping]]] = ...) -> None: ...

class ForkWorldRequest(_message.Message):
    __slots__ = ("world", "count", "id_prefix", "keep_counters", "listen")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ID_PREFIX_FIELD_NUMBER: _ClassVar[int]
    KEEP_COUNTERS_FIELD_NUMBER: _ClassVar[int]
    LISTEN_FIELD_NUMBER: _ClassVar[int]
    world: str
    count: int
    id_prefix: str
    keep_counters: bool
    listen: ListenMode
    def __init__(self, world: _Optional[str] = ..., count: _Optional[int] = ..., id_prefix: _Optional[str] = ..., keep_counters: bool = ..., listen: _Optional[_Union[ListenMode, str]] = ...) -> None: ...

class ForkWorldResponse(_message.Message):
    __slots__ = ("worlds",)
    WORLDS_FIELD_NUMBER: _ClassVar[int]
    worlds: _containers.RepeatedCompositeFieldContainer[World]
    def __init__(self, worlds: _Optional[_Iterable[_Union[World, _Mapping]]] = ...) -> None: ...

class CreateSnapshotRequest(_message.Message):
    __slots__ = ("world", "snapshot_id")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_ID_FIELD_NUMBER: _ClassVar[int]
    world: str
    snapshot_id: str
    def __init__(self, world: _Optional[str] = ..., snapshot_id: _Optional[str] = ...) -> None: ...

class CreateSnapshotResponse(_message.Message):
    __slots__ = ("snapshot",)
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    snapshot: str
    def __init__(self, snapshot: _Optional[str] = ...) -> None: ...

class RestoreWorldRequest(_message.Message):
    __slots__ = ("world", "snapshot")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    world: str
    snapshot: str
    def __init__(self, world: _Optional[str] = ..., snapshot: _Optional[str] = ...) -> None: ...

class RestoreWorldResponse(_message.Message):
    __slots__ = ("world",)
    WORLD_FIELD_NUMBER: _ClassVar[int]
    world: World
    def __init__(self, world: _Optional[_Union[World, _Mapping]] = ...) -> None: ...

class AttachWorldRequest(_message.Message):
    __slots__ = ("world",)
    WORLD_FIELD_NUMBER: _ClassVar[int]
    world: str
    def __init__(self, world: _Optional[str] = ...) -> None: ...

class AttachWorldResponse(_message.Message):
    __slots__ = ("seq",)
    SEQ_FIELD_NUMBER: _ClassVar[int]
    seq: int
    def __init__(self, seq: _Optional[int] = ...) -> None: ...

class FinishWorldRequest(_message.Message):
    __slots__ = ("world", "journal_tail")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_TAIL_FIELD_NUMBER: _ClassVar[int]
    world: str
    journal_tail: int
    def __init__(self, world: _Optional[str] = ..., journal_tail: _Optional[int] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ("kind", "fails", "subject", "text")
    KIND_FIELD_NUMBER: _ClassVar[int]
    FAILS_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    kind: FindingKind
    fails: bool
    subject: str
    text: str
    def __init__(self, kind: _Optional[_Union[FindingKind, str]] = ..., fails: bool = ..., subject: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class FinishWorldResponse(_message.Message):
    __slots__ = ("ok", "findings", "text")
    OK_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ok: bool
    findings: _containers.RepeatedCompositeFieldContainer[Finding]
    text: str
    def __init__(self, ok: bool = ..., findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., text: _Optional[str] = ...) -> None: ...

class DeleteWorldRequest(_message.Message):
    __slots__ = ("world",)
    WORLD_FIELD_NUMBER: _ClassVar[int]
    world: str
    def __init__(self, world: _Optional[str] = ...) -> None: ...

class DeleteWorldResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
