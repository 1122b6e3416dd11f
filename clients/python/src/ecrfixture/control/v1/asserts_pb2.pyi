from ecrfixture.control.v1 import journal_pb2 as _journal_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CountUnit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COUNT_UNIT_UNSPECIFIED: _ClassVar[CountUnit]
    COUNT_UNIT_CALLS: _ClassVar[CountUnit]
    COUNT_UNIT_LOGICAL_CALLS: _ClassVar[CountUnit]

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_PASS: _ClassVar[Verdict]
    VERDICT_FAIL: _ClassVar[Verdict]
    VERDICT_INCONCLUSIVE: _ClassVar[Verdict]
COUNT_UNIT_UNSPECIFIED: CountUnit
COUNT_UNIT_CALLS: CountUnit
COUNT_UNIT_LOGICAL_CALLS: CountUnit
VERDICT_UNSPECIFIED: Verdict
VERDICT_PASS: Verdict
VERDICT_FAIL: Verdict
VERDICT_INCONCLUSIVE: Verdict

class VerifyRequest(_message.Message):
    __slots__ = ("world", "expectations", "since")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    EXPECTATIONS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    world: str
    expectations: _containers.RepeatedCompositeFieldContainer[Expectation]
    since: str
    def __init__(self, world: _Optional[str] = ..., expectations: _Optional[_Iterable[_Union[Expectation, _Mapping]]] = ..., since: _Optional[str] = ...) -> None: ...

class Expectation(_message.Message):
    __slots__ = ("label", "count", "sequence")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    label: str
    count: CountExpectation
    sequence: SequenceExpectation
    def __init__(self, label: _Optional[str] = ..., count: _Optional[_Union[CountExpectation, _Mapping]] = ..., sequence: _Optional[_Union[SequenceExpectation, _Mapping]] = ...) -> None: ...

class CountExpectation(_message.Message):
    __slots__ = ("matcher", "min", "max", "unit", "phase")
    MATCHER_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    matcher: _journal_pb2.Matcher
    min: int
    max: int
    unit: CountUnit
    phase: _journal_pb2.Phase
    def __init__(self, matcher: _Optional[_Union[_journal_pb2.Matcher, _Mapping]] = ..., min: _Optional[int] = ..., max: _Optional[int] = ..., unit: _Optional[_Union[CountUnit, str]] = ..., phase: _Optional[_Union[_journal_pb2.Phase, str]] = ...) -> None: ...

class SequenceExpectation(_message.Message):
    __slots__ = ("matchers",)
    MATCHERS_FIELD_NUMBER: _ClassVar[int]
    matchers: _containers.RepeatedCompositeFieldContainer[_journal_pb2.Matcher]
    def __init__(self, matchers: _Optional[_Iterable[_Union[_journal_pb2.Matcher, _Mapping]]] = ...) -> None: ...

class VerifyResponse(_message.Message):
    __slots__ = ("verdict", "checked_through", "items", "text")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    CHECKED_THROUGH_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    verdict: Verdict
    checked_through: int
    items: _containers.RepeatedCompositeFieldContainer[VerifyItem]
    text: str
    def __init__(self, verdict: _Optional[_Union[Verdict, str]] = ..., checked_through: _Optional[int] = ..., items: _Optional[_Iterable[_Union[VerifyItem, _Mapping]]] = ..., text: _Optional[str] = ...) -> None: ...

class VerifyItem(_message.Message):
    __slots__ = ("verdict", "matched", "actual", "expected", "near_misses", "text")
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    MATCHED_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    NEAR_MISSES_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    verdict: Verdict
    matched: _containers.RepeatedScalarFieldContainer[int]
    actual: int
    expected: str
    near_misses: _containers.RepeatedCompositeFieldContainer[NearMiss]
    text: str
    def __init__(self, verdict: _Optional[_Union[Verdict, str]] = ..., matched: _Optional[_Iterable[int]] = ..., actual: _Optional[int] = ..., expected: _Optional[str] = ..., near_misses: _Optional[_Iterable[_Union[NearMiss, _Mapping]]] = ..., text: _Optional[str] = ...) -> None: ...

class NearMiss(_message.Message):
    __slots__ = ("call", "differences", "hint")
    CALL_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    call: _journal_pb2.Call
    differences: _containers.RepeatedScalarFieldContainer[str]
    hint: str
    def __init__(self, call: _Optional[_Union[_journal_pb2.Call, _Mapping]] = ..., differences: _Optional[_Iterable[str]] = ..., hint: _Optional[str] = ...) -> None: ...
