"""The control plane's connection: plaintext HTTP/2, bearer token, a deadline on every call. Internal.

Calls go by the path of their method and not through generated service stubs, so that they are typed and need no
generated gRPC code at run time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import grpc

from ecrfixture._launch import API
from ecrfixture._refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message

Reply = TypeVar("Reply", bound="Message")

DEADLINE_SECONDS = 10.0
_MESSAGE_BYTES = 4 * 1024 * 1024
_OPTIONS = (
    # Without this a proxy in the environment breaks even a call to 127.0.0.1.
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    # Two daemons one after the other may have had the same port: never share connections between channels.
    ("grpc.use_local_subchannel_pool", 1),
)


class Stream:
    """A server stream that is held open. Ends when it is closed, or with the process."""

    def __init__(self, call: Iterator[Message]) -> None:
        self._call = call

    def close(self) -> None:
        """Ends the stream. Idempotent."""
        self._call.cancel()  # type: ignore[attr-defined]  # A call is an iterator and a future; the stubs know one.


class Channel:
    """One connection to the control plane at `host:port`."""

    def __init__(self, target: str, token: str) -> None:
        self.target = target
        self.token = token
        self._channel = grpc.insecure_channel(target, options=_OPTIONS)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()

    def call(self, method: str, request: Message, reply: type[Reply], *, timeout: float = DEADLINE_SECONDS) -> Reply:
        """Calls `Service/Method`; raises this package's errors."""
        stub = self._channel.unary_unary(f"/{API}.{method}", _encoded, reply.FromString)
        try:
            return stub(request, timeout=timeout, metadata=self._metadata, wait_for_ready=False)
        except grpc.RpcError as error:
            raise refusal(error, method, self.target) from None

    def hold(self, method: str, request: Message, reply: type[Reply]) -> Stream:
        """Opens a server stream and answers once its first message is there, so that it is known to hold."""
        call = self._channel.unary_stream(f"/{API}.{method}", _encoded, reply.FromString)(
            request, metadata=self._metadata
        )
        try:
            next(call)
        except StopIteration:
            pass
        except grpc.RpcError as error:
            raise refusal(error, method, self.target) from None
        return Stream(call)

    def close(self) -> None:
        """Closes the connection; running calls are cancelled. Idempotent."""
        self._channel.close()


def _encoded(message: Message) -> bytes:
    return message.SerializeToString()
