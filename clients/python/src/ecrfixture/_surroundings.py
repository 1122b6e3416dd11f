"""What programs under test need to reach a world: environment variables, Docker's config, an SDK client. Internal."""

from __future__ import annotations

import base64
import json
import os
import threading
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from ecrfixture.errors import FixtureError
from ecrfixture.records import Aws, DockerConfig, Login

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOPBACK = ("127.0.0.1", "localhost")
_sessions = threading.local()


def aws_environment(aws: Aws, given: Mapping[str, str], parent: Mapping[str, str]) -> dict[str, str]:
    """Variables for an AWS SDK in a child process; `given` are those that the daemon names, `parent` our own."""
    hosts = [host for host in parent.get("NO_PROXY", parent.get("no_proxy", "")).split(",") if host]
    no_proxy = ",".join([*hosts, *(host for host in _LOOPBACK if host not in hosts)])
    return {
        **given,
        "AWS_ENDPOINT_URL_ECR": aws.endpoint,
        "AWS_ENDPOINT_URL_ECR_PUBLIC": aws.endpoint,
        "AWS_ACCESS_KEY_ID": aws.access_key_id,
        "AWS_SECRET_ACCESS_KEY": aws.secret_access_key,
        "AWS_REGION": aws.region,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "NO_PROXY": no_proxy,
        # Programs look at either spelling first; a set one must not win with another value.
        "no_proxy": no_proxy,
    }


def write_docker_config(login: Login) -> DockerConfig:
    """Writes a `config.json` that knows this login and uses no credential store, readable by its owner only."""
    directory = Path(mkdtemp(prefix="ecr-fixture-docker-"))
    secret = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
    file = directory / "config.json"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"auths": {login.host: {"auth": secret}}}, stream)
    return DockerConfig(directory, file)


def write_authority(pem: str) -> Path:
    """Writes a certificate authority to a folder of its own."""
    file = Path(mkdtemp(prefix="ecr-fixture-tls-")) / "ca.pem"
    file.write_text(pem, encoding="ascii")
    return file


def boto3_client(service: str, aws: Aws, options: Mapping[str, Any]) -> Any:
    """A boto3 client. The session is kept for each thread: making one reads files, and one is not thread-safe."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise FixtureError('world.boto3() needs boto3: pip install "ecr-fixture[boto3]"') from error
    if not hasattr(_sessions, "session"):
        _sessions.session = boto3.session.Session()
    # No proxy: a proxy in the environment would break even a call to 127.0.0.1.
    config = Config(proxies={})
    given = options.get("config")
    return _sessions.session.client(
        service,
        **{
            "endpoint_url": aws.endpoint,
            "region_name": aws.region,
            "aws_access_key_id": aws.access_key_id,
            "aws_secret_access_key": aws.secret_access_key,
            **options,
            "config": config.merge(given) if given else config,
        },
    )
