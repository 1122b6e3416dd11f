import datetime

from ecrfixture.control.v1 import faults_pb2 as _faults_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Phase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PHASE_UNSPECIFIED: _ClassVar[Phase]
    PHASE_ARRIVED: _ClassVar[Phase]
    PHASE_COMMITTED: _ClassVar[Phase]
    PHASE_REPLY_STARTED: _ClassVar[Phase]
    PHASE_FINISHED: _ClassVar[Phase]

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_COMPLETED: _ClassVar[Outcome]
    OUTCOME_CLIENT_GONE: _ClassVar[Outcome]
    OUTCOME_FAULT_RESET: _ClassVar[Outcome]
    OUTCOME_FAULT_EOF: _ClassVar[Outcome]
    OUTCOME_FAILED: _ClassVar[Outcome]
PHASE_UNSPECIFIED: Phase
PHASE_ARRIVED: Phase
PHASE_COMMITTED: Phase
PHASE_REPLY_STARTED: Phase
PHASE_FINISHED: Phase
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_COMPLETED: Outcome
OUTCOME_CLIENT_GONE: Outcome
OUTCOME_FAULT_RESET: Outcome
OUTCOME_FAULT_EOF: Outcome
OUTCOME_FAILED: Outcome

class Matcher(_message.Message):
    __slots__ = ("text", "target", "where")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    text: str
    target: _faults_pb2.Target
    where: _faults_pb2.Predicate
    def __init__(self, text: _Optional[str] = ..., target: _Optional[_Union[_faults_pb2.Target, _Mapping]] = ..., where: _Optional[_Union[_faults_pb2.Predicate, _Mapping]] = ...) -> None: ...

class ListCallsRequest(_message.Message):
    __slots__ = ("world", "matcher", "page_size", "page_token", "since")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    MATCHER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    world: str
    matcher: Matcher
    page_size: int
    page_token: str
    since: str
    def __init__(self, world: _Optional[str] = ..., matcher: _Optional[_Union[Matcher, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., since: _Optional[str] = ...) -> None: ...

class ListCallsResponse(_message.Message):
    __slots__ = ("calls", "next_page_token", "low_watermark")
    CALLS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LOW_WATERMARK_FIELD_NUMBER: _ClassVar[int]
    calls: _containers.RepeatedCompositeFieldContainer[Call]
    next_page_token: str
    low_watermark: int
    def __init__(self, calls: _Optional[_Iterable[_Union[Call, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., low_watermark: _Optional[int] = ...) -> None: ...

class Decision(_message.Message):
    __slots__ = ("rule", "step", "action", "shadowed")
    RULE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    SHADOWED_FIELD_NUMBER: _ClassVar[int]
    rule: str
    step: int
    action: str
    shadowed: bool
    def __init__(self, rule: _Optional[str] = ..., step: _Optional[int] = ..., action: _Optional[str] = ..., shadowed: bool = ...) -> None: ...

class Call(_message.Message):
    __slots__ = ("name", "number", "surface", "operation", "facts", "phase", "outcome", "status", "error", "arrived", "finished", "arrived_micros", "bytes_in", "bytes_out", "revision_before", "revision_after", "decisions", "caused_by", "request_line", "headers")
    class FactsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SURFACE_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ARRIVED_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    ARRIVED_MICROS_FIELD_NUMBER: _ClassVar[int]
    BYTES_IN_FIELD_NUMBER: _ClassVar[int]
    BYTES_OUT_FIELD_NUMBER: _ClassVar[int]
    REVISION_BEFORE_FIELD_NUMBER: _ClassVar[int]
    REVISION_AFTER_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    CAUSED_BY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_LINE_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    number: int
    surface: str
    operation: str
    facts: _containers.ScalarMap[str, str]
    phase: Phase
    outcome: Outcome
    status: int
    error: str
    arrived: _timestamp_pb2.Timestamp
    finished: _timestamp_pb2.Timestamp
    arrived_micros: int
    bytes_in: int
    bytes_out: int
    revision_before: int
    revision_after: int
    decisions: _containers.RepeatedCompositeFieldContainer[Decision]
    caused_by: int
    request_line: str
    headers: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., number: _Optional[int] = ..., surface: _Optional[str] = ..., operation: _Optional[str] = ..., facts: _Optional[_Mapping[str, str]] = ..., phase: _Optional[_Union[Phase, str]] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., status: _Optional[int] = ..., error: _Optional[str] = ..., arrived: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finished: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., arrived_micros: _Optional[int] = ..., bytes_in: _Optional[int] = ..., bytes_out: _Optional[int] = ..., revision_before: _Optional[int] = ..., revision_after: _Optional[int] = ..., decisions: _Optional[_Iterable[_Union[Decision, _Mapping]]] = ..., caused_by: _Optional[int] = ..., request_line: _Optional[str] = ..., headers: _Optional[_Mapping[str, str]] = ...) -> None: ...

class MarkRequest(_message.Message):
    __slots__ = ("world",)
    WORLD_FIELD_NUMBER: _ClassVar[int]
    world: str
    def __init__(self, world: _Optional[str] = ...) -> None: ...

class MarkResponse(_message.Message):
    __slots__ = ("mark",)
    MARK_FIELD_NUMBER: _ClassVar[int]
    mark: str
    def __init__(self, mark: _Optional[str] = ...) -> None: ...
