"""What a refusal of a constraint says, as far as it is known.

The wrapper is certain, and so are the sentences in `CERTAIN`, which stand in captured answers. Two dialects live side
by side, and which one another member has is unconfirmed; for those either will do, with the member's path and the
constraint's own bound. Sources: captured answers in public issues and build logs, `docs/FIDELITY.md`.
"""

from __future__ import annotations

import re

from service import Constraint, Path, generic, spelled

_WRAPPER = re.compile(
    r"Invalid parameter at '(?P<member>[^']*)' failed to satisfy constraint: '(?P<text>.*)'", re.DOTALL
)
_REPOSITORY_NAME = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*"
_MUTABILITIES = "[IMMUTABLE, MUTABLE, MUTABLE_WITH_EXCLUSION, IMMUTABLE_WITH_EXCLUSION]"

# Sentences that are certain, by generic path and kind.
CERTAIN: dict[tuple[Path, str], tuple[str, ...]] = {
    (("repositoryName",), "required"): ("must not be null",),
    (("repositoryName",), "min-length"): ("must have length greater than or equal to 2",),
    (("repositoryName",), "max-length"): ("must have length less than or equal to 256",),
    (("repositoryName",), "pattern"): (f"must satisfy regular expression '{_REPOSITORY_NAME}'",),
    # A sample of 2017 has no inner quotes; whether they have come since is unconfirmed.
    (("registryId",), "pattern"): (
        "must satisfy regular expression [0-9]{12}",
        "must satisfy regular expression '[0-9]{12}'",
    ),
    (("imageTagMutability",), "required"): ("Member must not be null",),
    (("imageTagMutability",), "enum"): (f"Member must satisfy enum value set: {_MUTABILITIES}",),
    (("tags", 0, "Key"), "required"): ("Member must not be null",),
    (("tags", 0, "Value"), "required"): ("Member must not be null",),
    (("imageIds",), "max-size"): ("Member must have length less than or equal to 100",),
    (("maxResults",), "max-value"): (
        "Member must have value less than or equal to 1000",
        "Member must have value less than or equal to 100",
        "Member must have value less than or equal to 50",
    ),
}
_SENTENCES = {
    "required": "must not be null",
    "min-length": "must have length greater than or equal to {}",
    "max-length": "must have length less than or equal to {}",
    "min-size": "must have length greater than or equal to {}",
    "max-size": "must have length less than or equal to {}",
    "min-value": "must have value greater than or equal to {}",
    "max-value": "must have value less than or equal to {}",
}
_STEMS = {
    **{kind: sentence.removesuffix(" {}") for kind, sentence in _SENTENCES.items()},
    "pattern": "must satisfy regular expression",
    "enum": "must satisfy enum value set",
}


def problem(message: str, path: Path, broken: tuple[Constraint, ...]) -> str | None:
    """What is wrong with a refusal; it must name the member, and one of the constraints that it breaks."""
    parts = _WRAPPER.fullmatch(message)
    if not parts:
        return "the text has not the form of a constraint's"
    if parts["member"] != spelled(path):
        return f"expected it to name '{spelled(path)}'"
    if any(_tells(parts["text"], path, bound) for bound in broken):
        return None
    return f"expected {' or '.join(expected(path, bound) for bound in broken)}"


def names(message: str, path: Path) -> bool:
    """Whether a message refuses a constraint of this member."""
    parts = _WRAPPER.fullmatch(message)
    return bool(parts and parts["member"] == spelled(path))


def tells_kind_of(message: str, bounds: tuple[Constraint, ...]) -> bool:
    """Whether a message is one that constraints of these kinds make, whatever their bound."""
    parts = _WRAPPER.fullmatch(message)
    text = parts["text"].removeprefix("Member ") if parts else ""
    return any(text.startswith(_STEMS[bound.kind]) for bound in bounds)


def expected(path: Path, bound: Constraint) -> str:
    """The sentence, or its form."""
    certain = CERTAIN.get((generic(path), bound.kind))
    if certain:
        return " or ".join(f"'{text}'" for text in certain)
    if bound.kind in _SENTENCES:
        return f"'[Member ]{_SENTENCES[bound.kind].format(bound.bound)}'"
    return f"{bound.kind} {bound.bound}"


def _tells(text: str, path: Path, bound: Constraint) -> bool:
    certain = CERTAIN.get((generic(path), bound.kind))
    if certain:
        # Where a member of this name has several bounds, only its own counts.
        return text in certain and (not bound.kind.startswith("max-") or text.endswith(f" {bound.bound}"))
    if bound.kind in _SENTENCES:
        sentence = _SENTENCES[bound.kind].format(bound.bound)
        return text in (sentence, f"Member {sentence}")
    if bound.kind == "enum":
        listed = re.fullmatch(r"Member must satisfy enum value set: \[(.*)\]", text)
        return bool(listed and sorted(listed[1].split(", ")) == sorted(bound.bound))
    if bound.kind == "pattern":
        quoted = re.fullmatch(r"(?:Member )?must satisfy regular expression(?: pattern:)? (?P<pattern>.*)", text)
        return bool(quoted and _plain(quoted["pattern"]) == _plain(bound.bound))
    return False


def _plain(pattern: str) -> str:
    """A pattern without quotes, anchors and needless escapes, which differ between the model and the answers."""
    return pattern.strip("'").removeprefix("^").removesuffix("$").replace(r"\/", "/").replace(r"\-", "-")
