"""What the program deploys for lesson `votes`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components.settings import DRIVERS
from tests.components.conftest import API, arn

if TYPE_CHECKING:
    from tests.components.conftest import Deploy, Deployment

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")

ROUTES = {"post-votes": "producer", "get-results": "results", "get": "results"}


def votes(deploy: Deploy, common: dict[str, Any] | None = None, **settings: Any) -> Deployment:
    return deploy(lessons=["votes"], votes=settings, **(common or {}))


def statements(deployed: Deployment, policy: str) -> list[tuple[list[str], str]]:
    return [(statement["Action"], statement["Resource"]) for statement in deployed[policy].statements]


def test_an_api_three_functions_a_stream_and_a_table(deploy: Deploy):
    deployed = votes(deploy)
    function = {"logs": "LogGroup", "role": "Role", "policy": "RolePolicy", "function": "Function"}
    route = {"integration": "Integration", "route": "Route", "permission": "Permission"}
    assert {name: resource.type.split(":")[-1] for name, resource in deployed.resources.items()} == {
        "votes-stream": "Stream",
        "votes-table": "Table",
        **{
            f"votes-{part}-{suffix}": kind
            for part in ("producer", "consumer", "results")
            for suffix, kind in function.items()
        },
        "votes-reader-failures": "Queue",
        "votes-reader-policy": "RolePolicy",
        "votes-reader-mapping": "EventSourceMapping",
        **dict.fromkeys(["votes-reader-lag", "votes-reader-errors", "votes-reader-given-up"], "MetricAlarm"),
        "votes-http-api": "Api",
        "votes-http-stage": "Stage",
        **{f"votes-http-{name}-{suffix}": kind for name in ROUTES for suffix, kind in route.items()},
    }
    assert deployed.components["votes-http"] == "streamlab:index:HttpApi"


def test_the_outputs_by_which_commands_find_everything(deploy: Deploy):
    exported = votes(deploy, {"names": "text"}).exports["votes"]
    assert exported["ApiUrl"] == "https://a1b2c3.execute-api.us-east-1.amazonaws.com/"
    assert exported["KinesisStreamName"] == "f1-vote-stream"
    assert exported["DynamoDBTableName"] == "f1-vote-results"
    assert exported["ConsumerFunctionName"] == "f1-vote-consumer"
    assert {"ProducerLogGroupName", "ResultsLogGroupName", "EventSourceMappingId", "FailureQueueUrl"} <= exported.keys()


def test_names_are_pulumis_own_unless_the_texts_are_asked_for(deploy: Deploy):
    deployed = votes(deploy, {"names": "auto"})
    named = {name for name, resource in deployed.resources.items() if "name" in resource.inputs}
    assert named == {"votes-http-stage"}  # `$default`, which collides with nobody's


def test_each_function_may_do_its_part_and_no_more(deploy: Deploy):
    # text fault 26: `kinesis:GetRecords` was all that the text named
    deployed = votes(deploy)
    stream, table = arn("kinesis", "votes-stream-1a2b3c4"), arn("dynamodb", "votes-table-1a2b3c4")
    assert statements(deployed, "votes-producer-policy")[1:] == [(["kinesis:PutRecord"], stream)]
    assert statements(deployed, "votes-results-policy")[1:] == [(["dynamodb:BatchGetItem"], table)]
    assert statements(deployed, "votes-consumer-policy")[1:] == [(["dynamodb:GetItem", "dynamodb:UpdateItem"], table)]
    transactional = votes(deploy, counting="transactional")
    assert statements(transactional, "votes-consumer-policy")[1:] == [
        (["dynamodb:PutItem", "dynamodb:UpdateItem"], table)
    ]
    reading, _sending = statements(deployed, "votes-reader-policy")
    assert {"kinesis:DescribeStreamSummary", "kinesis:GetShardIterator", "kinesis:ListShards"} < set(reading[0])


@pytest.mark.parametrize(("route", "function"), ROUTES.items())
def test_a_route_leads_to_its_function_which_lets_it_alone_in(deploy: Deploy, route: str, function: str):
    # text fault 30: how the API reaches the function was never said
    deployed = votes(deploy)
    method, _, path = route.partition("-")
    key = f"{method.upper()} /{path}"
    inputs = deployed[f"votes-http-{route}-route"].inputs
    assert (inputs["routeKey"], inputs["authorizationType"]) == (key, "NONE")
    assert inputs["target"] == f"integrations/votes-http-{route}-integration-1a2b3c4"
    integration = deployed[f"votes-http-{route}-integration"].inputs
    assert integration["integrationUri"] == arn("lambda", f"votes-{function}-function-1a2b3c4")
    assert (integration["integrationType"], integration["payloadFormatVersion"]) == ("AWS_PROXY", "2.0")
    permission = deployed[f"votes-http-{route}-permission"].inputs
    assert permission == {
        "action": "lambda:InvokeFunction",
        "principal": "apigateway.amazonaws.com",
        "function": f"votes-{function}-function-1a2b3c4",
        "sourceArn": f"{API}/$default/{key.replace(' ', '')}",
    }


def test_the_api_says_whose_pages_may_call_it_and_how_often(deploy: Deploy):
    # text fault 20, 21: everybody's pages (three times, in code), no OPTIONS, no limit
    deployed = votes(deploy, origins=["https://example.org"], throttling_rate=20, throttling_burst=5)
    assert deployed["votes-http-api"].inputs["corsConfiguration"] == {
        "allowOrigins": ["https://example.org"],
        "allowMethods": ["GET", "OPTIONS", "POST"],
        "allowHeaders": ["content-type"],
        "maxAge": 3600,
    }
    stage = deployed["votes-http-stage"].inputs
    assert stage["defaultRouteSettings"] == {"throttlingRateLimit": 20, "throttlingBurstLimit": 5}
    assert (stage["name"], stage["autoDeploy"]) == ("$default", True)
    assert "corsConfiguration" not in votes(deploy, origins=[])["votes-http-api"].inputs


def test_what_the_functions_are_told(deploy: Deploy):
    # text fault 31: without a name given, another table was used in silence
    deployed = votes(deploy, options={"yes": "Sí"}, language="pt", counting="transactional")
    told = {
        part: deployed[f"votes-{part}-function"].inputs["environment"]["variables"]
        for part in ("producer", "consumer", "results")
    }
    shared = {"POWERTOOLS_SERVICE_NAME": "votes", "VOTE_OPTIONS": '{"yes":"Sí"}'}
    table = {"DYNAMODB_TABLE_NAME": "votes-table-1a2b3c4"}
    assert told == {
        "producer": {**shared, "KINESIS_STREAM_NAME": "votes-stream-1a2b3c4", "ANSWER_LANGUAGE": "pt"},
        "consumer": {**shared, **table, "COUNTING": "transactional"},
        "results": {**shared, **table, "ANSWER_LANGUAGE": "pt"},
    }


def test_the_default_is_twenty_drivers(deploy: Deploy):
    deployed = votes(deploy)
    variables = deployed["votes-producer-function"].inputs["environment"]["variables"]
    assert json.loads(variables["VOTE_OPTIONS"]) == DRIVERS
    assert len(DRIVERS) == 20


def test_the_texts_good_practices_are_settings(deploy: Deploy):
    # text fault 25, 27: the queue belongs to the mapping, not to the function; on-demand is a choice, not the default
    deployed = votes(deploy, capacity="on-demand", batch_size=1000, batching_window_seconds=5, destination="sns")
    assert deployed["votes-stream"].inputs["streamModeDetails"] == {"streamMode": "ON_DEMAND"}
    mapping = deployed["votes-reader-mapping"].inputs
    assert (mapping["batchSize"], mapping["maximumBatchingWindowInSeconds"]) == (1000, 5)
    assert mapping["destinationConfig"] == {
        "onFailure": {"destinationArn": arn("sns", "votes-reader-failures-1a2b3c4")}
    }
    assert "deadLetterConfig" not in deployed["votes-consumer-function"].inputs
    assert votes(deploy)["votes-stream"].inputs["shardCount"] == 1


def test_a_learner_lab_gets_no_iam_resource(deploy: Deploy):
    deployed = votes(deploy, {"role_mode": "existing", "aws": {"region": "us-east-1"}})
    assert not deployed.of_type("aws:iam/")
    roles = {resource.inputs["role"] for resource in deployed.of_type("lambda/function:Function")}
    assert roles == {"arn:aws:iam::123456789012:role/LabRole"}


def test_everything_that_takes_tags_has_them(deploy: Deploy):
    deployed = votes(deploy, {"expires": "2027-06-30"})
    untagged = {name for name, resource in deployed.resources.items() if "tags" not in resource.inputs}
    takes_none = (":RolePolicy", ":Integration", ":Route", ":Permission")
    assert untagged == {name for name, resource in deployed.resources.items() if resource.type.endswith(takes_none)}


def test_results_go_with_the_stack_only_if_they_may(deploy: Deploy):
    for removable in (True, False):
        table = votes(deploy, {"removable": removable})["votes-table"].inputs
        assert table["deletionProtectionEnabled"] is not removable


OPTIONS = "1 to 100 options, each on a line: id: name;"
WRONG = [
    ("options", {}, OPTIONS),
    ("options", ["norris"], OPTIONS),
    ("options", {"Norris": "Lando Norris"}, OPTIONS),
    ("options", {"vote#1": "Lando Norris"}, OPTIONS),
    ("options", {"norris": ""}, OPTIONS),
    ("options", {"norris": 4}, OPTIONS),
    ("options", {"norris": "ñ" * 2000}, OPTIONS),
    ("options", {f"o{number}": "x" for number in range(101)}, OPTIONS),
    ("counting", "cheap", "one of economical, transactional."),
    ("language", "fr", "one of es, pt, en."),
    ("origins", "*", "a list of origins such as https://example.org."),
    ("origins", ["example.org"], "a list of origins"),
    ("origins", ["https://example.org/"], "a list of origins"),
    ("origins", ["https://example.org"] * 101, "a list of origins"),
    ("throttling_rate", 0, "a whole number from 1 to 10000."),
    ("throttling_burst", 5001, "a whole number from 1 to 5000."),
]


@pytest.mark.parametrize(("name", "value", "allowed"), WRONG)
def test_a_setting_that_cannot_be_used(deploy: Deploy, name: str, value: Any, allowed: str):
    with pytest.raises(pulumi.RunError) as error:
        votes(deploy, **{name: value})
    assert f"streamlab:votes.{name} is " in str(error.value)
    assert f"allowed: {allowed}" in str(error.value)


@pytest.mark.parametrize("origins", [["*"], ["http://localhost:8000", "https://a.example.org"], ["https://*"]])
def test_origins_as_api_gateway_takes_them(deploy: Deploy, origins: list[str]):
    assert votes(deploy, origins=origins)["votes-http-api"].inputs["corsConfiguration"]["allowOrigins"] == origins


def test_counting_economically_needs_one_reader_a_shard(deploy: Deploy):
    with pytest.raises(pulumi.RunError, match=r"parallelization_factor only holds when .*counting is transactional\."):
        votes(deploy, parallelization_factor=2)
    assert votes(deploy, parallelization_factor=1).resources
    assert votes(deploy, parallelization_factor=10, counting="transactional").resources
