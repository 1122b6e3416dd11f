"""Two hundred tests, each in its own fork of one seeded snapshot; none sees another's tags, calls or faults.

Run it with `-n 8`. With `ECR_FIXTURE_ADDR` all workers share one daemon, and one snapshot: its id is made of the run's
id, so the daemon itself decides which worker makes it, and the others find it there.
"""

from __future__ import annotations

import os

import pytest

from ecrfixture import EcrFixture, FixtureError, RegistryError, calls, image, on

pytestmark = pytest.mark.live


@pytest.fixture(scope="session")
def golden(ecr_fixture: EcrFixture) -> str:
    """Id of the snapshot: repository `app` with the one image `base`."""
    name = f"golden-{os.environ.get('PYTEST_XDIST_TESTRUNUID', str(os.getpid()))}"
    with ecr_fixture.world() as world:
        world.seed(repo="app", images=[image("base")])
        try:
            world.snapshot(name)
        except FixtureError as error:
            if error.code != "ALREADY_EXISTS":
                raise
    return name


@pytest.mark.parametrize("number", range(200))
def test_a_fork_sees_only_itself(ecr_world_factory, golden, number) -> None:
    world = ecr_world_factory(from_=golden)
    tag, rule = f"t{number}", f"rule-{number}"
    world.fault(on("oci:manifest.get").where(tag=tag).times(1).status(503).named(rule).must_fire())

    world.push(f"app:{tag}")
    with pytest.raises(RegistryError, match="503"):
        world.pull(f"app:{tag}")
    world.pull(f"app:{tag}")

    listed = world.boto3().list_images(repositoryName="app")["imageIds"]
    assert {entry["imageTag"] for entry in listed} == {"base", tag}
    assert [(status.name, status.fired) for status in world.rules()] == [(rule, 1)]
    assert {call.facts["tag"] for call in world.calls() if "tag" in call.facts} == {tag}
    world.verify(
        calls("oci:manifest.put").once(),
        calls("oci:manifest.get").exactly(2),
        calls("ecr:GetAuthorizationToken").exactly(3),
        calls("ecr:ListImages").once(),
    )
