from ecrfixture.control.v1 import journal_pb2 as _journal_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetInfoResponse(_message.Message):
    __slots__ = ("version", "api", "data", "control", "operations", "missing_operations", "tls_ca_pem")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    API_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    MISSING_OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    TLS_CA_PEM_FIELD_NUMBER: _ClassVar[int]
    version: str
    api: str
    data: str
    control: str
    operations: _containers.RepeatedScalarFieldContainer[str]
    missing_operations: _containers.RepeatedScalarFieldContainer[str]
    tls_ca_pem: str
    def __init__(self, version: _Optional[str] = ..., api: _Optional[str] = ..., data: _Optional[str] = ..., control: _Optional[str] = ..., operations: _Optional[_Iterable[str]] = ..., missing_operations: _Optional[_Iterable[str]] = ..., tls_ca_pem: _Optional[str] = ...) -> None: ...

class ListStraysRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListStraysResponse(_message.Message):
    __slots__ = ("strays",)
    STRAYS_FIELD_NUMBER: _ClassVar[int]
    strays: _containers.RepeatedCompositeFieldContainer[Stray]
    def __init__(self, strays: _Optional[_Iterable[_Union[Stray, _Mapping]]] = ...) -> None: ...

class Stray(_message.Message):
    __slots__ = ("call", "reason")
    CALL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    call: _journal_pb2.Call
    reason: str
    def __init__(self, call: _Optional[_Union[_journal_pb2.Call, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class ShutdownRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ShutdownResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
