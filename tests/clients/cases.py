"""The cases: what a client is asked to do, and what must be true then by the client, the journal and the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from client import Client
from ecrfixture import World
from traffic import Section, uploaded

# Of a form that is a tag to registries and a version to charts.
TAG = "1.0.0"
REPOSITORIES = ("app", "copied/app")


class Run:
    """A case as it runs: the client, its world, and the requests of each part so far."""

    def __init__(self, client: Client, world: World, ecr: Any) -> None:
        self.client = client
        self.world = world
        self.sections: list[Section] = []
        self.ecr = ecr

    def place(self, repository: str) -> str:
        """`host/repository:tag`."""
        return f"{self.client.registry.host}/{repository}:{TAG}"

    @contextmanager
    def recorded(self, name: str) -> Iterator[None]:
        """Keeps the requests of a part."""
        mark = self.world.mark()
        yield
        self.keep(name, mark)

    def keep(self, name: str, mark: str) -> None:
        """Keeps the requests since a mark. Clients repeat what fails, so a failure would not show otherwise."""
        calls = tuple(call for call in self.world.calls(since=mark) if call.surface == "oci")
        assert calls, f"{name} reached no registry"
        assert not [call for call in calls if (call.status or 0) >= 500], name
        self.sections.append(Section(name, calls))

    def holds(self, repository: str, digest: str) -> None:
        """Asserts that the repository's tag names a digest, and that the journal has the push that put it there."""
        images = self.ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": TAG}])["images"]
        assert [image["imageId"]["imageDigest"] for image in images] == [digest]
        puts = self.world.calls("oci:manifest.put")
        told = [call for call in puts if (call.facts["repository"], call.facts.get("tag")) == (repository, TAG)]
        # Some clients send it once without a login.
        assert {call.status for call in told} - {401} == {201}


def multi_layer(run: Run) -> None:
    """An image of several layers there and back."""
    _there_and_back(run, run.client.push, run.client.pull)


def index(run: Run) -> None:
    """An index of two platforms there and back."""
    _there_and_back(run, run.client.push_index, run.client.pull_index)


def artifact(run: Run) -> None:
    """An artifact with a subject, and a list of what refers to that subject."""
    place = run.place("app")
    subject = run.client.push(place)
    with run.recorded("attach"):
        pushed = run.client.attach(place)
    reply = run.ecr.list_image_referrers(repositoryName="app", subjectId={"imageDigest": subject})
    assert [found["digest"] for found in reply["referrers"]] == [pushed]
    run.holds("app", subject)
    before = run.world.mark()
    listed = run.client.referrers(place)
    if listed is not None:
        assert listed == [pushed]
        run.keep("list", before)


def repeated(run: Run) -> None:
    """A push of what is there: no byte of a layer is sent again, unless the client never asks."""
    place = run.place("app")
    with run.recorded("push"):
        first = run.client.push(place)
    with run.recorded("push again"):
        assert run.client.push(place) == first
    run.holds("app", first)
    # The first is that of `multi-layer`.
    before, again = (uploaded(section.calls) for section in run.sections)
    del run.sections[0]
    assert before > 0
    assert again == (before if run.client.sends_again else 0)


def copy(run: Run) -> None:
    """The image to another repository of the registry."""
    source, destination = run.place("app"), run.place("copied/app")
    pushed = run.client.push(source)
    with run.recorded("copy"):
        assert run.client.copy(source, destination) in (pushed, None)
    run.holds("copied/app", pushed)


def _there_and_back(run: Run, push: Callable[[str], str], pull: Callable[[str], str]) -> None:
    place = run.place("app")
    with run.recorded("push"):
        pushed = push(place)
    run.holds("app", pushed)
    with run.recorded("pull"):
        assert pull(place) == pushed


CASE: dict[str, Callable[[Run], None]] = {
    "multi-layer": multi_layer,
    "index": index,
    "artifact": artifact,
    "repeated": repeated,
    "copy": copy,
}
