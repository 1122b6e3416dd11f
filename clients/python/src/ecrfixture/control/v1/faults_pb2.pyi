import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ApplyRulesMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    APPLY_RULES_MODE_UNSPECIFIED: _ClassVar[ApplyRulesMode]
    APPLY_RULES_MODE_ADD: _ClassVar[ApplyRulesMode]
    APPLY_RULES_MODE_REPLACE_ALL: _ClassVar[ApplyRulesMode]

class Operator(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATOR_UNSPECIFIED: _ClassVar[Operator]
    OPERATOR_EQUAL: _ClassVar[Operator]
    OPERATOR_NOT_EQUAL: _ClassVar[Operator]
    OPERATOR_IN: _ClassVar[Operator]
    OPERATOR_GLOB: _ClassVar[Operator]
    OPERATOR_REGEX: _ClassVar[Operator]
    OPERATOR_LESS: _ClassVar[Operator]
    OPERATOR_LESS_OR_EQUAL: _ClassVar[Operator]
    OPERATOR_GREATER: _ClassVar[Operator]
    OPERATOR_GREATER_OR_EQUAL: _ClassVar[Operator]
    OPERATOR_EXISTS: _ClassVar[Operator]

class Tail(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TAIL_UNSPECIFIED: _ClassVar[Tail]
    TAIL_PASS: _ClassVar[Tail]
    TAIL_REPEAT: _ClassVar[Tail]
    TAIL_LOOP: _ClassVar[Tail]
    TAIL_UNEXPECTED: _ClassVar[Tail]

class CounterKey(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COUNTER_KEY_UNSPECIFIED: _ClassVar[CounterKey]
    COUNTER_KEY_RULE: _ClassVar[CounterKey]
    COUNTER_KEY_CONNECTION: _ClassVar[CounterKey]
    COUNTER_KEY_CALLER: _ClassVar[CounterKey]
    COUNTER_KEY_REPOSITORY: _ClassVar[CounterKey]
    COUNTER_KEY_DIGEST: _ClassVar[CounterKey]
    COUNTER_KEY_UPLOAD: _ClassVar[CounterKey]
    COUNTER_KEY_LOGICAL_CALL: _ClassVar[CounterKey]

class ConnectionEnd(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONNECTION_END_UNSPECIFIED: _ClassVar[ConnectionEnd]
    CONNECTION_END_RESET: _ClassVar[ConnectionEnd]
    CONNECTION_END_EOF: _ClassVar[ConnectionEnd]
APPLY_RULES_MODE_UNSPECIFIED: ApplyRulesMode
APPLY_RULES_MODE_ADD: ApplyRulesMode
APPLY_RULES_MODE_REPLACE_ALL: ApplyRulesMode
OPERATOR_UNSPECIFIED: Operator
OPERATOR_EQUAL: Operator
OPERATOR_NOT_EQUAL: Operator
OPERATOR_IN: Operator
OPERATOR_GLOB: Operator
OPERATOR_REGEX: Operator
OPERATOR_LESS: Operator
OPERATOR_LESS_OR_EQUAL: Operator
OPERATOR_GREATER: Operator
OPERATOR_GREATER_OR_EQUAL: Operator
OPERATOR_EXISTS: Operator
TAIL_UNSPECIFIED: Tail
TAIL_PASS: Tail
TAIL_REPEAT: Tail
TAIL_LOOP: Tail
TAIL_UNEXPECTED: Tail
COUNTER_KEY_UNSPECIFIED: CounterKey
COUNTER_KEY_RULE: CounterKey
COUNTER_KEY_CONNECTION: CounterKey
COUNTER_KEY_CALLER: CounterKey
COUNTER_KEY_REPOSITORY: CounterKey
COUNTER_KEY_DIGEST: CounterKey
COUNTER_KEY_UPLOAD: CounterKey
COUNTER_KEY_LOGICAL_CALL: CounterKey
CONNECTION_END_UNSPECIFIED: ConnectionEnd
CONNECTION_END_RESET: ConnectionEnd
CONNECTION_END_EOF: ConnectionEnd

class ApplyRulesRequest(_message.Message):
    __slots__ = ("world", "rules", "text", "mode", "validate_only")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    world: str
    rules: _containers.RepeatedCompositeFieldContainer[Rule]
    text: str
    mode: ApplyRulesMode
    validate_only: bool
    def __init__(self, world: _Optional[str] = ..., rules: _Optional[_Iterable[_Union[Rule, _Mapping]]] = ..., text: _Optional[str] = ..., mode: _Optional[_Union[ApplyRulesMode, str]] = ..., validate_only: bool = ...) -> None: ...

class ApplyRulesResponse(_message.Message):
    __slots__ = ("rules", "warnings")
    RULES_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[RuleStatus]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, rules: _Optional[_Iterable[_Union[RuleStatus, _Mapping]]] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class ListRulesRequest(_message.Message):
    __slots__ = ("world",)
    WORLD_FIELD_NUMBER: _ClassVar[int]
    world: str
    def __init__(self, world: _Optional[str] = ...) -> None: ...

class ListRulesResponse(_message.Message):
    __slots__ = ("rules",)
    RULES_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[RuleStatus]
    def __init__(self, rules: _Optional[_Iterable[_Union[RuleStatus, _Mapping]]] = ...) -> None: ...

class DeleteRulesRequest(_message.Message):
    __slots__ = ("world", "names", "tag", "all")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    world: str
    names: _containers.RepeatedScalarFieldContainer[str]
    tag: str
    all: bool
    def __init__(self, world: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., tag: _Optional[str] = ..., all: bool = ...) -> None: ...

class DeleteRulesResponse(_message.Message):
    __slots__ = ("deleted",)
    DELETED_FIELD_NUMBER: _ClassVar[int]
    deleted: int
    def __init__(self, deleted: _Optional[int] = ...) -> None: ...

class RuleStatus(_message.Message):
    __slots__ = ("rule", "text", "matched", "fired", "step")
    RULE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MATCHED_FIELD_NUMBER: _ClassVar[int]
    FIRED_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    rule: Rule
    text: str
    matched: int
    fired: int
    step: int
    def __init__(self, rule: _Optional[_Union[Rule, _Mapping]] = ..., text: _Optional[str] = ..., matched: _Optional[int] = ..., fired: _Optional[int] = ..., step: _Optional[int] = ...) -> None: ...

class Rule(_message.Message):
    __slots__ = ("name", "target", "where", "steps", "tail", "per", "priority", "tag", "must_fire")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    PER_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    MUST_FIRE_FIELD_NUMBER: _ClassVar[int]
    name: str
    target: Target
    where: Predicate
    steps: _containers.RepeatedCompositeFieldContainer[Step]
    tail: Tail
    per: CounterKey
    priority: int
    tag: str
    must_fire: Range
    def __init__(self, name: _Optional[str] = ..., target: _Optional[_Union[Target, _Mapping]] = ..., where: _Optional[_Union[Predicate, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[Step, _Mapping]]] = ..., tail: _Optional[_Union[Tail, str]] = ..., per: _Optional[_Union[CounterKey, str]] = ..., priority: _Optional[int] = ..., tag: _Optional[str] = ..., must_fire: _Optional[_Union[Range, _Mapping]] = ...) -> None: ...

class Target(_message.Message):
    __slots__ = ("surface", "operation", "point", "at_bytes")
    SURFACE_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    POINT_FIELD_NUMBER: _ClassVar[int]
    AT_BYTES_FIELD_NUMBER: _ClassVar[int]
    surface: str
    operation: str
    point: str
    at_bytes: int
    def __init__(self, surface: _Optional[str] = ..., operation: _Optional[str] = ..., point: _Optional[str] = ..., at_bytes: _Optional[int] = ...) -> None: ...

class Predicate(_message.Message):
    __slots__ = ("all", "any", "comparison")
    ALL_FIELD_NUMBER: _ClassVar[int]
    ANY_FIELD_NUMBER: _ClassVar[int]
    NOT_FIELD_NUMBER: _ClassVar[int]
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    all: PredicateList
    any: PredicateList
    comparison: Comparison
    def __init__(self, all: _Optional[_Union[PredicateList, _Mapping]] = ..., any: _Optional[_Union[PredicateList, _Mapping]] = ..., comparison: _Optional[_Union[Comparison, _Mapping]] = ..., **kwargs) -> None: ...

class PredicateList(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Predicate]
    def __init__(self, items: _Optional[_Iterable[_Union[Predicate, _Mapping]]] = ...) -> None: ...

class Comparison(_message.Message):
    __slots__ = ("fact", "operator", "values")
    FACT_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    fact: str
    operator: Operator
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, fact: _Optional[str] = ..., operator: _Optional[_Union[Operator, str]] = ..., values: _Optional[_Iterable[str]] = ...) -> None: ...

class Step(_message.Message):
    __slots__ = ("count", "window", "until_gate", "percent", "exact", "every", "actions")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    UNTIL_GATE_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    EVERY_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    count: int
    window: _duration_pb2.Duration
    until_gate: str
    percent: float
    exact: bool
    every: int
    actions: _containers.RepeatedCompositeFieldContainer[Action]
    def __init__(self, count: _Optional[int] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., until_gate: _Optional[str] = ..., percent: _Optional[float] = ..., exact: bool = ..., every: _Optional[int] = ..., actions: _Optional[_Iterable[_Union[Action, _Mapping]]] = ...) -> None: ...

class Range(_message.Message):
    __slots__ = ("min", "max")
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    min: int
    max: int
    def __init__(self, min: _Optional[int] = ..., max: _Optional[int] = ...) -> None: ...

class Action(_message.Message):
    __slots__ = ("status", "delay", "fail", "lose_reply", "hold", "truncate", "reset")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    FAIL_FIELD_NUMBER: _ClassVar[int]
    LOSE_REPLY_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    TRUNCATE_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    status: StatusAction
    delay: DelayAction
    fail: FailAction
    lose_reply: LoseReplyAction
    hold: HoldAction
    truncate: TruncateAction
    reset: ResetAction
    def __init__(self, status: _Optional[_Union[StatusAction, _Mapping]] = ..., delay: _Optional[_Union[DelayAction, _Mapping]] = ..., fail: _Optional[_Union[FailAction, _Mapping]] = ..., lose_reply: _Optional[_Union[LoseReplyAction, _Mapping]] = ..., hold: _Optional[_Union[HoldAction, _Mapping]] = ..., truncate: _Optional[_Union[TruncateAction, _Mapping]] = ..., reset: _Optional[_Union[ResetAction, _Mapping]] = ...) -> None: ...

class StatusAction(_message.Message):
    __slots__ = ("code", "error", "message")
    CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: int
    error: str
    message: str
    def __init__(self, code: _Optional[int] = ..., error: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class DelayAction(_message.Message):
    __slots__ = ("min", "max")
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    min: _duration_pb2.Duration
    max: _duration_pb2.Duration
    def __init__(self, min: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class FailAction(_message.Message):
    __slots__ = ("code", "reason")
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    code: str
    reason: str
    def __init__(self, code: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class LoseReplyAction(_message.Message):
    __slots__ = ("end",)
    END_FIELD_NUMBER: _ClassVar[int]
    end: ConnectionEnd
    def __init__(self, end: _Optional[_Union[ConnectionEnd, str]] = ...) -> None: ...

class HoldAction(_message.Message):
    __slots__ = ("gate",)
    GATE_FIELD_NUMBER: _ClassVar[int]
    gate: str
    def __init__(self, gate: _Optional[str] = ...) -> None: ...

class TruncateAction(_message.Message):
    __slots__ = ("percent", "bytes", "fix_length")
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    FIX_LENGTH_FIELD_NUMBER: _ClassVar[int]
    percent: float
    bytes: int
    fix_length: bool
    def __init__(self, percent: _Optional[float] = ..., bytes: _Optional[int] = ..., fix_length: bool = ...) -> None: ...

class ResetAction(_message.Message):
    __slots__ = ("after_bytes",)
    AFTER_BYTES_FIELD_NUMBER: _ClassVar[int]
    after_bytes: int
    def __init__(self, after_bytes: _Optional[int] = ...) -> None: ...

class OpenGateRequest(_message.Message):
    __slots__ = ("world", "gate", "count")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    world: str
    gate: str
    count: int
    def __init__(self, world: _Optional[str] = ..., gate: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class OpenGateResponse(_message.Message):
    __slots__ = ("released",)
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    released: int
    def __init__(self, released: _Optional[int] = ...) -> None: ...

class ListGatesRequest(_message.Message):
    __slots__ = ("world",)
    WORLD_FIELD_NUMBER: _ClassVar[int]
    world: str
    def __init__(self, world: _Optional[str] = ...) -> None: ...

class ListGatesResponse(_message.Message):
    __slots__ = ("gates",)
    GATES_FIELD_NUMBER: _ClassVar[int]
    gates: _containers.RepeatedCompositeFieldContainer[Gate]
    def __init__(self, gates: _Optional[_Iterable[_Union[Gate, _Mapping]]] = ...) -> None: ...

class Gate(_message.Message):
    __slots__ = ("name", "open", "waiters")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    WAITERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    open: bool
    waiters: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., open: bool = ..., waiters: _Optional[_Iterable[str]] = ...) -> None: ...
