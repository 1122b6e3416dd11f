"""Daemons that are killed while images are pushed to them, one after the other on the same directory."""

from __future__ import annotations

import random
import threading
from pathlib import Path

from daemon import Daemon, check_names, uploads_in
from push import MODES, Connection, Cut, Fuse, Image, any_size
from settings import DAEMONS, SEED, TALLY

REPOSITORY = "app"


def image_of(dice: random.Random) -> Image:
    """Some layers, of which two may be the same."""
    layers = [dice.randbytes(any_size(dice) + dice.choice((0, 0, 1_000_000))) for _ in range(dice.randrange(3, 6))]
    return Image.of((*layers, layers[0]) if dice.random() < 0.3 else tuple(layers))


def push_until_killed(daemon: Daemon, dice: random.Random, image: Image) -> None:
    """Pushes over several connections and kills the daemon at some byte of that."""
    connections = dice.randrange(2, 5)
    # Heads burn too, and the last blob is not there yet when so much is sent.
    fuse = Fuse(dice.randrange(sum(map(len, image.blobs))), daemon.process.kill)
    modes = [dice.choice(MODES) for _ in image.blobs]
    late = dice.random() < 0.2

    def upload(first: int) -> None:
        try:
            with Connection(daemon.address, fuse, late=late) as connection:
                for blob, mode in list(zip(image.blobs, modes, strict=True))[first::connections]:
                    connection.upload(REPOSITORY, blob, mode)
        except Cut:
            pass

    threads = [threading.Thread(target=upload, args=(first,)) for first in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    daemon.kill()


def push_again(daemon: Daemon, dice: random.Random, image: Image, told: str) -> None:
    """What the kill cut off comes whole the second time."""
    with Connection(daemon.address) as connection:
        statuses = {answer.status for answer in connection.push(REPOSITORY, image, "again", dice.choice(MODES))}
        TALLY.check(statuses == {201}, f"{told}: pushed again: {statuses}")
        wrong = connection.pull(REPOSITORY, image, "again")
        TALLY.check(not wrong, f"{told}: {wrong}")


def test_a_killed_daemon_leaves_no_file_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    directory = tmp_path / "blobs"
    before = len(TALLY.findings)
    cut: Image | None = None
    for number in range(DAEMONS + 1):
        dice = random.Random(f"{SEED}/kill/{number}")
        told = f"CRASH_SEED={SEED} daemon {number}"
        with Daemon(directory) as daemon:
            check_names(directory, f"{told}, started")
            left = uploads_in(directory)
            TALLY.check(not left, f"{told}: uploads are left at its start: {left}")
            if cut:
                push_again(daemon, dice, cut, told)
            check_names(directory, f"{told}, pushed again")
            if number == DAEMONS:
                code = daemon.stop()
                TALLY.check(code == 0, f"{told}: ended with {code}")
                break
            cut = image_of(dice)
            push_until_killed(daemon, dice, cut)
        TALLY.daemons += 1
        TALLY.count("killed in mid-upload" if uploads_in(directory) else "killed between uploads")
        check_names(directory, f"{told}, killed")
    assert DAEMONS < 20 or TALLY.seen.get("killed in mid-upload"), "no file of an upload was ever seen"
    assert TALLY.findings[before:] == []
