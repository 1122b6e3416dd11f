from __future__ import annotations

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict

from ecrfixture import calls, fact
from ecrfixture.control.v1 import asserts_pb2

PUT = {"target": {"surface": "ecr", "operation": "PutImage"}}


@pytest.mark.parametrize(
    ("expectation", "form"),
    [
        (calls("ecr:PutImage").exactly(2), {"matcher": PUT, "min": "2", "max": "2", "unit": "COUNT_UNIT_CALLS"}),
        (calls("ecr:PutImage").at_least(1), {"matcher": PUT, "min": "1", "unit": "COUNT_UNIT_CALLS"}),
        (calls("ecr:PutImage").at_most(3), {"matcher": PUT, "max": "3", "unit": "COUNT_UNIT_CALLS"}),
        (calls("ecr:PutImage").never(), {"matcher": PUT, "min": "0", "max": "0", "unit": "COUNT_UNIT_CALLS"}),
        (
            calls("ecr:PutImage").once().logical(),
            {"matcher": PUT, "min": "1", "max": "1", "unit": "COUNT_UNIT_LOGICAL_CALLS"},
        ),
        (
            calls("ecr:PutImage").reached("arrived").between(1, 2),
            {"matcher": PUT, "min": "1", "max": "2", "unit": "COUNT_UNIT_CALLS", "phase": "PHASE_ARRIVED"},
        ),
        (
            calls("oci:blob.get where size > 1MiB").at_least(1),
            {"matcher": {"text": "oci:blob.get where size > 1MiB"}, "min": "1", "unit": "COUNT_UNIT_CALLS"},
        ),
    ],
    ids=["exactly", "at_least", "at_most", "never", "logical", "reached", "text"],
)
def test_an_expectation_is_its_tree(expectation, form):
    expected = ParseDict({"count": form}, asserts_pb2.Expectation())
    assert MessageToDict(ParseDict(expectation.to_json(), asserts_pb2.Expectation())) == MessageToDict(expected)


def test_conditions_add_up():
    matcher = calls("oci:manifest.put").where(repository="app").status(201).header("User-Agent").where(fact("size") > 5)
    assert str(matcher) == (
        'oci:manifest.put where repository = "app" and status = 201 and header.user-agent exists and size > 5'
    )


def test_a_label_travels():
    assert calls("ecr:PutImage").once().labelled("the push").to_json()["label"] == "the push"


def test_a_matcher_has_no_point():
    with pytest.raises(ValueError, match="has no point"):
        calls("oci:blob.get@send.body")


def test_a_matcher_in_text_takes_no_more_conditions():
    with pytest.raises(ValueError, match="in the text"):
        calls("oci:blob.get where size > 1").where(tag="x")
