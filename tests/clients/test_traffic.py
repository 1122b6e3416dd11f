"""What snapshots are made of: the order of requests, their names, and what a difference says."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
import snapshots
from ecrfixture.records import Call
from matrix import CLIENTS, Cell, Configuration
from traffic import Names, Section, text, uploaded

HOST = "127.0.0.1:4510"
IMAGE, CONFIG, ONE, TWO = (f"sha256:{digit * 64}" for digit in "abcd")
UPLOADS = ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002")
NAMES = Names(
    {IMAGE: {"config": {"digest": CONFIG}, "layers": [{"digest": ONE, "size": 5}, {"digest": TWO, "size": 7}]}},
    {("app", "v1"): IMAGE},
    {},
)


def call(operation: str, line: str, status: int = 200, body: int = 0, headers: str = "", **facts: str) -> Call:
    """A record; `headers` are `name: value` with semicolons between."""
    call.number += 1  # type: ignore[attr-defined]
    now = datetime(2030, 1, 2, tzinfo=timezone.utc)
    return Call(
        name="",
        number=call.number,  # type: ignore[attr-defined]
        surface="oci",
        operation=operation,
        facts={"repository": "app", **facts},
        phase="FINISHED",
        outcome="COMPLETED",
        status=status,
        error="",
        arrived=now,
        finished=now,
        arrived_micros=0,
        bytes_in=body,
        bytes_out=0,
        revision_before=0,
        revision_after=0,
        decisions=(),
        caused_by=0,
        request_line=line,
        headers=dict(header.split(": ", 1) for header in headers.split("; ") if header),
    )


call.number = 0  # type: ignore[attr-defined]


def upload(which: int, digest: str) -> list[Call]:
    """The end of an upload."""
    line = f"PUT /v2/app/blobs/uploads/{UPLOADS[which]}?digest={digest.replace(':', '%3A')}"
    said = "content-range: 0-4; content-length: 5" if digest == ONE else "content-length: 6"
    return [call("upload.put", line, 201, 5, said, upload=UPLOADS[which], digest=digest)]


def test_requests_at_once_have_the_order_of_the_manifest() -> None:
    starts = [call("upload.start", "POST /v2/app/blobs/uploads/", 202) for _ in range(2)]
    asked = [call("blob.head", f"HEAD /v2/app/blobs/{digest}", 404, digest=digest) for digest in (TWO, ONE)]
    ended = upload(0, TWO) + upload(1, ONE)
    put = call("manifest.put", "PUT /v2/app/manifests/v1", 201, 9, "content-length: 9", tag="v1")
    expected = """\
user-agent: none

== push

HEAD /v2/app/blobs/{image layer 1} -> 404
POST /v2/app/blobs/uploads/ -> 202
PUT /v2/app/blobs/uploads/{upload}?digest={image layer 1} -> 201
    content-range: 0-{size of image layer 1}
    content-length: {size of image layer 1}

HEAD /v2/app/blobs/{image layer 2} -> 404
POST /v2/app/blobs/uploads/ -> 202
PUT /v2/app/blobs/uploads/{upload}?digest={image layer 2} -> 201
    content-length: 6

PUT /v2/app/manifests/v1 -> 201
    content-length: 9
"""
    assert text([Section("push", [*asked, *starts, *ended, put])], NAMES, HOST) == expected
    assert text([Section("push", [*reversed(asked), *starts, *reversed(ended), put])], NAMES, HOST) == expected
    assert uploaded([*starts, *ended, put]) == 10


def test_a_manifest_that_is_read_comes_first_and_products_have_no_version() -> None:
    blob = call("blob.get", f"GET /v2/app/blobs/{CONFIG}", headers="user-agent: tool/1.2 (linux)", digest=CONFIG)
    read = call("manifest.get", "GET /v2/app/manifests/v1", headers="accept: a, b; user-agent: tool/1.3", tag="v1")
    assert text([Section("pull", [blob, read])], NAMES, HOST) == (
        "user-agent: tool\n\n== pull\n\nGET /v2/app/manifests/v1 -> 200\n    accept: a, b\n\n"
        "GET /v2/app/blobs/{image config} -> 200\n"
    )


@pytest.mark.parametrize(("refusals", "said"), [(1, "the first requests"), (2, "each request")])
def test_requests_without_a_login_are_told_once(refusals: int, said: str) -> None:
    refused = [call("blob.get", f"GET /v2/app/blobs/{ONE}", 401, digest=ONE) for _ in range(refusals)]
    answered = [call("blob.get", f"GET /v2/app/blobs/{digest}", digest=digest) for digest in (ONE, TWO)]
    told = text([Section("pull", [*refused, *answered])], NAMES, HOST)
    assert f"\n\n({said} without a login before -> 401)\n\nGET " in told
    assert told.count("GET ") == 2


def test_a_difference_names_both_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "FOLDER", tmp_path)
    plain = Cell(CLIENTS[0], "copy", Configuration("ecr", tls=False))
    encrypted = Cell(CLIENTS[0], "copy", Configuration("ecr", tls=True))
    with pytest.raises(AssertionError, match="--update-snapshots writes it"):
        snapshots.compare(plain, "1.0", "GET /v2/ -> 401\n", update=False)
    snapshots.compare(plain, "1.0", "GET /v2/ -> 401\n", update=True)
    snapshots.compare(encrypted, "1.1", "GET /v2/ -> 401\n", update=True)
    with pytest.raises(
        AssertionError, match=r"(?s)Recorded with skopeo 1\.0, here is skopeo 1\.1\..*\+GET /v2/ -> 200"
    ):
        snapshots.compare(encrypted, "1.1", "GET /v2/ -> 200\n", update=True)
