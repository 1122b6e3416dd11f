"""Finding, starting and stopping the daemon's process, with scripts in place of the daemon."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from pathlib import Path

import pytest
from fake_control import FakeControl, serving

from ecrfixture import BinaryNotFound, EcrFixture, IncompatibleVersion, StartFailed
from ecrfixture._launch import Process, child_environment, find_binary, parse_ready

READY = '{"event":"ready","api":"ecrfixture.control.v1","version":"0.1.0","control":"127.0.0.1:1","data":"http://x"}'


@pytest.fixture
def script(tmp_path):
    """Makes an executable Python script."""

    def make(body: str) -> Path:
        path = tmp_path / "daemon"
        path.write_text(f"#!{sys.executable}\n" + textwrap.dedent(body))
        path.chmod(0o755)
        return path

    return make


def start(path, **variables):
    process, ready = Process.start(path, {"PATH": os.defpath, **variables})
    process.stop()
    return ready


def test_the_option_wins_over_the_variable_and_that_over_the_path(script, tmp_path):
    path = script("")
    on_path = tmp_path / "bin" / "ecr-fixture"
    on_path.parent.mkdir()
    on_path.write_text("")
    on_path.chmod(0o755)
    variables = {"ECR_FIXTURE_BIN": str(path), "PATH": str(on_path.parent)}
    assert find_binary(str(on_path), variables) == on_path
    assert find_binary(None, variables) == path
    assert find_binary(None, {"PATH": str(on_path.parent)}) == on_path


def test_a_binary_that_is_nowhere_names_every_place_and_the_remedy():
    with pytest.raises(BinaryNotFound) as caught:
        find_binary(None, {"PATH": "/nowhere"})
    for text in ("option: not set", "ECR_FIXTURE_BIN: not set", "bundled", "/nowhere", "install:"):
        assert text in str(caught.value)
    assert len(caught.value.tried) == 4


def test_a_variable_that_is_wrong_is_not_passed_over(script, tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")
    with pytest.raises(BinaryNotFound, match="plain is not an executable file"):
        find_binary(None, {"ECR_FIXTURE_BIN": str(plain), "PATH": os.environ["PATH"]})


def test_settings_of_another_daemon_are_not_passed_on():
    given = {"ECR_FIXTURE_LISTEN": "0.0.0.0:1", "ECR_FIXTURE_STRICT": "1", "HOME": "/h"}
    assert child_environment(given) == {"HOME": "/h"}


def test_the_daemon_is_started_with_free_ports_and_a_lifeline(script):
    path = script(
        """
        import json, sys, pathlib
        pathlib.Path(__file__).with_name("arguments").write_text(json.dumps(sys.argv[1:]))
        print('READY', flush=True)
        sys.stdin.read()
        """.replace("READY", READY)
    )
    ready = start(path)
    assert (ready.control, ready.data, ready.version, ready.token) == ("127.0.0.1:1", "http://x", "0.1.0", "")
    arguments = path.with_name("arguments").read_text()
    assert arguments == (
        '["serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", '
        '"--print-addresses", "json", "--lifeline", "stdin"]'
    )


def test_a_daemon_that_dies_is_reported_with_its_exit_code_and_last_lines(script):
    path = script(
        """
        import sys
        for number in range(60):
            print("line", number, file=sys.stderr)
        sys.exit(3)
        """
    )
    with pytest.raises(StartFailed, match="exit code 3") as caught:
        start(path)
    assert caught.value.exit_code == 3
    assert caught.value.stderr == tuple(f"line {number}" for number in range(20, 60))
    assert "line 59" in str(caught.value)


def test_a_daemon_that_prints_something_else_is_reported_with_it(script):
    with pytest.raises(StartFailed, match=r"no ready line.*hello"):
        start(script("print('hello', flush=True); import sys; sys.stdin.read()"))


def test_a_daemon_that_says_nothing_has_until_the_limit(script):
    path = script("import sys; print('waiting', file=sys.stderr, flush=True); sys.stdin.read()")
    begun = time.monotonic()
    with pytest.raises(StartFailed, match=r"not ready within 0.5 s.*\n  waiting"):
        start(path, ECR_FIXTURE_START_TIMEOUT="0.5")
    assert time.monotonic() - begun < 5


def test_a_limit_that_is_no_number_is_refused(script):
    with pytest.raises(StartFailed, match="no number of seconds"):
        start(script(""), ECR_FIXTURE_START_TIMEOUT="soon")


def test_a_file_that_cannot_run_is_reported(tmp_path):
    path = tmp_path / "broken"
    path.write_bytes(b"\x00not a program")
    path.chmod(0o755)
    with pytest.raises(StartFailed, match="cannot run"):
        start(path)


def test_a_daemon_that_talks_much_is_never_blocked(script):
    path = script(
        """
        import pathlib, sys
        print('READY', flush=True)
        for _ in range(64):
            sys.stderr.write("x" * 65536 + "\\n")
            sys.stdout.write("x" * 65536 + "\\n")
        sys.stdout.flush()
        pathlib.Path(__file__).with_name("done").touch()
        sys.stdin.read()
        """.replace("READY", READY)
    )
    process, _ = Process.start(path, {"PATH": os.defpath})
    deadline = time.monotonic() + 10
    while not path.with_name("done").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.stop()
    assert path.with_name("done").exists()


def test_unknown_members_of_the_ready_line_are_ignored():
    assert parse_ready(READY.replace("{", '{"new": 1, "token": "t", ', 1)).token == "t"


@pytest.mark.parametrize(
    ("line", "wrong"),
    [("[]", "not a ready line"), ('{"event":"ready"}', "no version, control, data"), ("x", "Expecting value")],
)
def test_a_line_that_is_no_ready_line_is_refused(line, wrong):
    with pytest.raises(ValueError, match=wrong):
        parse_ready(line)


@pytest.mark.parametrize(("old", "new"), [("0.1.0", "7.2.0"), ("control.v1", "control.v9")])
def test_another_major_version_is_refused_with_both_and_the_remedy(old, new):
    with pytest.raises(IncompatibleVersion) as caught:
        parse_ready(READY.replace(old, new))
    assert new in str(caught.value)
    assert "client 0.1.0" in str(caught.value)
    assert "pip install --upgrade" in str(caught.value)


def test_an_attached_daemon_of_another_major_version_is_refused():
    with serving(FakeControl("3.0.0")) as address, pytest.raises(IncompatibleVersion, match=r"daemon 3\.0\.0"):
        EcrFixture.attach(address)


def test_a_daemon_that_does_not_answer_after_its_ready_line_has_not_started(script):
    path = script("import sys; print('READY', flush=True); sys.stdin.read()".replace("READY", READY))
    with pytest.raises(StartFailed, match="did not answer"):
        EcrFixture.start(str(path), environment={})
