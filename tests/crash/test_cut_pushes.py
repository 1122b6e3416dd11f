"""Clients that go away at any byte of a push. What they began can be resumed or is gone, and nothing leaks."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from daemon import SMALL_BLOB_BYTES, Daemon, blobs_in, check_names, until, uploads_in
from ecrfixture import EcrFixture, World
from push import ENDS, MODES, Answer, Attempt, Connection, Cut, Fuse, Image, any_size, digest_of
from settings import PUSHES, SEED, TALLY

REPOSITORY = "app"
BATCH = 50
CLIENTS = 4


class Cuts:
    """Pushes to one daemon, each with an image of its own."""

    def __init__(self, address: str, name: str) -> None:
        self.address, self.name = address, name
        self.stored: dict[str, int] = {}
        """Sizes of the blobs that must be there in the end."""
        self.left: list[Attempt] = []
        """Uploads that stay open until the end."""
        self.unnamed = 0
        """Uploads that were opened, and nobody heard under which name."""

    def one(self, number: int) -> None:
        """A push that is cut, what is left of it, and the same push again."""
        dice = random.Random(f"{SEED}/{self.name}/{number}")
        image = Image.of(tuple(dice.randbytes(any_size(dice)) for _ in range(dice.randrange(1, 3))))
        tag, mode = f"v{number}", MODES[number % len(MODES)]
        told = f"CRASH_SEED={SEED} {self.name} push {number} ({mode})"
        attempt = self.cut(dice, image, tag, mode)
        if attempt.location:
            self.look_after(dice, attempt, told)
        elif attempt.mode == "post":
            self.is_whole_or_absent(attempt, told)
        with Connection(self.address) as connection:
            answers = connection.push(REPOSITORY, image, tag, dice.choice(MODES))
            statuses = {answer.status for answer in answers}
            TALLY.check(statuses == {201}, f"{told}: pushed again: {statuses}")
            wrong = connection.pull(REPOSITORY, image, tag)
            TALLY.check(not wrong, f"{told}: {wrong}")
        self.stored.update({digest_of(blob): len(blob) for blob in image.blobs})

    def cut(self, dice: random.Random, image: Image, tag: str, mode: str) -> Attempt:
        """Pushes and is cut; answers what was under way then."""
        # The heads of requests burn too, so it never comes to the end.
        fuse = Fuse(dice.randrange(sum(map(len, image.blobs)) + len(image.manifest)))
        end, late = dice.choice(ENDS), dice.random() < 0.2
        with Connection(self.address, fuse, end, late=late) as connection:
            with pytest.raises(Cut):
                connection.push(REPOSITORY, image, tag, mode)
            self.stored.update({digest_of(blob): len(blob) for blob in connection.attempt.ended})
            if late and connection.attempt.mode != "post" and not connection.attempt.location:
                self.unnamed += 1
            return connection.attempt

    def look_after(self, dice: random.Random, attempt: Attempt, told: str) -> None:
        """An upload whose client went away: resumed, cancelled, or left."""
        with Connection(self.address) as connection:
            status = connection.send("GET", attempt.location)
            if status.status == 404:
                TALLY.count("ended unheard" if attempt.ending else "gone")
                TALLY.check(attempt.ending, f"{told}: an upload went without a request to end it")
                self.is_whole_or_absent(attempt, told)
                return
            most = attempt.told + attempt.sent
            in_bounds = status.status == 204 and attempt.told <= status.offset <= most
            TALLY.check(in_bounds, f"{told}: {status.status} {status.headers['Range']}, sent {most}")
            fate = dice.choice(("resumed", "resumed", "cancelled", "left"))
            TALLY.count(fate)
            if fate == "resumed":
                self.resume(connection, attempt, status, told)
            elif fate == "cancelled":
                self.cancel(connection, attempt, told)
            else:
                self.left.append(attempt)

    def resume(self, connection: Connection, attempt: Attempt, status: Answer, told: str) -> None:
        """Goes on from where the daemon says that the upload ends."""
        offset = status.offset
        # The request that was cut may end between the answer and the next part; `0-0` may be one byte.
        for _ in range(3):
            attempt.told = offset
            if offset == len(attempt.blob):
                break
            patched = connection.patch(attempt, attempt.blob[offset:])
            if patched.status != 416:
                break
            offset = patched.offset or 1 - offset
        ended = connection.send("PUT", f"{attempt.location}?digest={digest_of(attempt.blob)}")
        if ended.status == 404 and attempt.ending:
            # What was cut was the end, and it came through.
            self.is_whole_or_absent(attempt, told)
        elif TALLY.check(ended.status == 201, f"{told}: resumed at {offset}: {ended.status} {ended.body!r}"):
            self.stored[digest_of(attempt.blob)] = len(attempt.blob)
            got = connection.send("GET", f"/v2/{REPOSITORY}/blobs/{digest_of(attempt.blob)}")
            TALLY.check(got.body == attempt.blob, f"{told}: resumed to {len(got.body)} other bytes")

    def cancel(self, connection: Connection, attempt: Attempt, told: str) -> None:
        """Ends an upload that nobody wants any more, if the request that was cut has not ended it."""
        cancelled = connection.send("DELETE", attempt.location).status
        in_order = cancelled == 204 or (cancelled == 404 and attempt.ending)
        TALLY.check(in_order, f"{told}: cancelled: {cancelled}")
        after = connection.send("GET", attempt.location).status
        TALLY.check(after == 404, f"{told}: after it was cancelled: {after}")

    def is_whole_or_absent(self, attempt: Attempt, told: str) -> None:
        """Of an upload that ended unheard there is a blob or nothing."""
        with Connection(self.address) as connection:
            got = connection.send("GET", f"/v2/{REPOSITORY}/blobs/{digest_of(attempt.blob)}")
        whole = got.status == 200 and got.body == attempt.blob
        TALLY.count("whole" if whole else "absent")
        TALLY.check(whole or got.status == 404, f"{told}: {got.status}, {len(got.body)} bytes")
        if whole:
            self.stored[digest_of(attempt.blob)] = len(attempt.blob)

    def end(self) -> None:
        """Cancels what was left open."""
        with Connection(self.address) as connection:
            for attempt in self.left:
                self.cancel(connection, attempt, f"CRASH_SEED={SEED} {self.name}, at the end")


def large(stored: dict[str, int]) -> dict[str, int]:
    """Those that are files."""
    return {digest: size for digest, size in stored.items() if size > SMALL_BLOB_BYTES}


def nothing_leaks(daemon: Daemon, world: World, cuts: Cuts) -> None:
    """Files are those of the blobs that were stored, and go with the world that had them."""
    files = large(cuts.stored)
    directory = daemon.directory
    if directory:
        # A request whose client is gone ends when the daemon notices.
        TALLY.check(until(lambda: not uploads_in(directory)), f"left of uploads: {uploads_in(directory)}")
        check_names(directory, "at the end")
        odd = set(blobs_in(directory)) ^ set(files)
        TALLY.check(not odd, f"files without a blob, or blobs without a file: {sorted(odd)}")
    else:
        wanted = sorted(files.values())
        as_wanted = until(lambda: daemon.memory_files() == wanted)
        TALLY.check(as_wanted, "anonymous files are not those of the blobs")
    kinds = [found.kind for found in world.finish().findings]
    # Of a request whose client is gone and that the daemon has not ended yet, the upload may still be there.
    unknown = cuts.unnamed + kinds.count("UNFINISHED_CALL")
    few = kinds.count("OPEN_UPLOAD") <= unknown
    TALLY.check(few, f"{kinds.count('OPEN_UPLOAD')} uploads are left open, of which {unknown} may be")
    if directory:
        gone = until(lambda: not blobs_in(directory))
        TALLY.check(gone, f"{len(blobs_in(directory))} files outlive the world that had them")
    else:
        gone = until(lambda: not daemon.memory_files())
        TALLY.check(gone, f"{len(daemon.memory_files())} anonymous files outlive the world that had them")


@pytest.mark.parametrize("place", ["directory", "memory"])
def test_an_upload_cut_at_any_byte_can_be_resumed_or_is_gone(place: str, tmp_path: Path) -> None:
    pushes = PUSHES // 2 if place == "directory" else PUSHES - PUSHES // 2
    before = len(TALLY.findings)
    with (
        Daemon(tmp_path / "blobs" if place == "directory" else None) as daemon,
        EcrFixture.attach(daemon.control, daemon.token) as fixture,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        world = fixture.world("cuts", profile="oci", listen="dedicated")
        cuts = Cuts(world.registry_host, place)
        for first in range(0, pushes, BATCH):
            numbers = range(first, min(first + BATCH, pushes))
            list(clients.map(cuts.one, numbers))
            TALLY.pushes += len(numbers)
            if daemon.directory:
                check_names(daemon.directory, f"after push {numbers[-1]}")
        cuts.end()
        nothing_leaks(daemon, world, cuts)
        assert PUSHES < 100 or {"resumed", "cancelled", "left"} <= TALLY.seen.keys(), TALLY.seen
        assert TALLY.findings[before:] == []
