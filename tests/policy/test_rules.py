from __future__ import annotations

import json

import pytest

from lab.deploy.provider.resources import RESOURCES
from policy import UNKNOWN
from policy.rules import RULES, TAGGED

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")

BY_NAME = {rule.name: rule for rule in RULES}
QUEUE = {"destinationConfig": {"onFailure": {"destinationArn": "arn:aws:sqs:us-east-1:123456789012:failures"}}}
READER = {"startingPosition": "LATEST", "maximumRetryAttempts": 2, **QUEUE}
OWNER = {"project": "streamlab", "student": "ana"}


def said(rule, type_=None, /, **inputs) -> list[str]:
    rule = BY_NAME[rule]
    return list(rule.violations(type_ or rule.types[0], inputs))


def allow(action, resource="arn:aws:s3:::bucket/*", **more):
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]})


ROLE_POLICY, ATTACHMENT = "aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
PUBLIC = json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "x"}})
VIOLATED = [
    ("shards", None, {"shardCount": 3}, "3 shards, where 2 are enough"),
    ("shards", None, {"shardCount": 3.0}, "3 shards, where 2 are enough"),
    ("shards", None, {"streamModeDetails": {"streamMode": "ON_DEMAND"}}, "an idle stream costs more than two shards"),
    ("retention", None, {"retentionPeriod": 25}, "Records are kept for 25 hours; more than 24 are paid"),
    ("failures", None, {**READER, "destinationConfig": None}, "No on-failure destination"),
    ("failures", None, {**READER, "maximumRetryAttempts": -1}, "one broken record stops it for a day"),
    ("failures", None, {"startingPosition": "LATEST", **QUEUE}, "one broken record stops it for a day"),
    ("log-retention", None, {}, "kept, and paid, for ever"),
    ("log-retention", None, {"retentionInDays": 14}, "14 days; 7 are enough"),
    ("own-log", None, {"loggingConfig": {"logFormat": "Text"}}, "names no log group"),
    ("owner", None, {"tags": {"project": "streamlab"}}, "no tag student"),
    ("owner", "aws:sqs/queue:Queue", {}, "no tag project, student"),
    ("expiry", None, {"tags": OWNER}, "no tag expires"),
    ("expiry", None, {"tags": {"expires": "soon"}}, "soon, which is no day"),
    ("wildcards", ROLE_POLICY, {"policy": allow("*", "*")}, "It may do *: more"),
    ("wildcards", ROLE_POLICY, {"policy": allow(["s3:GetObject", "dynamodb:*"])}, "It may do dynamodb:*: more"),
    ("wildcards", ROLE_POLICY, {"policy": allow("s3:PutObject", "*")}, "s3:PutObject to everything"),
    ("wildcards", ROLE_POLICY, {"policy": allow("s3:PutObject", "arn:aws:s3:::*")}, "s3:PutObject to everything"),
    (
        "wildcards",
        ROLE_POLICY,
        {"policy": json.dumps({"Statement": {"Effect": "Allow", "NotAction": "s3:*"}})},
        "NotAct",
    ),
    (
        "wildcards",
        ATTACHMENT,
        {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        "AdministratorAccess allows",
    ),
    ("everybody", "aws:s3/bucketPolicy:BucketPolicy", {"policy": PUBLIC}, "Everybody in the world is allowed"),
    ("everybody", "aws:sqs/queuePolicy:QueuePolicy", {"policy": json.loads(PUBLIC)}, "Everybody in the world"),
    ("everybody", "aws:s3/bucketAcl:BucketAcl", {"acl": "public-read"}, "open to everybody: acl is public-read"),
    (
        "everybody",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {"blockPublicAcls": True, "blockPublicPolicy": False},
        "Switched off: blockPublicPolicy",
    ),
    ("encryption", None, {"sqsManagedSseEnabled": False}, "Encryption is switched off"),
    ("stream-encryption", None, {}, "With encryptionType KMS"),
]
KEPT = [
    ("shards", None, {"shardCount": 2, "streamModeDetails": {"streamMode": "PROVISIONED"}}),
    ("retention", None, {"retentionPeriod": 24}),
    ("failures", None, READER),
    ("failures", None, {"startingPosition": "LATEST", "maximumRecordAgeInSeconds": 60, **QUEUE}),
    ("failures", None, {"batchSize": 10}),
    ("log-retention", None, {"retentionInDays": 7}),
    ("own-log", None, {"loggingConfig": {"logGroup": "mine"}}),
    ("owner", None, {"tags": OWNER}),
    ("expiry", None, {"tags": {"expires": "2027-06-30"}}),
    ("wildcards", ROLE_POLICY, {"policy": allow(["s3:PutObject"], ["arn:aws:s3:::bucket/*"])}),
    ("wildcards", ROLE_POLICY, {"policy": allow("logs:PutLogEvents", "arn:aws:logs:us-east-1:1:log-group:mine:*")}),
    ("wildcards", ROLE_POLICY, {"policy": allow(["xray:PutTraceSegments"], "*")}),
    (
        "wildcards",
        ROLE_POLICY,
        {"policy": json.dumps({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})},
    ),
    ("wildcards", ATTACHMENT, {"policyArn": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}),
    ("everybody", "aws:s3/bucketPolicy:BucketPolicy", {"policy": allow("s3:GetObject", Principal={"AWS": "arn:x"})}),
    ("everybody", "aws:sqs/queuePolicy:QueuePolicy", {"policy": allow("sqs:SendMessage", Principal="*", Condition={})}),
    ("everybody", "aws:s3/bucketPolicy:BucketPolicy", {"policy": PUBLIC.replace("Allow", "Deny")}),
    ("everybody", None, {"bucket": "mine"}),
    ("encryption", None, {}),
    ("encryption", None, {"sqsManagedSseEnabled": False, "kmsMasterKeyId": "alias/mine"}),
    ("stream-encryption", None, {"encryptionType": "KMS"}),
]
UNKNOWNS = [
    ("shards", {"shardCount": UNKNOWN, "streamModeDetails": UNKNOWN}),
    ("retention", {"retentionPeriod": UNKNOWN}),
    ("failures", {**READER, "destinationConfig": UNKNOWN}),
    ("failures", {**READER, "destinationConfig": {"onFailure": {"destinationArn": UNKNOWN}}}),
    ("log-retention", {"retentionInDays": UNKNOWN}),
    ("own-log", {"loggingConfig": UNKNOWN}),
    ("owner", {"tags": UNKNOWN}),
    ("expiry", {"tags": {"expires": UNKNOWN}}),
    ("wildcards", {"policy": UNKNOWN, "policyArn": UNKNOWN}),
    ("everybody", {"policy": UNKNOWN, "acl": UNKNOWN, "blockPublicAcls": UNKNOWN}),
    ("encryption", {"sqsManagedSseEnabled": UNKNOWN}),
    ("stream-encryption", {"encryptionType": UNKNOWN}),
]


@pytest.mark.parametrize(("rule", "type_", "inputs", "sentence"), VIOLATED)
def test_what_should_not_be_so_is_said_in_a_sentence(rule, type_, inputs, sentence):
    sentences = said(rule, type_, **inputs)
    assert sentence in sentences[0]
    assert all(each.endswith(".") for each in sentences)


@pytest.mark.parametrize(("rule", "type_", "inputs"), KEPT)
def test_what_is_as_it_should_be_is_passed_over(rule, type_, inputs):
    assert said(rule, type_, **inputs) == []


@pytest.mark.parametrize(("rule", "inputs"), UNKNOWNS)
def test_nothing_is_said_of_what_is_not_known_yet(rule, inputs):
    for type_ in BY_NAME[rule].types:
        assert said(rule, type_, **inputs) == []


def test_every_rule_is_violated_kept_and_asked_of_unknowns_here():
    assert (
        {case[0] for case in VIOLATED} == {case[0] for case in KEPT} == {case[0] for case in UNKNOWNS} == set(BY_NAME)
    )


def test_a_rule_looks_at_its_types_only():
    assert said("shards", "aws:s3/bucket:Bucket", shardCount=100) == []


@pytest.mark.parametrize("settings", [{}, {"role_mode": "existing"}, {"names": "text"}], ids=str)
def test_the_lessons_keep_every_rule_that_counts(plan, settings):
    planned = plan(**settings, expires="2027-06-30")
    broken = [
        (rule.name, resource.name, sentence)
        for resource in planned
        for rule in RULES
        if rule.level != "disabled"
        for sentence in rule.violations(resource.type, resource.inputs)
    ]
    assert broken == []
    assert len(planned) > 60


def test_whatever_takes_tags_is_asked_for_its_owner():
    takes_tags = {type_ for type_, resource in RESOURCES.items() if "tags" in resource.inputs}
    assert takes_tags - set(TAGGED) <= {"aws:apigatewayv2/stage:Stage"}  # it goes with its API
