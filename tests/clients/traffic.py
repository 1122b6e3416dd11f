"""Requests as lines of text that are the same in every run: what a snapshot holds.

Digests become what they name, `{image layer 1}`; uploads and hosts become `{upload}` and `{host}`. Requests for the
same thing stand together in the order in which they came, and things in the order of the manifest, which itself comes
first where it is read and last where it is written. So what a client does at once, such as its layers, has one order,
and what it does to each is told as it was. Requests that were refused for want of a login are told in a line of their
own: a client with several connections sends as many of them as it happens to open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from content import digest_of, json_object
from ecrfixture.records import Call

_DIGEST = re.compile(r"sha256(:|%3A|%3a|-)([0-9a-f]{64})")
_UPLOAD = re.compile(r"(/blobs/uploads/)[0-9a-f]{8}-[0-9a-f-]{27}")
_MOUNT = re.compile(r"[?&]mount=sha256(?::|%3A)([0-9a-f]{64})")
_LAST = 1_000
_SHOWN = ("accept", "range", "content-type", "content-range", "content-length")
_SAY_NOTHING = {("accept", "*/*"), ("content-length", "0")}
_EMPTY = digest_of(b"{}")


@dataclass(frozen=True)
class Section:
    """What a client did in one part of a case."""

    name: str
    calls: Sequence[Call]


class Names:
    """What digests and tags name, in the order in which a snapshot tells of them."""

    def __init__(
        self,
        manifests: Mapping[str, dict[str, Any]],
        tags: Mapping[tuple[str, str], str],
        unpacked: Mapping[str, Sequence[str]],
    ) -> None:
        """From manifests by digest, digests by repository and tag, and of layers that are not packed, by config."""
        self._tags = tags
        self._names: dict[str, str] = {}
        self._last: dict[str, int] = {}
        self._sizes: dict[int, str] = {}
        for digest, name in sorted(_manifest_names(manifests).items(), key=lambda item: (item[1] != "index", item[1])):
            self._names[digest] = name
            form = manifests[digest]
            blobs = [("config", form["config"])] if "config" in form else []
            blobs += [(f"layer {number}", layer) for number, layer in enumerate(form.get("layers", []), 1)]
            for what, blob in blobs:
                told = self._names.setdefault(
                    blob["digest"], "empty config" if blob["digest"] == _EMPTY else f"{name} {what}"
                )
                self._sizes.setdefault(blob.get("size", -1), told)
            # An index is written after all else.
            self._last[digest] = len(self._names) if blobs else _LAST - 1
            for number, layer in enumerate(unpacked.get(form.get("config", {}).get("digest", ""), []), 1):
                self._names.setdefault(layer, f"{name} layer {number} unpacked")

    def text(self, text: str) -> str:
        """A text with its digests replaced."""
        return _DIGEST.sub(self._replaced, text)

    def header(self, name: str, value: str) -> str:
        """A header's value with its digests replaced, and with sizes of blobs, which hang on who packed them."""
        if name == "content-length":
            return self._size(int(value), value)
        if name == "content-range" and value.startswith("0-"):
            return f"0-{self._size(int(value[2:]) + 1, value[2:])}"
        return self.text(value)

    def place(self, digest: str, *, written: bool = False) -> int:
        """Where a digest stands, as it is read or written."""
        if written and digest in self._last:
            return self._last[digest]
        return list(self._names).index(digest) if digest in self._names else _LAST

    def tagged(self, call: Call) -> str:
        """Digest of the manifest that a request is about, if it is known."""
        key = call.facts.get("repository", ""), call.facts.get("tag", "")
        return call.facts.get("digest") or self._tags.get(key, "")

    def _size(self, size: int, otherwise: str) -> str:
        return f"{{size of {self._sizes[size]}}}" if size in self._sizes else otherwise

    def _replaced(self, found: re.Match[str]) -> str:
        name = self._names.get(f"sha256:{found[2]}", "unknown")
        # The other form is the tag of the specification's fallback for referrers.
        return f"sha256-{{{name}}}" if found[1] == "-" else f"{{{name}}}"


def names_in(ecr: Any, unpacked: Mapping[str, Sequence[str]]) -> Names:
    """Names everything that the repositories of a registry hold, as boto3's client sees it."""
    tags: dict[tuple[str, str], str] = {}
    manifests: dict[str, dict[str, Any]] = {}
    for repository in sorted(item["repositoryName"] for item in ecr.describe_repositories()["repositories"]):
        listed = ecr.list_images(repositoryName=repository)["imageIds"]
        for image in listed:
            if "imageTag" in image:
                tags[repository, image["imageTag"]] = image["imageDigest"]
        wanted = [{"imageDigest": digest} for digest in sorted({image["imageDigest"] for image in listed})]
        if wanted:
            for image in ecr.batch_get_image(repositoryName=repository, imageIds=wanted)["images"]:
                manifests[image["imageId"]["imageDigest"]] = json_object(image["imageManifest"])
    return Names(manifests, tags, unpacked)


def text(sections: Iterable[Section], names: Names, host: str) -> str:
    """The snapshot's text."""
    sections = list(sections)
    calls = [call for section in sections for call in section.calls]
    lines = [f"user-agent: {', '.join(sorted({_product(call) for call in calls}))}"]
    for section in sections:
        lines += ["", f"== {section.name}"]
        kept, refused = _without_refused(section.calls)
        if refused:
            lines += ["", refused]
        for group, ordered in _groups(kept, names):
            told = [_lines(call, names, host) for call in group]
            lines += ["", *(line for request in (told if ordered else sorted(told)) for line in request)]
    return "\n".join(lines) + "\n"


def uploaded(calls: Iterable[Call]) -> int:
    """Bytes of blobs that were sent, but for those that were refused for want of a login."""
    return sum(call.bytes_in for call in calls if call.operation.startswith("upload.") and call.status != 401)


def _manifest_names(manifests: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    platforms = {
        child["digest"]: child["platform"]["architecture"]
        for form in manifests.values()
        for child in form.get("manifests", [])
        if "platform" in child
    }
    found = {}
    for digest, form in manifests.items():
        if "subject" in form:
            found[digest] = "note"
        elif "manifests" in form:
            found[digest] = "index"
        else:
            found[digest] = platforms.get(digest, "image")
    return found


def _without_refused(calls: Sequence[Call]) -> tuple[list[Call], str]:
    """Requests but those that were refused for want of a login, and a line for these; pings stay."""
    kept = [call for call in calls if call.status != 401 or call.operation == "ping"]
    refused = len(calls) - len(kept)
    if not refused:
        return kept, ""
    every = refused == sum(call.operation != "ping" for call in kept)
    which = "each request" if every else "the first requests"
    return kept, f"({which} without a login before -> 401)"


def _lines(call: Call, names: Names, host: str) -> list[str]:
    target = names.text(_UPLOAD.sub(r"\1{upload}", call.request_line))
    target = target.replace(host, "{host}").replace(host.replace(":", "%3A"), "{host}")
    lines = [f"{target} -> {call.status}"]
    for name in _SHOWN:
        value = call.headers.get(name)
        if value is not None and (name, value) not in _SAY_NOTHING:
            lines.append(f"    {name}: {names.header(name, value)}")
    if call.bytes_in and "content-length" not in call.headers:
        lines.append("    transfer-encoding: chunked")
    return lines


def _product(call: Call) -> str:
    """A user agent without versions."""
    return re.split(r"[/ (]", call.headers.get("user-agent", "none"))[0]


def _groups(calls: Sequence[Call], names: Names) -> list[tuple[list[Call], bool]]:
    """Requests for the same thing, things in order, and whether the order within means anything."""
    digests = _upload_digests(calls)
    written = {names.tagged(call) for call in calls if call.operation == "manifest.put"}
    groups: dict[tuple[int, int, str], list[tuple[float, Call]]] = {}
    for call in calls:
        digest, at = digests.get(call.number, (call.facts.get("digest", ""), call.number))
        thing = (3, 0, call.request_line.partition("?")[0])
        if call.operation == "ping":
            thing = (0, 0, "")
        elif call.operation.startswith(("upload.", "blob.")):
            thing = (1, names.place(digest), names.text(digest)) if digest else (2, 0, "")
        elif call.operation.startswith("manifest.") and (digest := names.tagged(call)):
            # After the blobs of the same place.
            thing = (1, names.place(digest, written=digest in written), f"~{names.text(digest)}")
        groups.setdefault(thing, []).append((at, call))
    return [
        # What has no name is about several things.
        ([call for _, call in sorted(groups[thing], key=lambda item: item[0])], thing[0] in (1, 3) and thing[1] < _LAST)
        for thing in sorted(groups)
    ]


def _upload_digests(calls: Sequence[Call]) -> dict[int, tuple[str, float]]:
    """For each request of an upload, by its number, the digest that the upload ended with, and where it stands.

    The request that starts one does not say for what, nor does its record name the upload. Those of a section are all
    alike, so they are dealt to the uploads in the order in which these go on, and stand right before.
    """
    ends = {
        call.facts["upload"]: call.facts["digest"]
        for call in calls
        if call.operation == "upload.put" and {"upload", "digest"} <= call.facts.keys()
    }
    mounts = {call.number: f"sha256:{asked[1]}" for call in calls if (asked := _MOUNT.search(call.request_line))}
    found: dict[int, tuple[str, float]] = {number: (digest, number) for number, digest in mounts.items()}
    waiting: list[int] = []
    begun: set[str] = set()
    for call in calls:
        upload = call.facts.get("upload", "")
        if call.operation == "upload.start" and call.number not in mounts:
            waiting.append(call.number)
        elif upload in ends:
            digest = ends[upload]
            found[call.number] = (digest, call.number)
            if upload not in begun and digest not in mounts.values() and waiting:
                found[waiting.pop(0)] = (digest, call.number - 0.5)
            begun.add(upload)
    return found
