"""What goes wrong is told in a sentence, and leaves nothing behind that nobody knows of."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import grpc
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from google.protobuf import empty_pb2

from lab.deploy import property_values as pv
from lab.deploy.protocol import provider_pb2
from lab.deploy.provider import AwsProvider
from lab.errors import LabError
from tests.deploy.provider.conftest import STREAM_POLICY, TRUST
from tests.deploy.provider.driver import CONTEXT, Aborted, Deployed, configured

NOBODY = "http://127.0.0.1:9"
REFUSED, UNKNOWN = grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.UNKNOWN


def answer(code: str, *, status: int, retries: int = 0) -> ClientError:
    """Return an error as a service answers it."""
    metadata: Any = {"HTTPStatusCode": status, "RetryAttempts": retries}
    return ClientError({"Error": {"Code": code, "Message": "for this test"}, "ResponseMetadata": metadata}, "Create")


def test_aws_s_own_words_are_told(provider: AwsProvider) -> None:
    policy = Deployed(provider, "aws:iam/rolePolicy:RolePolicy", "lost", {"role": "nobody", "policy": STREAM_POLICY})
    with pytest.raises(
        Aborted, match=r"aws:iam/rolePolicy:RolePolicy lost could not be made: .*nobody.*\(NoSuchEntity\)"
    ):
        policy.create()


def test_a_cloud_that_does_not_answer_is_named() -> None:
    stream = Deployed(configured(NOBODY), "aws:kinesis/stream:Stream", "votes", {})
    with pytest.raises(Aborted, match=f"could not be made: the local cloud at {NOBODY} does not answer"):
        stream.create()


def test_a_secret_is_not_told(provider: AwsProvider, base: dict[str, Any]) -> None:
    function = Deployed(
        provider,
        "aws:lambda/function:Function",
        "leaky",
        {
            "code": base["code"],
            "role": base["role_arn"],
            "runtime": "python3.13",
            "handler": "app.handler",
            "environment": {"variables": {"PASSWORD": 4711}},
        },
    )
    with pytest.raises(Aborted, match=r"Environment\.Variables\.PASSWORD") as told:
        function.create()
    assert "4711" not in str(told.value)


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("aws:kinesis/stream:Stream", {"encryptionType": "KMS", "kmsKeyId": "alias/aws/kinesis", "tags": {"": "x"}}),
        ("aws:dynamodb/table:Table", {"ttl": {"attributeName": "", "enabled": True}}),
        ("aws:lambda/function:Function", {"reservedConcurrentExecutions": 1_000_000}),
        ("aws:s3/bucket:Bucket", {"tags": {"": "x"}}),
    ],
)
def test_a_create_that_fails_half_way_leaves_nothing(
    type_: str,
    inputs: dict[str, Any],
    provider: AwsProvider,
    base: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needed = {
        "aws:dynamodb/table:Table": {
            "hashKey": "pk",
            "attributes": [{"name": "pk", "type": "S"}],
            "billingMode": "PAY_PER_REQUEST",
        },
        "aws:lambda/function:Function": {
            "code": base["code"],
            "role": base["role_arn"],
            "runtime": "python3.13",
            "handler": "app.handler",
        },
    }
    aws = provider.account
    for client, later_step in (
        (aws.kinesis, "add_tags_to_stream"),
        (aws.dynamodb, "update_time_to_live"),
        (aws.lambda_, "put_function_concurrency"),
        (aws.s3, "put_bucket_tagging"),
    ):
        monkeypatch.setattr(client, later_step, refused)
    resource = Deployed(provider, type_, "half", {**needed.get(type_, {}), **inputs})
    with pytest.raises(Aborted, match="could not be made: refused for this test"):
        resource.create()
    resource.inputs = resource.check(resource.inputs)
    assert resource.find() is None


def refused(**_arguments: Any) -> None:
    raise LabError("refused for this test")


def test_a_refusal_says_that_nothing_was_made(provider: AwsProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = Deployed(provider, "aws:iam/rolePolicy:RolePolicy", "lost", {"role": "nobody", "policy": STREAM_POLICY})
    assert status_of_creating(policy) is REFUSED
    monkeypatch.setattr(provider.account.s3, "put_bucket_tagging", refused)
    undone = Deployed(provider, "aws:s3/bucket:Bucket", "undone", {"tags": {"a": "b"}})
    assert status_of_creating(undone) is REFUSED
    assert undone.find() is None


@pytest.mark.parametrize(
    "lost",
    [
        ReadTimeoutError(endpoint_url="here"),
        ConnectionClosedError(endpoint_url="here"),
        EndpointConnectionError(endpoint_url="here"),
        ConnectionResetError("reset"),
        RuntimeError("not foreseen"),
        answer("InternalFailure", status=500),
        answer("ResourceInUseException", status=400, retries=1),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_lost_answer_does_not_say_that_nothing_was_made(
    lost: Exception, provider: AwsProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = provider.account.kinesis.create_stream

    def create_and_lose(**arguments: Any) -> None:
        create(**arguments)
        raise lost

    monkeypatch.setattr(provider.account.kinesis, "create_stream", create_and_lose)
    stream = Deployed(provider, "aws:kinesis/stream:Stream", f"lost-{uuid4().hex[:8]}", {"shardCount": 1})
    assert status_of_creating(stream) is UNKNOWN
    found = stream.find()
    assert found is not None
    stream.id = found
    stream.delete()


@pytest.mark.parametrize(
    ("type_", "client", "look", "undo"),
    [
        ("aws:kinesis/stream:Stream", "kinesis", "add_tags_to_stream", "delete_stream"),
        ("aws:sqs/queue:Queue", "sqs", "get_queue_attributes", None),
        ("aws:sns/topic:Topic", "sns", "get_topic_attributes", None),
    ],
)
def test_what_was_made_and_not_undone_is_not_called_refused(
    type_: str, client: str, look: str, undo: str | None, provider: AwsProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = getattr(provider.account, client)
    with monkeypatch.context() as patch:
        for step in filter(None, (look, undo)):
            patch.setattr(aws, step, denied)
        resource = Deployed(provider, type_, "kept", {"tags": {"a": "b"}})
        assert status_of_creating(resource) is UNKNOWN
    resource.id = resource.find() or ""
    assert resource.id
    resource.delete()


def test_giving_up_does_not_say_that_nothing_was_made(provider: AwsProvider) -> None:
    fresh = configured(provider.account.endpoint_url or "")
    fresh.Cancel(empty_pb2.Empty(), CONTEXT)
    fresh.account.kinesis.describe_stream_summary = lambda **_: {
        "StreamDescriptionSummary": {"StreamStatus": "CREATING"}
    }  # type: ignore[method-assign]
    assert status_of_creating(Deployed(fresh, "aws:kinesis/stream:Stream", "given-up", {})) is UNKNOWN


def denied(**_arguments: Any) -> None:
    raise answer("AccessDeniedException", status=400)


def status_of_creating(resource: Deployed) -> grpc.StatusCode:
    """Return the status with which creating a resource ends; its inputs are then the checked ones."""
    with pytest.raises(Aborted) as told:
        resource.create()
    resource.inputs = resource.check(resource.inputs)
    return told.value.code


def test_a_bucket_that_is_not_empty_is_kept_unless_it_was_said(provider: AwsProvider) -> None:
    bucket = Deployed(provider, "aws:s3/bucket:Bucket", "full", {"versioning": {"enabled": True}}).create()
    for content in (b"one", b"two"):
        provider.account.s3.put_object(Bucket=bucket.id, Key="a", Body=content)
    provider.account.s3.delete_object(Bucket=bucket.id, Key="a")
    with pytest.raises(Aborted, match=rf"the bucket {bucket.id} is not empty.*set forceDestroy"):
        bucket.delete()
    bucket.update(bucket.changed({"forceDestroy": True}))
    bucket.delete()
    assert bucket.find() is None


def test_a_bucket_of_somebody_else_s_is_not_taken_over(provider: AwsProvider) -> None:
    bucket = Deployed(provider, "aws:s3/bucket:Bucket", "mine", {"bucket": "taken-by-another"}).create()
    with pytest.raises(Aborted, match="there is a bucket taken-by-another already"):
        Deployed(provider, "aws:s3/bucket:Bucket", "mine-too", {"bucket": "taken-by-another"}).create()
    bucket.delete()


def test_what_somebody_else_changed_is_seen_and_set_right(provider: AwsProvider, base: dict[str, Any]) -> None:
    aws = provider.account
    group = Deployed(provider, "aws:cloudwatch/logGroup:LogGroup", "drift", {"retentionInDays": 7}).create()
    program = group.inputs
    aws.logs.put_retention_policy(logGroupName=group.id, retentionInDays=30)
    aws.logs.tag_resource(resourceArn=group.outputs["arn"], tags={"by": "hand"})
    _, group.inputs, group.outputs = group.read()
    assert group.inputs == {**program, "retentionInDays": 30, "tags": {"by": "hand"}}
    assert list(group.diff(program).diffs) == ["retentionInDays", "tags"]
    group.update(program)
    assert group.read()[1] == program
    group.delete()

    inputs = {"code": base["code"], "role": base["role_arn"], "runtime": "python3.13", "handler": "app.handler"}
    function = Deployed(provider, "aws:lambda/function:Function", "drift", inputs).create()
    program = function.inputs
    aws.lambda_.update_function_code(FunctionName=function.id, ZipFile=b"PK\5\6" + bytes(18))
    _, function.inputs, function.outputs = function.read()
    assert list(function.diff(program).diffs) == ["code"]
    function.update(program)
    assert function.read()[1] == program
    function.delete()


def test_an_import_finds_all_that_is_not_usual(provider: AwsProvider, base: dict[str, Any]) -> None:
    table = Deployed(
        provider,
        "aws:dynamodb/table:Table",
        "imported",
        {"hashKey": "pk", "attributes": [{"name": "pk", "type": "S"}], "billingMode": "PAY_PER_REQUEST"},
    ).create()
    assert table.import_(table.id) == (table.id, table.inputs)
    table.delete()
    route = Deployed(
        provider, "aws:apigatewayv2/route:Route", "imported", {"apiId": base["api"], "routeKey": "GET /"}
    ).create()
    assert route.import_(f"{base['api']}/{route.id}") == (route.id, route.inputs)
    route.delete()


def test_many_threads_make_resources_at_once(provider: AwsProvider) -> None:
    fresh = configured(provider.account.endpoint_url or "")
    queues = [Deployed(fresh, "aws:sqs/queue:Queue", f"parallel-{number}", {}) for number in range(8)]
    roles = [Deployed(fresh, "aws:iam/role:Role", f"parallel-{n}", {"assumeRolePolicy": TRUST}) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(Deployed.create, [*queues, *roles]))
        assert len({resource.id for resource in made}) == 16
        list(pool.map(Deployed.delete, made))


def test_a_wait_ends_when_the_deployment_is_cancelled(provider: AwsProvider) -> None:
    fresh = configured(provider.account.endpoint_url or "")
    threading.Timer(0.05, lambda: fresh.Cancel(empty_pb2.Empty(), CONTEXT)).start()
    with pytest.raises(LabError, match="cancelled while waiting for nothing"):
        fresh.account.wait_for(lambda: None, "nothing")
    with pytest.raises(LabError, match="nothing took more than 0 seconds"):
        provider.account.wait_for(lambda: None, "nothing", seconds=0)


def test_a_function_nobody_wrote_is_refused_by_name(provider: AwsProvider) -> None:
    request = provider_pb2.InvokeRequest(tok="aws:ec2/getVpc:getVpc", args=pv.to_struct({}))
    with pytest.raises(Aborted, match="aws:ec2/getVpc:getVpc is not among the 5 functions"):
        provider.Invoke(request, CONTEXT)


def test_looking_for_a_type_nobody_wrote(provider: AwsProvider) -> None:
    with pytest.raises(LabError, match="aws:ec2/instance:Instance"):
        Deployed(provider, "aws:ec2/instance:Instance", "votes", {}).find()
