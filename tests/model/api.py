"""Raw calls of the JSON API: signed, past every check of an SDK, with the answer as it stood on the wire."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ecrfixture._registry import Connection
from ecrfixture._sigv4 import signed_headers
from service import Shape, errors_of

if TYPE_CHECKING:
    from ecrfixture import World

_TARGET = "AmazonEC2ContainerRegistry_V20150921"
_CONTENT_TYPE = "application/x-amz-json-1.1"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Exceptions that no operation declares, because the service as a whole has them.
SERVICE_WIDE = frozenset({"SerializationException", "UnknownOperationException", "AccessDeniedException"})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `body` is the JSON, or None if there was none; `record` the number of its journal record."""

    status: int
    headers: dict[str, str]
    body: Any
    record: int

    @property
    def code(self) -> str:
        """The exception, or empty."""
        return str(self.body.get("__type", "")) if self.status != 200 and isinstance(self.body, dict) else ""

    @property
    def message(self) -> str:
        """The exception's text, or empty."""
        return str(self.body.get("message", "")) if self.code else ""

    def __str__(self) -> str:
        if self.code:
            return f"{self.status} {self.code}: {self.message}"
        return f"{self.status} {json.dumps(self.body)[:300]}"


class Api:
    """The JSON API of one world, by a connection that worlds share: the key says which world is meant."""

    def __init__(self, world: World, connection: Connection) -> None:
        self._aws = world.aws()
        self._host = urlsplit(self._aws.endpoint).netloc
        self._connection = connection

    def send(self, operation: str, members: Any) -> Answer:
        """Calls an operation with these members, or with a body given as bytes."""
        body = members if isinstance(members, bytes) else json.dumps(members).encode()
        headers = signed_headers(self._aws, self._host, f"{_TARGET}.{operation}", body, datetime.now(timezone.utc))
        answer = self._connection.send("POST", "/", body, headers)
        try:
            form = json.loads(answer.body)
        except ValueError:
            form = None
        return Answer(answer.status, answer.headers, form, int(answer.headers.get("x-fixture-seq", 0)))


def envelope_problems(answer: Answer) -> list[str]:
    """What is wrong with an answer's headers, and with its being an object."""
    problems = []
    if answer.headers.get("content-type") != _CONTENT_TYPE:
        problems.append(f"content-type is {answer.headers.get('content-type')!r}")
    if not _UUID.fullmatch(answer.headers.get("x-amzn-requestid", "")):
        problems.append(f"x-amzn-requestid is {answer.headers.get('x-amzn-requestid')!r}")
    if not isinstance(answer.body, dict):
        problems.append("the body is no JSON object")
    return problems


def error_problems(operation: str, answer: Answer) -> list[str]:
    """What is wrong with the form of an error: its status, its code, its members. The message is not judged."""
    problems = envelope_problems(answer)
    if not isinstance(answer.body, dict):
        return problems
    if answer.status != 400:
        problems.append(f"status {answer.status}")
    declared: dict[str, Shape] = errors_of(operation)
    if answer.code not in declared and answer.code not in SERVICE_WIDE:
        problems.append(f"{answer.code or 'an error without __type'} is not declared by {operation}")
    extra = set(declared[answer.code].members) if answer.code in declared else set()
    unknown = answer.body.keys() - {"__type", "message"} - extra
    if unknown:
        problems.append(f"the error has members {sorted(unknown)}")
    if not isinstance(answer.body.get("message"), str):
        problems.append("the error has no message")
    return problems
