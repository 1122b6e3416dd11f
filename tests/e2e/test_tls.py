"""A daemon that speaks TLS, as the Python client starts it: everything that a world hands out knows whom to trust."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import pytest
from ecrfixture import EcrFixture, World


@pytest.fixture(scope="module")
def secured() -> Iterator[EcrFixture]:
    """A daemon of its own: that of the other tests speaks plain HTTP."""
    with EcrFixture.start(tls=True) as fixture:
        yield fixture


@pytest.fixture
def world(secured: EcrFixture) -> Iterator[World]:
    """A world of that daemon."""
    with secured.world() as world:
        yield world


def test_a_world_pushes_and_pulls_over_tls(world: World) -> None:
    world.seed(repo="app")
    assert world.endpoint.startswith("https://")
    pushed = world.push("app:v1")
    assert world.pull("app:v1").digest == pushed.digest


def test_boto3_trusts_the_authority(world: World) -> None:
    world.seed(repo="app", images=["v1"])
    ecr = world.boto3()
    images = ecr.describe_images(repositoryName="app")["imageDetails"]
    assert [image["imageTags"] for image in images] == [["v1"]]
    proxy = ecr.get_authorization_token()["authorizationData"][0]["proxyEndpoint"]
    assert proxy == world.endpoint


def test_a_child_finds_the_authority_in_its_environment(world: World) -> None:
    code = "import boto3; print(boto3.client('ecr').describe_registry()['registryId'])"
    environment = world.env(docker=False)
    child = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert child.stdout.strip() == world.accounts[0]


def test_the_file_goes_with_its_world(secured: EcrFixture) -> None:
    with secured.world() as world:
        file = world.ca_file
        assert file is not None
        assert file.read_text() == secured.info().tls_ca_pem
        trusting = HTTPSHandler(context=ssl.create_default_context(cafile=str(file)))
        with pytest.raises(OSError, match="401"):
            build_opener(ProxyHandler({}), trusting).open(f"{world.endpoint}/v2/")
    assert not file.exists()


def test_a_daemon_without_tls_has_no_authority() -> None:
    with EcrFixture.start() as plain, plain.world() as world:
        assert world.ca_file is None
        assert plain.info().tls_ca_pem == ""
