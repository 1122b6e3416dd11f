"""The programs that the tests drive: skopeo as a registry client, docker-registry as an upstream registry.

Both are Debian's packages. One that is not installed fails the test that needs it; nothing is skipped.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ecrfixture.records import Login

_SECONDS = 60
_LISTENING = re.compile(r"listening on (127\.0\.0\.1:\d+)")
# What `htpasswd -B` makes of the user `me` and the password `sesame`.
HTPASSWD = "me:$2y$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O\n"
_REGISTRY_CONFIGURATION = """\
version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: "127.0.0.1:0"}}
"""


def skopeo(command: str, *arguments: str) -> str:
    """Runs skopeo and answers its standard output. Raises `AssertionError` with what it said if it fails."""
    ran = subprocess.run(
        # Whether images must be signed is the machine's policy, not this test's; a machine may even have none.
        [_program("skopeo"), "--insecure-policy", "--command-timeout", f"{_SECONDS}s", command, *arguments],
        capture_output=True,
        text=True,
        timeout=2 * _SECONDS,
        check=False,
    )
    assert ran.returncode == 0, f"skopeo {command} ended with {ran.returncode}:\n{ran.stderr}"
    return ran.stdout


def push(layout: Path, tag: str, place: str, login: Login | None = None, *options: str) -> None:
    """Copies a tag of a layout to `host/repository:tag`."""
    credentials = ["--dest-creds", _credentials(login)] if login else []
    skopeo("copy", "--dest-tls-verify=false", *credentials, *options, f"oci:{layout}:{tag}", f"docker://{place}")


def pull(place: str, layout: Path, tag: str, login: Login, *options: str) -> None:
    """Copies `host/repository:tag` into a layout."""
    given = ["--src-tls-verify=false", "--src-creds", _credentials(login), *options]
    skopeo("copy", *given, f"docker://{place}", f"oci:{layout}:{tag}")


def ask(command: str, place: str, login: Login, *options: str) -> str:
    """Runs `skopeo inspect`, `list-tags` or `delete` on a place and answers its standard output."""
    return skopeo(command, "--tls-verify=false", "--creds", _credentials(login), *options, f"docker://{place}")


def ask_json(command: str, place: str, login: Login) -> dict[str, Any]:
    """`ask`, with its answer read as a JSON object."""
    form = json.loads(ask(command, place, login))
    assert isinstance(form, dict)
    return form


@contextmanager
def docker_registry(folder: Path, *, private: bool = False) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Runs docker-registry on a free port of the loopback; gives `host:port` and the process, which may be killed.

    A private one knows only `me`, whose password is `sesame`, by Basic credentials.
    """
    folder.mkdir()
    configuration, log = folder / "configuration.yml", folder / "log"
    text = _REGISTRY_CONFIGURATION.format(root=folder / "storage")
    if private:
        (folder / "htpasswd").write_text(HTPASSWD)
        text += f"auth: {{htpasswd: {{realm: test, path: {folder / 'htpasswd'}}}}}\n"
    configuration.write_text(text)
    # The kernel ends it with this process, however that one ends.
    tied = [_program("setpriv"), "--pdeathsig", "KILL"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*tied, _program("docker-registry"), "serve", str(configuration)],
            stdout=output,
            stderr=output,
            text=True,
        )
    try:
        yield _listening(process, log), process
    finally:
        process.kill()
        process.wait()


def _listening(process: subprocess.Popen[str], log: Path) -> str:
    """Waits for the line of the log that names the address."""
    for _ in range(_SECONDS * 20):
        found = _LISTENING.search(log.read_text())
        if found:
            return found[1]
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(f"docker-registry did not start:\n{log.read_text()}")


def _credentials(login: Login) -> str:
    return f"{login.username}:{login.password}"


def _program(name: str) -> str:
    path = shutil.which(name)
    assert path, f"{name} is not installed: apt-get install {'util-linux' if name == 'setpriv' else name}"
    return path
