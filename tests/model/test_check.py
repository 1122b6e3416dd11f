"""The checks themselves: what they let pass and what they find, without a daemon."""

from __future__ import annotations

from typing import Any

import pytest
import texts
from check import problems
from service import Constraint, Path, input_of, output_of, spelled
from shapes import breaks, gaps, generated_bounds, required_bounds, value_at, with_value, without

_REPOSITORY: dict[str, Any] = {
    "repositoryArn": "arn:aws:ecr:us-east-1:123456789012:repository/app",
    "registryId": "123456789012",
    "repositoryName": "app",
    "repositoryUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/app",
    "createdAt": 1448875853.241,
    "imageTagMutability": "MUTABLE",
    "imageScanningConfiguration": {"scanOnPush": False},
    "encryptionConfiguration": {"encryptionType": "AES256"},
}


def test_an_answer_as_the_model_says_has_no_problem() -> None:
    assert problems(output_of("CreateRepository"), {"repository": _REPOSITORY}) == []


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("createdAt", "2015-11-30T09:17:33Z", "repository.createdAt is '2015-11-30T09:17:33Z' and no number"),
        ("createdAt", True, "repository.createdAt is True and no number"),
        ("repositoryArn", None, "repository.repositoryArn is null"),
        ("repositoryArn", 7, "repository.repositoryArn is 7 and no string"),
        ("imageTagMutability", "SOMETIMES", "repository.imageTagMutability is 'SOMETIMES', not one of"),
        ("registryId", "12345678901x", "repository.registryId is '12345678901x', against"),
        ("repositoryName", "a", "repository.repositoryName has 1 characters"),
        ("imageScanningConfiguration", {"scanOnPush": 0}, "scanOnPush is 0 and no boolean"),
        ("imageScanningConfiguration", {}, "scanOnPush is missing"),
        ("imageScanningConfiguration", [], "repository.imageScanningConfiguration is [] and no object"),
        ("encryptionConfiguration", {}, "encryptionType is missing"),
        ("imageTagMutabilityExclusionFilters", {}, "is {} and no array"),
        ("future", 1, "repository.future is unknown to the model"),
    ],
)
def test_what_is_not_as_the_model_says_is_found(name: str, value: object, problem: str) -> None:
    found = problems(output_of("CreateRepository"), {"repository": {**_REPOSITORY, name: value}})
    assert any(problem in each for each in found), found


def test_a_missing_member_and_a_fraction_are_found() -> None:
    lacking = {name: value for name, value in _REPOSITORY.items() if name != "createdAt"}
    assert problems(output_of("CreateRepository"), {"repository": lacking}) == ["repository.createdAt is missing"]
    assert problems(output_of("InitiateLayerUpload"), {"partSize": 1.0}) == ["partSize is 1.0 and no integer"]


def _wrapped(member: str, text: str) -> str:
    return f"Invalid parameter at '{member}' failed to satisfy constraint: '{text}'"


_NAME: Path = ("repositoryName",)
_TAG_KEY: Path = ("tags", 1, "Key")
_FREE: Path = ("value",)
_SHORT = Constraint("min-length", 2)
_LONG = Constraint("max-length", 64)
_ABSENT = Constraint("required")
_SET = Constraint("enum", ("BASIC", "ENHANCED"))
_SLASHES = Constraint("pattern", r"^[a\/]+$")


@pytest.mark.parametrize(
    ("member", "text", "path", "bound"),
    [
        ("repositoryName", "must have length greater than or equal to 2", _NAME, _SHORT),
        ("tags.2.member.key", "Member must not be null", _TAG_KEY, _ABSENT),
        ("value", "Member must have length less than or equal to 64", _FREE, _LONG),
        ("value", "must have length less than or equal to 64", _FREE, _LONG),
        ("value", "Member must satisfy enum value set: [ENHANCED, BASIC]", _FREE, _SET),
        ("value", "Member must satisfy regular expression pattern: [a/]+", _FREE, _SLASHES),
    ],
)
def test_a_refusal_that_names_member_and_bound_is_fine(member: str, text: str, path: Path, bound: Constraint) -> None:
    assert texts.problem(_wrapped(member, text), path, (bound,)) is None


@pytest.mark.parametrize(
    ("member", "text", "path", "bound"),
    [
        ("repositoryName", "Member must have length greater than or equal to 2", _NAME, _SHORT),
        ("repositoryName", "must have length greater than or equal to 3", _NAME, _SHORT),
        ("name", "must have length greater than or equal to 2", _NAME, _SHORT),
        ("tags.2.member.key", "must not be null", _TAG_KEY, _ABSENT),
        ("tags.1.member.key", "Member must not be null", _TAG_KEY, _ABSENT),
        ("value", "Member must satisfy enum value set: [BASIC]", _FREE, _SET),
        ("value", "must satisfy regular expression '[a-z]+'", _FREE, _SLASHES),
        (
            "maxResults",
            "Member must have value less than or equal to 50",
            ("maxResults",),
            Constraint("max-value", 1000),
        ),
    ],
)
def test_a_refusal_of_another_member_or_bound_is_found(member: str, text: str, path: Path, bound: Constraint) -> None:
    assert texts.problem(_wrapped(member, text), path, (bound,))


def test_a_refusal_without_the_wrapper_is_found() -> None:
    assert texts.problem("must have length greater than or equal to 2", _NAME, (_SHORT,))


def test_elements_count_from_1_in_refusals() -> None:
    assert spelled(("replicationConfiguration", "rules", 0, "destinations", 2, "registryId")) == (
        "replicationConfiguration.rules.1.member.destinations.3.member.registryId"
    )


def test_one_member_is_changed_and_the_original_stays() -> None:
    form = {"tags": [{"Key": "a", "Value": "b"}]}
    assert with_value(form, ("tags", 0, "Key"), "c") == {"tags": [{"Key": "c", "Value": "b"}]}
    assert without(form, ("tags", 0, "Value")) == {"tags": [{"Key": "a"}]}
    assert value_at(form, ("tags", 0, "Key")) == "a"


def test_what_no_fixture_sends_is_a_gap() -> None:
    form = {"repositoryName": "app", "tags": [{"Key": "a"}]}
    lacking = gaps("CreateRepository", [form])
    assert ("tags", 0, "Value") in lacking
    assert ("registryId",) in lacking
    assert ("tags", 0, "Key") not in lacking
    assert (("tags", 0, "Value"), "required") in generated_bounds("CreateRepository", [form])
    nested = (("encryptionConfiguration", "kmsKey"), "max-length")
    assert nested in required_bounds("CreateRepository") - generated_bounds("CreateRepository", [form])


def test_bounds_are_broken_beyond_them_only() -> None:
    assert not breaks(Constraint("max-value", 1000), 1000)
    assert breaks(Constraint("max-value", 1000), 1001)
    assert not breaks(Constraint("min-size", 1), [0])
    assert breaks(Constraint("min-size", 1), [])
    pattern = input_of("CreateRepository").members["repositoryName"].metadata["pattern"]
    assert not breaks(Constraint("pattern", pattern), "a--b/c")
    assert breaks(Constraint("pattern", pattern), "a___b")
