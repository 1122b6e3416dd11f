"""A control plane in this process that answers what a test tells it to, so that the client can be tested by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2

from ecrfixture.control.v1 import (
    asserts_pb2,
    clock_pb2,
    faults_pb2,
    journal_pb2,
    server_pb2,
    state_pb2,
    tasks_pb2,
    worlds_pb2,
)

_FILES = (asserts_pb2, clock_pb2, faults_pb2, journal_pb2, server_pb2, state_pb2, tasks_pb2, worlds_pb2)
Handler = Callable[[Any], Message]


class Refusal(Exception):
    """What a handler raises to refuse: a gRPC status with an ErrorInfo and violations."""

    def __init__(self, code: grpc.StatusCode, message: str, reason: str = "", violations: dict[str, str] | None = None):
        super().__init__(message)
        self.code = code
        self.details = status_pb2.Status(code=code.value[0], message=message)
        if reason:
            self._add(error_details_pb2.ErrorInfo(reason=reason, domain="ecr-fixture"))
        if violations:
            listed = [
                error_details_pb2.BadRequest.FieldViolation(field=field, description=text)
                for field, text in violations.items()
            ]
            self._add(error_details_pb2.BadRequest(field_violations=listed))

    def _add(self, detail: Message) -> None:
        packed = AnyMessage()
        packed.Pack(detail)
        self.details.details.append(packed)


class FakeControl:
    """Handlers by `Service/Method`, and the requests that came, in order."""

    def __init__(self, version: str = "0.1.0") -> None:
        self.requests: list[tuple[str, Any, dict[str, Any]]] = []
        self.worlds = 0
        self.handlers: dict[str, Handler] = {
            "ServerService/GetInfo": lambda _: server_pb2.GetInfoResponse(version=version, api="ecrfixture.control.v1"),
            "WorldsService/CreateWorld": self._create,
            "WorldsService/FinishWorld": lambda _: worlds_pb2.FinishWorldResponse(ok=True, text="the report"),
            "WorldsService/AttachWorld": lambda _: worlds_pb2.AttachWorldResponse(seq=1),
        }

    def of(self, method: str) -> list[Any]:
        """The requests of one method."""
        return [request for name, request, _ in self.requests if name == method]

    def _create(self, request: worlds_pb2.CreateWorldRequest) -> worlds_pb2.CreateWorldResponse:
        self.worlds += 1
        world = worlds_pb2.World(
            name=f"worlds/{request.world_id or self.worlds}",
            accounts=request.accounts or ["123456789012"],
            regions=request.regions or ["us-east-1"],
        )
        world.connection.endpoint = "http://127.0.0.1:1"
        world.connection.registry_host = "127.0.0.1:1"
        for account in world.accounts:
            world.connection.credentials.add(account_id=account, access_key_id=f"AKIA{account}", secret_access_key="s")
        return worlds_pb2.CreateWorldResponse(world=world)

    def answer(self, method: str, request: Message, context: grpc.ServicerContext) -> Message:
        self.requests.append((method, request, dict(context.invocation_metadata())))
        handler = self.handlers.get(method)
        try:
            if handler is None:
                raise Refusal(grpc.StatusCode.UNIMPLEMENTED, f"the fake has no {method}")
            return handler(request)
        except Refusal as refusal:
            context.set_trailing_metadata((("grpc-status-details-bin", refusal.details.SerializeToString()),))
            context.abort(refusal.code, str(refusal))


@contextmanager
def serving(control: FakeControl) -> Iterator[str]:
    """Serves the fake on a free port; gives `host:port`."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    for file in _FILES:
        server.add_generic_rpc_handlers(_handlers(file.DESCRIPTOR, control))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def _handlers(file: FileDescriptor, control: FakeControl) -> list[grpc.GenericRpcHandler]:
    made = []
    for service in file.services_by_name.values():
        methods = {}
        for method in service.methods:
            request, reply = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
            name = f"{service.name}/{method.name}"
            behaviour = _streamed(control, name) if method.server_streaming else _single(control, name)
            make = (
                grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
            )
            methods[method.name] = make(behaviour, request.FromString, reply.SerializeToString)
        made.append(grpc.method_handlers_generic_handler(service.full_name, methods))
    return made


def _single(control: FakeControl, name: str) -> Callable[[Message, grpc.ServicerContext], Message]:
    return lambda request, context: control.answer(name, request, context)


def _streamed(control: FakeControl, name: str) -> Callable[[Message, grpc.ServicerContext], Iterator[Message]]:
    def stream(request: Message, context: grpc.ServicerContext) -> Iterator[Message]:
        yield control.answer(name, request, context)

    return stream
