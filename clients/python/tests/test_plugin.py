"""The pytest plugin, run in a pytest of its own against a fake control plane."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fake_control import Refusal
from grpc import StatusCode

from ecrfixture.control.v1 import worlds_pb2
from ecrfixture.pytest_plugin import world_id


@pytest.fixture
def inner(pytester, address, monkeypatch):
    """Runs a test file with the fake daemon attached."""
    for name in ("BIN", "REPORT", "KEEP", "TOKEN"):
        monkeypatch.delenv(f"ECR_FIXTURE_{name}", raising=False)
    monkeypatch.setenv("ECR_FIXTURE_ADDR", address)

    def run(source: str, *arguments: str):
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess(*arguments)

    return run


def failing(_):
    found = worlds_pb2.Finding(kind=worlds_pb2.FINDING_KIND_MUST_FIRE_UNMET, fails=True, text="never fired")
    return worlds_pb2.FinishWorldResponse(ok=False, findings=[found], text="THE REPORT\nrule r1 never fired")


def test_a_test_has_a_world_named_after_it_and_finished_after_it(inner, control):
    result = inner(
        """
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_Some_Thing(ecr_world, number):
            assert ecr_world.name.startswith(f"worlds/test-some-thing-{number}-")
        """
    )
    result.assert_outcomes(passed=2)
    created = [request.world_id for request in control.of("WorldsService/CreateWorld")]
    finished = [request.world.removeprefix("worlds/") for request in control.of("WorldsService/FinishWorld")]
    assert created == finished
    labels = control.of("WorldsService/CreateWorld")[0].labels
    assert labels["test"].endswith("::test_Some_Thing[1]")


def test_the_marker_gives_options(inner, control):
    result = inner(
        """
        import pytest

        @pytest.mark.ecr_world(from_="golden", seed=42, regions=["eu-west-1"])
        def test_it(ecr_world):
            assert ecr_world.regions == ("eu-west-1",)
        """
    )
    result.assert_outcomes(passed=1)
    (request,) = control.of("WorldsService/CreateWorld")
    assert (request.from_snapshot, request.seed) == ("snapshots/golden", 42)


def test_the_report_stands_with_the_failed_test(inner, pytester):
    result = inner("def test_it(ecr_world):\n    assert 1 == 2\n", "--junitxml=out.xml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*test_it*", "*assert 1 == 2*", "*ecr-fixture report*", "the report", "*short test*"])
    assert 'name="ecr_fixture_report" value="the report"' in (pytester.path / "out.xml").read_text()


def test_the_report_survives_xdist(inner):
    result = inner("def test_it(ecr_world):\n    assert 1 == 2\n", "-n", "1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*", "*ecr-fixture report*", "the report"])


def test_a_test_that_passed_has_no_report_unless_asked(inner):
    passing = "def test_it(ecr_world):\n    pass\n"
    inner(passing, "-rP").stdout.no_fnmatch_line("the report")
    inner(passing, "-rP", "--ecr-fixture-report=always").stdout.fnmatch_lines(["the report"])


def test_reports_can_be_turned_off(inner):
    result = inner("def test_it(ecr_world):\n    assert 1 == 2\n", "--ecr-fixture-report=off")
    result.stdout.no_fnmatch_line("the report")


def test_findings_that_fail_fail_a_test_that_passed(inner, control):
    control.handlers["WorldsService/FinishWorld"] = failing
    result = inner("def test_it(ecr_world):\n    pass\n")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_it*", "THE REPORT"])
    assert result.ret == 1


def test_findings_that_fail_never_mask_the_first_error(inner, control):
    control.handlers["WorldsService/FinishWorld"] = failing
    result = inner("def test_it(ecr_world):\n    raise KeyError('mine')\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*KeyError: 'mine'*", "*ecr-fixture report*", "THE REPORT"])


def test_a_daemon_that_is_gone_fails_only_a_test_that_passed(inner, control):
    def gone(_):
        raise Refusal(StatusCode.NOT_FOUND, "no such world", "WORLD_NOT_FOUND")

    control.handlers["WorldsService/FinishWorld"] = gone
    result = inner("def test_good(ecr_world):\n    pass\ndef test_bad(ecr_world):\n    raise KeyError('mine')\n")
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*has no report: *no such world*"])


def test_skipped_and_expected_failures_are_left_in_peace(inner, control):
    control.handlers["WorldsService/FinishWorld"] = failing
    result = inner(
        """
        import pytest

        def test_skipped(ecr_world):
            pytest.skip("why")

        @pytest.mark.xfail
        def test_expected(ecr_world):
            assert False
        """
    )
    result.assert_outcomes(skipped=1, xfailed=1)


def test_worlds_outlive_the_fixtures_that_use_them(inner, control):
    result = inner(
        """
        import pytest

        @pytest.fixture
        def service(ecr_world):
            yield
            ecr_world.fork()

        def test_it(service):
            assert False
        """
    )
    control_order = [name for name, _, _ in control.requests if "Fork" in name or "Finish" in name]
    assert control_order[0] == "WorldsService/ForkWorld"
    assert "WorldsService/FinishWorld" in control_order
    result.assert_outcomes(failed=1, errors=1)  # The fake knows no forks.


def test_a_kept_world_says_where_it_is(inner, control, monkeypatch):
    monkeypatch.setenv("ECR_FIXTURE_KEEP", "on-failure")
    result = inner("def test_it(ecr_world):\n    assert False\n")
    result.stdout.fnmatch_lines(["worlds/test-it-* is kept: endpoint http://127.0.0.1:1*"])
    assert not control.of("WorldsService/FinishWorld")


def test_a_report_mode_that_is_none_is_a_usage_error(inner):
    result = inner("def test_it():\n    pass\n", "--ecr-fixture-report=sometimes")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*must be one of on-failure, always, off*"])


def test_a_missing_binary_is_said_once_and_clearly(pytester, monkeypatch):
    monkeypatch.delenv("ECR_FIXTURE_ADDR", raising=False)
    monkeypatch.setenv("ECR_FIXTURE_BIN", "/nowhere/ecr-fixture")
    pytester.makepyfile("def test_it(ecr_world):\n    pass\n")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["BinaryNotFound: *", "*/nowhere/ecr-fixture is not an executable file", "install: *"])


def test_importing_the_plugin_imports_neither_grpc_nor_protobuf():
    code = "import sys, ecrfixture.pytest_plugin; print([m for m in sys.modules if m in ('grpc', 'google.protobuf')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("nodeid", "start"),
    [
        ("a/test_x.py::test_b[eu-west-1]", "test-b-eu-west-1-"),
        ("test_x.py::TestC::test_Über", "test-ber-"),
        ("x::" + "y" * 200, "y" * 56 + "-"),
        ("x::ü", "test-"),
    ],
)
def test_an_id_is_made_of_the_tests_name(nodeid, start):
    made = world_id(nodeid)
    assert made.startswith(start)
    assert len(made) == len(start) + 6 <= 63
