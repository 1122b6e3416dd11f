"""The daemon as a test process sees it: started by this process, or attached to. Makes worlds. Internal home."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ecrfixture import _convert, records
from ecrfixture._channel import Channel
from ecrfixture._launch import Process, check_version, find_binary
from ecrfixture._world import Keep, World, set_source
from ecrfixture.control.v1 import server_pb2, state_pb2, worlds_pb2
from ecrfixture.errors import FixtureError, StartFailed
from ecrfixture.units import Duration, nanoseconds

if TYPE_CHECKING:
    from types import TracebackType


class EcrFixture:
    """A connection to one daemon. Get one with `shared`, `start` or `attach`; close it, or use it in `with`."""

    def __init__(self, channel: Channel, process: Process | None, *, keep: Keep = "never") -> None:
        self._channel = channel
        self._process = process
        self._keep = keep
        self._authority = ""

    @classmethod
    def shared(cls, binary: str | None = None, address: str | None = None) -> EcrFixture:
        """The one daemon of this process: attached or started on first use, closed at exit.

        `address` and `binary` count at the first call only. A child made by fork gets a connection of its own.
        """
        return _shared.get(binary, address)

    @classmethod
    def connect(
        cls, binary: str | None = None, address: str | None = None, environment: Mapping[str, str] | None = None
    ) -> EcrFixture:
        """Attaches to the daemon at `address` or `ECR_FIXTURE_ADDR`, with `ECR_FIXTURE_TOKEN`; else starts one."""
        variables = os.environ if environment is None else environment
        target = address or variables.get("ECR_FIXTURE_ADDR")
        if target:
            return cls.attach(target, variables.get("ECR_FIXTURE_TOKEN", ""), environment=variables)
        return cls.start(binary, environment=variables)

    @classmethod
    def start(
        cls, binary: str | None = None, *, tls: bool = False, environment: Mapping[str, str] | None = None
    ) -> EcrFixture:
        """Starts a daemon on free ports of 127.0.0.1 that ends with this process.

        `binary` wins over `ECR_FIXTURE_BIN`. With `tls` its registry surface speaks TLS; `World.ca_file` is whom to
        trust, and everything that a world hands out or does knows it. Raises `BinaryNotFound`, `StartFailed` or
        `IncompatibleVersion`.
        """
        variables = os.environ if environment is None else environment
        arguments = ("--tls", "self-signed") if tls else ()
        process, ready = Process.start(find_binary(binary, variables), variables, arguments)
        channel = Channel(ready.control, ready.token)
        fixture = cls(channel, process)
        try:
            fixture._check()
        except FixtureError as error:
            fixture.close()
            if isinstance(error, StartFailed) or error.reason == "INCOMPATIBLE_VERSION":
                raise
            raise StartFailed(f"the daemon printed its ready line and then did not answer: {error}") from error
        return fixture

    @classmethod
    def attach(cls, address: str, token: str = "", *, environment: Mapping[str, str] | None = None) -> EcrFixture:
        """Connects to a running daemon's control port, `host:port`. It is never stopped from here.

        Raises `Unavailable` or `IncompatibleVersion`. `ECR_FIXTURE_KEEP` is honoured on such daemons only.
        """
        variables = os.environ if environment is None else environment
        fixture = cls(Channel(address, token), None, keep=_keep(variables))
        try:
            fixture._check()
        except BaseException:
            fixture.close()
            raise
        return fixture

    @property
    def address(self) -> str:
        """`host:port` of the control plane; what `ECR_FIXTURE_ADDR` takes."""
        return self._channel.target

    @property
    def token(self) -> str:
        """Bearer token of the control plane; what `ECR_FIXTURE_TOKEN` takes. Empty if there is none."""
        return self._channel.token

    @property
    def attached(self) -> bool:
        """Whether the daemon was there before, and may serve others too."""
        return self._process is None

    @property
    def pid(self) -> int | None:
        """Process id of the daemon; absent for an attached one."""
        return self._process.pid if self._process else None

    def world(
        self,
        name: str | None = None,
        *,
        from_: str | World | None = None,
        clock: Literal["frozen", "flowing"] | None = None,
        now: datetime | None = None,
        seed: int | None = None,
        accounts: Iterable[str] = (),
        regions: Iterable[str] = (),
        listen: Literal["shared", "dedicated"] | None = None,
        repository_uri: Literal["advertised", "aws"] | None = None,
        auth: Literal["off", "claimed", "verified", "verified_on_world_clock"] | None = None,
        profile: Literal["ecr", "oci"] | None = None,
        quotas: Mapping[str, int] | None = None,
        lease: Duration | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> World:
        """Creates a world; use it in `with`, or call `finish`.

        `name` is its id, `[a-z0-9-]{1,63}`, at first made by the daemon. `from_` is a snapshot's name, or a world, to
        fork. The rest, if absent: `clock` frozen; `now` the real time, or the source's; `seed` 0, or the source's;
        `accounts` 123456789012; `regions` us-east-1, the first being the default one; `listen` shared;
        `repository_uri` advertised; `auth` claimed, or the source's: `off` asks for no signature on the JSON API,
        `claimed` for one that is taken on trust, `verified` for a right one by a key that the world minted or declares,
        at most five real minutes old, `verified_on_world_clock` for one that is so by the world's clock;
        `profile` ecr, or the source's: `oci` is a registry as the distribution specification has it, which asks for a
        login only where `auth` is verified; `quotas` as ECR's, or the source's: what its registries may hold, by the
        names of `QuotaDocument`; `lease` ten real minutes without traffic. Raises `InvalidRequest`, or
        `FixtureError` of code ALREADY_EXISTS or NOT_FOUND.
        """
        request = worlds_pb2.CreateWorldRequest(
            world_id=name,
            now=None if now is None else _convert.timestamp_of(now),
            seed=seed,
            accounts=accounts,
            regions=regions,
            lease=None if lease is None else _convert.duration(nanoseconds(lease)),
            labels=dict(labels or {}),
        )
        set_source(request, from_)
        if clock is not None:
            request.clock_mode = _convert.clock_mode(clock)
        if listen is not None:
            request.listen = _convert.listen_mode(listen)
        if repository_uri is not None:
            request.repository_uri = _convert.repository_uri_mode(repository_uri)
        if auth is not None:
            request.auth = _convert.auth_mode(auth)
        if profile is not None:
            request.profile = _convert.registry_profile(profile)
        if quotas is not None:
            request.quotas.CopyFrom(state_pb2.QuotaDocument(**quotas))
        reply = self._channel.call("WorldsService/CreateWorld", request, worlds_pb2.CreateWorldResponse)
        return World(self._channel, reply.world, attached=self.attached, keep=self._keep, authority=self._authority)

    def worlds(self) -> tuple[str, ...]:
        """Names of all live worlds, `worlds/{id}`, in order."""
        reply = self._channel.call(
            "WorldsService/ListWorlds", worlds_pb2.ListWorldsRequest(), worlds_pb2.ListWorldsResponse
        )
        return tuple(world.name for world in reply.worlds)

    def info(self) -> records.ServerInfo:
        """Version, addresses and operations of the daemon."""
        reply = self._channel.call("ServerService/GetInfo", server_pb2.GetInfoRequest(), server_pb2.GetInfoResponse)
        return records.ServerInfo(
            reply.version,
            reply.api,
            reply.data,
            reply.control,
            tuple(reply.operations),
            tuple(reply.missing_operations),
            reply.tls_ca_pem,
        )

    def strays(self) -> tuple[records.Stray, ...]:
        """Calls that reached no world of their own, newest last."""
        request, kind = server_pb2.ListStraysRequest(), server_pb2.ListStraysResponse
        reply = self._channel.call("ServerService/ListStrays", request, kind)
        return tuple(records.Stray(_convert.call(stray.call), stray.reason) for stray in reply.strays)

    def close(self) -> None:
        """Closes the connection and stops the daemon if this process started it. Idempotent."""
        self._channel.close()
        if self._process:
            self._process.stop()

    def __enter__(self) -> EcrFixture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self) -> None:
        info = self.info()
        check_version(info.api, info.version)
        self._authority = info.tls_ca_pem

    def _abandon(self) -> None:
        """Lets go of the lifeline in a forked child, which must neither use nor keep alive its parent's daemon."""
        if self._process:
            self._process.let_go()


def _keep(variables: Mapping[str, str]) -> Keep:
    """When worlds stay for somebody to look at: `ECR_FIXTURE_KEEP`, at first never."""
    match variables.get("ECR_FIXTURE_KEEP") or "never":
        case "never":
            return "never"
        case "on-failure":
            return "on-failure"
        case "always":
            return "always"
        case other:
            raise FixtureError(f"ECR_FIXTURE_KEEP is {other!r}; it must be never, on-failure or always")


class _Shared:
    """The process's own fixture, made once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fixture: EcrFixture | None = None

    def get(self, binary: str | None, address: str | None) -> EcrFixture:
        with self._lock:
            if self._fixture is None:
                self._fixture = EcrFixture.connect(binary, address)
                atexit.register(self._fixture.close)
            return self._fixture

    def forget(self) -> None:
        """Starts anew in a forked child."""
        fixture, self._fixture, self._lock = self._fixture, None, threading.Lock()
        if fixture is not None:
            atexit.unregister(fixture.close)
            fixture._abandon()


_shared = _Shared()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_shared.forget)


@contextmanager
def world(
    name: str | None = None,
    *,
    from_: str | World | None = None,
    clock: Literal["frozen", "flowing"] | None = None,
    now: datetime | None = None,
    seed: int | None = None,
    accounts: Iterable[str] = (),
    regions: Iterable[str] = (),
) -> Iterator[World]:
    """A world of the process's own daemon for the length of a `with`; see `EcrFixture.world`, which can do more.

    For unittest and scripts. Findings that fail raise `AssertionError` at the end, unless the body raised first.
    """
    fixture = EcrFixture.shared()
    with fixture.world(
        name, from_=from_, clock=clock, now=now, seed=seed, accounts=accounts, regions=regions
    ) as created:
        yield created
