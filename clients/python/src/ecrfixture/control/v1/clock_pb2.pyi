import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ClockMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLOCK_MODE_UNSPECIFIED: _ClassVar[ClockMode]
    CLOCK_MODE_FLOWING: _ClassVar[ClockMode]
    CLOCK_MODE_FROZEN: _ClassVar[ClockMode]
CLOCK_MODE_UNSPECIFIED: ClockMode
CLOCK_MODE_FLOWING: ClockMode
CLOCK_MODE_FROZEN: ClockMode

class Clock(_message.Message):
    __slots__ = ("mode", "now", "mutation_tick")
    MODE_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    MUTATION_TICK_FIELD_NUMBER: _ClassVar[int]
    mode: ClockMode
    now: _timestamp_pb2.Timestamp
    mutation_tick: _duration_pb2.Duration
    def __init__(self, mode: _Optional[_Union[ClockMode, str]] = ..., now: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., mutation_tick: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GetClockRequest(_message.Message):
    __slots__ = ("world",)
    WORLD_FIELD_NUMBER: _ClassVar[int]
    world: str
    def __init__(self, world: _Optional[str] = ...) -> None: ...

class GetClockResponse(_message.Message):
    __slots__ = ("clock",)
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    clock: Clock
    def __init__(self, clock: _Optional[_Union[Clock, _Mapping]] = ...) -> None: ...

class UpdateClockRequest(_message.Message):
    __slots__ = ("world", "mode", "now")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    world: str
    mode: ClockMode
    now: _timestamp_pb2.Timestamp
    def __init__(self, world: _Optional[str] = ..., mode: _Optional[_Union[ClockMode, str]] = ..., now: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class UpdateClockResponse(_message.Message):
    __slots__ = ("clock",)
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    clock: Clock
    def __init__(self, clock: _Optional[_Union[Clock, _Mapping]] = ...) -> None: ...

class AdvanceRequest(_message.Message):
    __slots__ = ("world", "to", "by", "next_event", "request_id", "event_budget")
    WORLD_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NEXT_EVENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_BUDGET_FIELD_NUMBER: _ClassVar[int]
    world: str
    to: _timestamp_pb2.Timestamp
    by: _duration_pb2.Duration
    next_event: bool
    request_id: str
    event_budget: int
    def __init__(self, world: _Optional[str] = ..., to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., by: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., next_event: bool = ..., request_id: _Optional[str] = ..., event_budget: _Optional[int] = ...) -> None: ...

class Timer(_message.Message):
    __slots__ = ("owner", "timer_class", "due")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TIMER_CLASS_FIELD_NUMBER: _ClassVar[int]
    DUE_FIELD_NUMBER: _ClassVar[int]
    owner: str
    timer_class: str
    due: _timestamp_pb2.Timestamp
    def __init__(self, owner: _Optional[str] = ..., timer_class: _Optional[str] = ..., due: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AdvanceResponse(_message.Message):
    __slots__ = ("clock", "fired", "fired_count", "pending_count", "held", "external", "settled")
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    FIRED_FIELD_NUMBER: _ClassVar[int]
    FIRED_COUNT_FIELD_NUMBER: _ClassVar[int]
    PENDING_COUNT_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    clock: Clock
    fired: _containers.RepeatedCompositeFieldContainer[Timer]
    fired_count: int
    pending_count: int
    held: _containers.RepeatedScalarFieldContainer[str]
    external: _containers.RepeatedScalarFieldContainer[str]
    settled: bool
    def __init__(self, clock: _Optional[_Union[Clock, _Mapping]] = ..., fired: _Optional[_Iterable[_Union[Timer, _Mapping]]] = ..., fired_count: _Optional[int] = ..., pending_count: _Optional[int] = ..., held: _Optional[_Iterable[str]] = ..., external: _Optional[_Iterable[str]] = ..., settled: bool = ...) -> None: ...

class ListTimersRequest(_message.Message):
    __slots__ = ("world",)
    WORLD_FIELD_NUMBER: _ClassVar[int]
    world: str
    def __init__(self, world: _Optional[str] = ...) -> None: ...

class ListTimersResponse(_message.Message):
    __slots__ = ("timers",)
    TIMERS_FIELD_NUMBER: _ClassVar[int]
    timers: _containers.RepeatedCompositeFieldContainer[Timer]
    def __init__(self, timers: _Optional[_Iterable[_Union[Timer, _Mapping]]] = ...) -> None: ...
