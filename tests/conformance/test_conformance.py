"""The official conformance suite of the OCI Distribution Specification against both profiles of the registry surface.

`go.mod` pins the suite. Every API and every kind of data that it can test is on, in its version 1.1 as in its drafts,
so that nothing is left out by its defaults. Against `oci` all of it passes; against `ecr` what fails is what `quirks`
lists.
"""

from __future__ import annotations

import os
import re
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from ecrfixture import EcrFixture, World
from quirks import QUIRKS, Quirk

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent.parent / "target" / "test-conformance"
SUITE = "github.com/opencontainers/distribution-spec/conformance"
VERSIONS = ("1.1", "dev")
REPOSITORIES = ("conformance/repo1", "conformance/repo2")
# What the suite leaves off in some version unless it is told.
SWITCHES = (
    "OCI_API_BLOBS_DIGEST_HEADER",
    "OCI_API_BLOBS_UPLOAD_CANCEL",
    "OCI_API_MANIFESTS_DIGEST_HEADER",
    "OCI_API_MANIFESTS_TAG_PARAM",
    "OCI_DATA_SPARSE",
)
# A run has more leaves than this; fewer would mean that the suite gave up.
LEAST_LEAVES = 800


@dataclass(frozen=True)
class Leaf:
    """One leaf of a report; many have the same name."""

    name: str
    status: str
    report: str


@dataclass(frozen=True)
class Report:
    """What one run reported."""

    leaves: tuple[Leaf, ...]
    counts: Mapping[str, int]
    """The suite's own: several for one leaf where it tests several things."""

    def unsuccessful(self) -> list[Leaf]:
        """Leaves that did not pass."""
        return [leaf for leaf in self.leaves if leaf.status != "passed"]

    def __str__(self) -> str:
        leaves = Counter(leaf.status for leaf in self.leaves)
        told = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        return f"{told}; of {len(self.leaves)} leaves {dict(sorted(leaves.items()))}"


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without settings of the suite, and with these."""
    return {**{key: value for key, value in os.environ.items() if not key.startswith("OCI_")}, **settings}


def run(command: list[str], directory: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=directory,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )


@pytest.fixture(scope="session")
def suite() -> Path:
    """The suite's program, of the version that go.mod and go.sum pin, by the toolchain that is here."""
    program = BUILT / "conformance"
    go = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    built = run(["go", "build", "-o", str(program), SUITE], HERE, go)
    assert built.returncode == 0, f"{built.stdout}{built.stderr}"
    return program


@contextmanager
def world_of(ecr_fixture: EcrFixture, profile: str) -> Iterator[World]:
    """A world with a port of its own. The suite leaves uploads open, so what its report finds does not count."""
    world = ecr_fixture.world(profile="oci" if profile == "oci" else "ecr", listen="dedicated")
    try:
        yield world
    finally:
        world.finish()


def conformance(suite: Path, results: Path, world: World, version: str, login: Mapping[str, str]) -> Report:
    """Runs the suite and reads its report."""
    settings = {
        "OCI_REGISTRY": world.registry_host,
        "OCI_TLS": "disabled",
        "OCI_REPO1": REPOSITORIES[0],
        "OCI_REPO2": REPOSITORIES[1],
        "OCI_VERSION": version,
        "OCI_LOG": "error",
        "OCI_RESULTS_DIR": str(results),
        **dict.fromkeys(SWITCHES, "true"),
        **login,
    }
    ran = run([str(suite)], results, settings)
    report = results / "junit.xml"
    assert report.exists(), f"{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
    return read(report)


def read(junit: Path) -> Report:
    """Reads the suite's report in JUnit's form."""
    root = ET.parse(junit).getroot()
    names = ("tests", "failures", "errors", "skipped", "disabled")
    counts = {name: int(root.get(name, "0")) for name in names}
    prefix = "OCI Conformance Test/"
    leaves = tuple(
        Leaf(
            name=case.get("name", "").removeprefix(prefix),
            status=case.get("status", ""),
            report=(case.findtext("system-out") or "") + (case.findtext("system-err") or ""),
        )
        for case in root.iter("testcase")
    )
    assert len(leaves) >= LEAST_LEAVES, f"the suite told of {len(leaves)} leaves only"
    return Report(leaves, counts)


def expected(quirk: Quirk) -> dict[str, range]:
    """How often each leaf of a quirk does not pass."""
    numbers = {}
    for line in quirk.leaves.split("\n"):
        if line:
            number, name = line.split(" ", 1)
            least, _, most = number.partition("-")
            numbers[name] = range(int(least), int(most or least) + 1)
    return numbers


def surprises(unsuccessful: list[Leaf], quirks: tuple[Quirk, ...]) -> list[str]:
    """What differs from the list: failures without a reason, reasons without a failure, failures for another reason."""
    told = Counter(leaf.name for leaf in unsuccessful)
    by_name = {name: quirk for quirk in quirks for name in expected(quirk)}
    found = [
        f"{leaf.name}: {leaf.status}, and no quirk says why: {leaf.report[:300]}"
        for leaf in unsuccessful
        if leaf.name not in by_name
    ]
    found += [
        f"{leaf.name}: {leaf.status}, but not since {by_name[leaf.name].what!r}: {leaf.report[:300]}"
        for leaf in unsuccessful
        if leaf.name in by_name and not re.search(by_name[leaf.name].says, leaf.report)
    ]
    for quirk in quirks:
        for name, numbers in expected(quirk).items():
            if told[name] not in numbers:
                times = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else str(numbers[0])
                found.append(f"{name}: {told[name]} did not pass and {times} should, since {quirk.what!r}")
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_the_profile_of_the_specification_conforms_in_everything(
    version: str, suite: Path, ecr_fixture: EcrFixture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with world_of(ecr_fixture, "oci") as world:
        report = conformance(suite, tmp_path, world, version, {})
    with capsys.disabled():
        print(f"\nconformance {version} against oci: {report}")
    assert report.unsuccessful() == []
    assert report.counts["tests"] > 0
    assert {name: number for name, number in report.counts.items() if name != "tests" and number} == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_ecr_conforms_but_for_its_quirks(
    version: str, suite: Path, ecr_fixture: EcrFixture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with world_of(ecr_fixture, "ecr") as world:
        ecr = world.boto3("ecr")
        for name in REPOSITORIES:
            ecr.create_repository(repositoryName=name)
        login = world.login()
        credentials = {"OCI_USERNAME": login.username, "OCI_PASSWORD": login.password}
        report = conformance(suite, tmp_path, world, version, credentials)
    with capsys.disabled():
        print(f"\nconformance {version} against ecr: {report}")
    assert surprises(report.unsuccessful(), QUIRKS) == []
    assert (report.counts["errors"], report.counts["disabled"]) == (0, 0)


def test_a_failure_without_a_reason_and_a_reason_without_a_failure_are_told() -> None:
    quirk = Quirk(what="it refuses", source="a page", says="received 405", leaves="\n2 a/b\n0-1 c\n")
    refused = Leaf("a/b", "failure", "received 405")
    assert surprises([refused, refused], (quirk,)) == []
    assert surprises([refused, refused, Leaf("c", "skipped", "received 405")], (quirk,)) == []
    assert len(surprises([refused], (quirk,))) == 1
    assert len(surprises([refused, Leaf("a/b", "failure", "received 500")], (quirk,))) == 1
    assert len(surprises([refused, refused, Leaf("d", "failure", "")], (quirk,))) == 1


def test_no_leaf_is_listed_twice_and_every_quirk_has_a_source() -> None:
    names = [name for quirk in QUIRKS for name in expected(quirk)]
    assert len(names) == len(set(names))
    assert all(quirk.what and quirk.source and quirk.leaves.strip() for quirk in QUIRKS)


def test_the_suite_is_pinned_to_a_version_of_july_2026_or_later() -> None:
    pinned = re.search(rf"{re.escape(SUITE)} v0\.0\.0-(\d{{8}})", (HERE / "go.mod").read_text())
    assert pinned
    assert pinned[1] >= "20260701"
