from __future__ import annotations

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict

from ecrfixture import fact, on
from ecrfixture.control.v1 import faults_pb2

RULES = [
    (
        on("task:replication").where(dest_region="eu-west-1").during("10m").fail("UPSTREAM_TIMEOUT"),
        'on task:replication where dest_region = "eu-west-1" do for 10m fail("UPSTREAM_TIMEOUT")',
        {
            "target": {"surface": "task", "operation": "replication"},
            "where": {"comparison": {"fact": "dest_region", "operator": "OPERATOR_EQUAL", "values": ["eu-west-1"]}},
            "steps": [{"window": "600s", "actions": [{"fail": {"code": "UPSTREAM_TIMEOUT"}}]}],
        },
    ),
    (
        on("upstream:blob.get").times(2).status(503).then().times(1).truncate("50%").then().pass_(),
        "on upstream:blob.get do 2x status(503) -> 1x truncate(50%)",
        {
            "target": {"surface": "upstream", "operation": "blob.get"},
            "steps": [
                {"count": "2", "actions": [{"status": {"code": 503}}]},
                {"count": "1", "actions": [{"truncate": {"percent": 50.0}}]},
            ],
            "tail": "TAIL_PASS",
        },
    ),
    (
        on("ecr:PutImage").percent(5).status("ThrottlingException").must_fire(30, 70).named("slow").tagged("t"),
        'slow: on ecr:PutImage do 5% status("ThrottlingException") tag "t" must_fire 30..70',
        {
            "name": "slow",
            "target": {"surface": "ecr", "operation": "PutImage"},
            "steps": [{"percent": 5.0, "actions": [{"status": {"error": "ThrottlingException"}}]}],
            "tag": "t",
            "mustFire": {"min": "30", "max": "70"},
        },
    ),
    (
        on("oci:blob.get@send.body@4MiB")
        .where(fact("size") > "1MiB", repository=["a", "b"])
        .times(1)
        .delay("100ms", "2s")
        .reset(after_bytes="1MiB")
        .then()
        .unexpected()
        .per("repository")
        .priority(5)
        .must_fire(),
        'on oci:blob.get@send.body@4MiB where size > 1MiB and repository in ("a", "b")'
        " do 1x delay(100ms..2s) + reset(after_bytes=1MiB) -> unexpected per repository priority 5 must_fire",
        {
            "target": {"surface": "oci", "operation": "blob.get", "point": "send.body", "atBytes": "4194304"},
            "where": {
                "all": {
                    "items": [
                        {"comparison": {"fact": "size", "operator": "OPERATOR_GREATER", "values": ["1MiB"]}},
                        {"comparison": {"fact": "repository", "operator": "OPERATOR_IN", "values": ["a", "b"]}},
                    ]
                }
            },
            "steps": [
                {
                    "count": "1",
                    "actions": [{"delay": {"min": "0.100s", "max": "2s"}}, {"reset": {"afterBytes": "1048576"}}],
                }
            ],
            "tail": "TAIL_UNEXPECTED",
            "per": "COUNTER_KEY_REPOSITORY",
            "priority": 5,
            "mustFire": {},
        },
    ),
    (
        on("any:*").every(3).lose_reply("eof").then().until("gate").hold("other").then().times(2).pass_().loop(),
        "on any:* do every 3 lose_reply(eof) -> until gate hold(other) -> 2x pass -> loop",
        {
            "target": {"surface": "any", "operation": "*"},
            "steps": [
                {"every": "3", "actions": [{"loseReply": {"end": "CONNECTION_END_EOF"}}]},
                {"untilGate": "gate", "actions": [{"hold": {"gate": "other"}}]},
                {"count": "2"},
            ],
            "tail": "TAIL_LOOP",
        },
    ),
    (
        on("ecr:PutImage").status(400, "X", message='say "no"').then().pass_().repeat(),
        'on ecr:PutImage do status(400, "X", message="say \\"no\\"") -> repeat',
        {
            "target": {"surface": "ecr", "operation": "PutImage"},
            "steps": [{"actions": [{"status": {"code": 400, "error": "X", "message": 'say "no"'}}]}],
            "tail": "TAIL_REPEAT",
        },
    ),
]


@pytest.mark.parametrize(("rule", "text", "form"), RULES, ids=[text for _, text, _ in RULES])
def test_a_built_rule_is_its_text_and_its_tree(rule, text, form):
    assert str(rule) == text
    expected = ParseDict(form, faults_pb2.Rule())
    assert MessageToDict(ParseDict(rule.to_json(), faults_pb2.Rule())) == MessageToDict(expected)


PREDICATES = [
    (fact("tag").glob("v*") & ~fact("region").equals("us-east-1"), 'tag ~ "v*" and not region = "us-east-1"'),
    ((fact("a").exists() | fact("b").exists()) & fact("c").exists(), "(a exists or b exists) and c exists"),
    (fact("a").exists() & fact("b").exists() | fact("c").exists(), "a exists and b exists or c exists"),
    (~(fact("a").exists() & fact("b").exists()), "not (a exists and b exists)"),
    (fact("header.range").matches(r"bytes=\d+"), 'header.range =~ "bytes=\\\\d+"'),
    (fact("account").differs(123456789012), 'account != "123456789012"'),
    (fact("status").one_of(500, 503), "status in (500, 503)"),
    (fact("attempt") <= 3, "attempt <= 3"),
    (fact("tag").equals("a\x00b"), 'tag = "a\\u{0}b"'),
]


@pytest.mark.parametrize(("predicate", "text"), PREDICATES, ids=[text for _, text in PREDICATES])
def test_a_predicate_prints_as_the_grammar_reads_it(predicate, text):
    assert str(predicate) == text
    ParseDict(predicate.to_json(), faults_pb2.Predicate())


def test_builders_are_never_changed():
    first = on("ecr:PutImage").times(1)
    first.status(500)
    first.where(tag="x")
    assert str(first) == "on ecr:PutImage do 1x pass"


@pytest.mark.parametrize("target", ["PutImage", "ecr:", "ecr:Put Image", "ecr:PutImage@", ":x"])
def test_a_target_of_another_shape_is_refused(target):
    with pytest.raises(ValueError, match="not a target"):
        on(target)


def test_nothing_follows_a_tail():
    rule = on("ecr:PutImage").times(1).status(500).loop()
    with pytest.raises(ValueError, match="nothing follows"):
        rule.then()
    with pytest.raises(ValueError, match="nothing follows"):
        rule.status(500)


def test_a_step_says_when_before_what():
    with pytest.raises(ValueError, match="before it says what"):
        on("ecr:PutImage").status(500).times(2)
