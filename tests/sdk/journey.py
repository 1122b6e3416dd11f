"""Runs one SDK's journey: a world for it, its program, and then what the daemon says was called.

A journey is a program in the SDK's language that takes the steps of `README.md` and ends with 0. It is told where to
go by its environment alone. What it says of itself is not trusted: the daemon's journal is asked which operations were
called and how they were answered.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from ecrfixture import image, on, principal, repository, upstream

if TYPE_CHECKING:
    from ecrfixture import Call, World
    from ecrfixture.pytest_plugin import WorldFactory

ACCOUNT = "111122223333"
REGION = "eu-central-1"
NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
CALLER = f"arn:aws:iam::{ACCOUNT}:user/journey"
# A secret that is not the same when it is escaped for an URL.
ACCESS_KEY_ID, SECRET_ACCESS_KEY = "AKIAJOURNEY000000000", "a secret/with+signs="

OPERATIONS = frozenset(
    (Path(__file__).resolve().parent.parent / "data" / "ecr-operations.txt").read_text(encoding="utf-8").split()
)
FEWEST_OPERATIONS = 40
# How often operations are answered with success at the least: by their pages, waiters that look twice, and other steps.
ANSWERS = {
    "DescribeImageScanFindings": 4,
    "DescribeImages": 5,
    "DescribePullThroughCacheRules": 2,
    "DescribeReplicationBackfillResults": 2,
    "DescribeRepositories": 2,
    "DescribeRepositoryCreationTemplates": 2,
    "GetLifecyclePolicyPreview": 3,
    "ListImageReferrers": 2,
    "ListImages": 2,
    "ListPullTimeUpdateExclusions": 2,
    "ListReplicationBackfills": 2,
}
MOST_SECONDS = 600

# Every refusal that the steps ask for: operation and error.
REFUSALS = frozenset(
    {
        ("CompleteLayerUpload", "LayerAlreadyExistsException"),
        ("CreatePullThroughCacheRule", "PullThroughCacheRuleAlreadyExistsException"),
        ("CreateRepository", "AccessDeniedException"),
        ("CreateRepository", "InvalidParameterException"),
        ("CreateRepository", "RepositoryAlreadyExistsException"),
        ("CreateRepositoryCreationTemplate", "TemplateAlreadyExistsException"),
        ("DeletePullThroughCacheRule", "PullThroughCacheRuleNotFoundException"),
        ("DeleteRepository", "RepositoryNotEmptyException"),
        ("DeleteRepository", "RepositoryNotFoundException"),
        ("DeleteRepositoryCreationTemplate", "TemplateNotFoundException"),
        ("DeregisterPullTimeUpdateExclusion", "ExclusionNotFoundException"),
        ("DescribeImageScanFindings", "ScanNotFoundException"),
        ("DescribeImages", "ImageNotFoundException"),
        ("DescribeRepositories", "RepositoryNotFoundException"),
        ("GetDownloadUrlForLayer", "LayersNotFoundException"),
        ("GetLifecyclePolicy", "LifecyclePolicyNotFoundException"),
        ("GetLifecyclePolicyPreview", "LifecyclePolicyPreviewNotFoundException"),
        ("GetRegistryPolicy", "RegistryPolicyNotFoundException"),
        ("GetRepositoryPolicy", "RepositoryPolicyNotFoundException"),
        ("GetSigningConfiguration", "SigningConfigurationNotFoundException"),
        ("PutImage", "ImageAlreadyExistsException"),
        ("PutImage", "ImageTagAlreadyExistsException"),
        ("PutImage", "LayersNotFoundException"),
        ("RegisterPullTimeUpdateExclusion", "ExclusionAlreadyExistsException"),
        ("StartImageScan", "LimitExceededException"),
        ("UploadLayerPart", "InvalidLayerPartException"),
    }
)


@dataclass(frozen=True, slots=True)
class Journey:
    """What a journey came to: operations that were answered, all calls of the ECR API, and its real time."""

    name: str
    operations: int
    calls: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.name:8} {self.operations:3} operations {self.calls:4} calls {self.seconds:6.1f} s"


def run_journey(
    worlds: WorldFactory,
    name: str,
    command: Sequence[str],
    cwd: Path,
    *,
    user_agent: str,
    without: Collection[str] = (),
) -> Journey:
    """Runs a journey's program in a world of its own and judges what the daemon recorded of it.

    `user_agent` must be in the header of that name of every call. `without` are operations that this version of the SDK
    does not know. Raises `AssertionError` with everything that is wrong.
    """
    world = _world(worlds)
    began = time.monotonic()
    code, said = _run(world, command, cwd)
    seconds = time.monotonic() - began
    assert code == 0, f"{name} ended with {code}:\n{said}"
    # The backfill that the program stopped waits here.
    world.open_gate("backfill")
    calls = [call for call in world.calls() if call.surface in ("ecr", "oci")]
    problems = _problems(calls, user_agent, frozenset(without))
    assert not problems, f"{name}:\n" + "\n".join(problems)
    asked = [call for call in calls if call.surface == "ecr"]
    return Journey(name, len({call.operation for call in asked if call.status == 200}), len(asked), seconds)


def _world(worlds: WorldFactory) -> World:
    """A world as the steps want it: it verifies signatures, and its first scan and one backfill wait."""
    world = worlds(auth="verified", listen="dedicated", accounts=[ACCOUNT], regions=[REGION], now=NOW)
    everything = {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}
    nothing = {"Effect": "Deny", "Action": "ecr:*", "Resource": f"arn:aws:ecr:*:{ACCOUNT}:repository/forbidden/*"}
    policy = {"Version": "2012-10-17", "Statement": [everything, nothing]}
    first = datetime(2029, 6, 1, 12, 30, 15, 500_000, tzinfo=timezone.utc)
    images = [image(tag, pushed_at=first + timedelta(days=day)) for day, tag in enumerate(("one", "two", "three"))]
    findings = [
        {"name": f"CVE-2030-000{number}", "severity": severity}
        for number, severity in enumerate(("HIGH", "LOW", "HIGH"), 1)
    ]
    world.seed(
        principal(CALLER, [policy], access_key_id=ACCESS_KEY_ID, secret_access_key=SECRET_ACCESS_KEY),
        repository("seed/base", images=images, scans=[{"imageTag": "one", "findings": findings}]),
        upstream("mirror.test", {"team/base": ["v1"]}),
    )
    world.fault(
        on("task:scan").where(repository="seed/base").times(1).hold("scanner"),
        on("task:backfill").where(dest_region="ap-southeast-2").hold("backfill"),
    )
    return world


def _environment(world: World) -> Mapping[str, str]:
    """The environment of a program: nothing of AWS is inherited, neither keys nor files."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **inherited,
        **world.env(docker=False),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "ECR_JOURNEY_ACCOUNT": ACCOUNT,
    }


def _run(world: World, command: Sequence[str], cwd: Path) -> tuple[int, str]:
    """Runs the program to its end. Answers its exit code and the end of what it said."""
    deadline = time.monotonic() + MOST_SECONDS
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=_environment(world),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        # So that what it starts ends with it.
        start_new_session=True,
    )
    released = False
    try:
        while True:
            try:
                said, _ = process.communicate(timeout=0.05)
                return process.returncode, said[-8_000:]
            except subprocess.TimeoutExpired as still_running:
                if time.monotonic() > deadline:
                    told = f"{' '.join(command)} still runs after {MOST_SECONDS} s"
                    raise AssertionError(told) from still_running
            released = released or _release(world)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _release(world: World) -> bool:
    """Lets the scan end once somebody has looked and found it in progress, so that a waiter has to look twice."""
    looks = world.calls('ecr:DescribeImageScanFindings where repository = "seed/base"')
    seen = any(call.phase == "FINISHED" for call in looks)
    if seen:
        world.open_gate("scanner")
    return seen


def _problems(calls: Sequence[Call], user_agent: str, without: frozenset[str]) -> list[str]:
    """What of a journey is not as it should be."""
    asked = [call for call in calls if call.surface == "ecr"]
    answers = Counter(call.operation for call in asked if call.status == 200)
    answered = frozenset(answers)
    refused = {(call.operation, call.error) for call in asked if call.status != 200}
    expected = {(operation, error) for operation, error in REFUSALS if operation not in without}
    problems = [f"never ended: {call.operation}" for call in calls if call.outcome != "COMPLETED"]
    problems += [f"never answered with success: {name}" for name in sorted(OPERATIONS - answered - without)]
    problems += [
        f"answered with success {answers[name]} times, {least} are the least: {name}"
        for name, least in ANSWERS.items()
        if 0 < answers[name] < least
    ]
    problems += [f"said to be unknown to the SDK and called: {name}" for name in sorted(answered & without)]
    problems += [f"not expected: {name} answered {error}" for name, error in sorted(refused - expected)]
    problems += [f"expected and not seen: {name} answered {error}" for name, error in sorted(expected - refused)]
    if len(answered) < FEWEST_OPERATIONS:
        problems.append(f"only {len(answered)} operations, {FEWEST_OPERATIONS} are the least")
    for call in asked:
        agent = call.headers.get("user-agent", "")
        if user_agent not in agent:
            problems.append(f"{call.operation} came from {agent!r}, which is not {user_agent!r}")
        if call.facts.get("caller") != CALLER:
            problems.append(f"{call.operation} was signed by {call.facts.get('caller')}")
        # SDKs take this refusal for throttling.
        if call.facts.get("attempt", "1") != "1" and call.error != "LimitExceededException":
            problems.append(f"{call.operation} was tried again")
    return problems
