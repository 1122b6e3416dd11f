"""A disk that is full and a directory that is gone: pushes are refused with a reason, and nothing is half there.

A limit of the size of files stands for a full disk: a write over it fails in the middle, as one does there.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
from pathlib import Path

import pytest
from daemon import Daemon, blobs_in, uploads_in
from push import MODES, Answer, Attempt, Connection, Image, digest_of

REPOSITORY = "app"
ROOM = 1_000_000


def refusal(answer: Answer) -> str:
    """Code and text of an error of the daemon's own."""
    error = json.loads(answer.body)["errors"][0]
    assert (answer.status, error["code"]) == (500, "UNKNOWN"), answer
    return str(error["message"])


def limit_files(daemon: Daemon) -> None:
    """From now on no file of the daemon gets longer than `ROOM`."""
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (ROOM, ROOM))


@pytest.mark.parametrize("place", ["directory", "memory"])
def test_a_write_that_fails_in_the_middle_leaves_the_upload_as_it_was(place: str, tmp_path: Path) -> None:
    dice = random.Random(7)
    directory = tmp_path / "blobs" if place == "directory" else None
    fits = Image.of((dice.randbytes(ROOM), dice.randbytes(300)))
    blob = dice.randbytes(ROOM + 500_000)
    with Daemon(directory) as daemon, Connection(daemon.address) as connection:
        limit_files(daemon)
        for mode in ("put", "post"):
            assert "File too large" in refusal(connection.upload(REPOSITORY, blob, mode)), mode
        # The upload of the PUT is still open, and empty.
        opened = connection.send("POST", f"/v2/{REPOSITORY}/blobs/uploads/")
        attempt = Attempt(blob, location=opened.location)
        assert connection.patch(attempt, blob[:600_000]).status == 202
        for _ in range(2):
            assert "cannot store these bytes" in refusal(connection.patch(attempt, blob[600_000:]))
            assert connection.send("GET", attempt.location).offset == 600_000
        # What fits goes on from there, and no byte of what failed is in it.
        assert connection.patch(attempt, blob[600_000:700_000]).status == 202
        ended = connection.send("PUT", f"{attempt.location}?digest={digest_of(blob[:700_000])}")
        assert ended.status == 201, ended
        got = connection.send("GET", f"/v2/{REPOSITORY}/blobs/{digest_of(blob[:700_000])}")
        assert got.body == blob[:700_000]
        for mode in MODES:
            assert {answer.status for answer in connection.push(REPOSITORY, fits, mode, mode)} == {201}
            assert not connection.pull(REPOSITORY, fits, mode)
        if directory:
            assert blobs_in(directory) == {digest_of(blob[:700_000]): True, digest_of(fits.layers[0]): True}
            assert uploads_in(directory) == []
        assert daemon.stop() == 0


def test_a_directory_that_is_removed_refuses_pushes_and_keeps_what_is_there(tmp_path: Path) -> None:
    dice = random.Random(8)
    directory = tmp_path / "blobs"
    before, after = (Image.of((dice.randbytes(200_000),)) for _ in range(2))
    small = Image.of((dice.randbytes(2_000),))
    with Daemon(directory) as daemon, Connection(daemon.address) as connection:
        assert {answer.status for answer in connection.push(REPOSITORY, before, "before", "put")} == {201}
        shutil.rmtree(directory)
        for mode in ("put", "post"):
            text = refusal(connection.upload(REPOSITORY, after.layers[0], mode))
            assert str(directory) in text, text
            assert "No such file or directory" in text, text
        assert {answer.status for answer in connection.push(REPOSITORY, small, "small", "put")} == {201}
        assert not connection.pull(REPOSITORY, small, "small")
        assert not connection.pull(REPOSITORY, before, "before")
        assert not directory.exists()
        assert daemon.stop() == 0
