"""MiniStack inside our process: the one module that knows its insides.

MiniStack (pinned) answers every AWS service but those that are ours. What we use of it beside its ASGI app is
gathered here, so that a new version can be judged by reading one file; `tests/cloud/test_emulator.py` fails when a
name that is touched here is gone or has another shape.
"""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import base64
import bisect
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping
    from pathlib import Path

    AsgiApp = Callable[[MutableMapping[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]
    Answer = tuple[int, dict[str, str], Any]
    """What a service handler returns: status, headers, body (bytes, text or a stream)."""
    Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[Answer]]

ACCOUNT = "000000000000"
REGION = "us-east-1"
VERSION = "1.5.33"


def configure(*, port: int, state_folder: Path) -> None:
    """Set MiniStack up through its environment variables; call it before `app()`.

    Args:
        port: where the cloud listens; MiniStack puts it into the URLs it makes.
        state_folder: where state and objects are kept.
    """
    os.environ.update(
        AUTH="true",
        AWS_ACCESS_KEY_ID="test",
        AWS_DEFAULT_REGION=REGION,
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
        AWS_SECRET_ACCESS_KEY="test",  # noqa: S106  (the local cloud's root)
        BIND_HOST="127.0.0.1",
        # A learner's Docker must not be touched: the socket named here does not exist.
        DOCKER_HOST=f"unix://{state_folder / 'no-docker.sock'}",
        GATEWAY_PORT=str(port),
        IOT_MTLS_ENABLED="0",
        LOG_LEVEL="WARNING",
        MINISTACK_HOST="localhost",
        PERSIST_STATE="1",
        S3_DATA_DIR=str(state_folder / "objects"),
        S3_PERSIST="1",
        SFTP_ENABLED="0",
        STATE_DIR=str(state_folder / "services"),
        TMPDIR=str(state_folder / "temporary"),
    )
    os.environ.pop("AWS_SESSION_TOKEN", None)
    os.environ.pop("AWS_PROFILE", None)


def app() -> AsgiApp:
    """Return MiniStack's ASGI app."""
    from ministack.app import app as ministack_app

    return ministack_app


def wrap_service(service: str, wrap: Callable[[Handler], Handler]) -> None:
    """Put ourselves before a service, behind MiniStack's authentication and authorization.

    Args:
        service: MiniStack's name of the service (`lambda`, `kinesis`, `dynamodb`).
        wrap: makes the handler that answers from the one that answered so far.
    """
    from ministack import app as ministack

    handlers: dict[str, Any] = ministack.SERVICE_HANDLERS
    handlers[service] = wrap(handlers[service])


async def call(service: str, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    """Call a service as it would be called over HTTP, without HTTP and without authorization."""
    from ministack import app as ministack

    with scope():
        return await ministack.SERVICE_HANDLERS[service](method, path, headers, body, {})


@contextmanager
def scope(account: str = ACCOUNT, region: str = REGION) -> Iterator[None]:
    """Act for an account and region, outside of a request."""
    from ministack.core.responses import request_scope

    with request_scope(account, region):
        yield


def current_scope() -> tuple[str, str]:
    """Return the account and region of the request that is being answered."""
    from ministack.core.responses import get_account_id, get_region

    return get_account_id(), get_region()


async def reset() -> None:
    """Forget everything in every service."""
    import asyncio

    from ministack import app as ministack

    await asyncio.to_thread(ministack._reset_all_state)


# --- authorization ---------------------------------------------------------------------------------------------------


def role_may(role_arn: str, action: str, resource_arn: str, *, region: str = REGION) -> bool:
    """Say whether a role's policies allow an action on a resource.

    Args:
        role_arn: the role.
        action: `service:Action`.
        resource_arn: the exact resource.
        region: where it happens.
    """
    from ministack.core.iam_evaluator import EvalContext, _gather_role_policies, evaluate

    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    context = EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/lambda",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource_arn,
        region=region,
    )
    with scope(account, region):
        return evaluate(context, _gather_role_policies(name, account)).decision == "Allow"


def repair_stream_authorization() -> None:
    """Let the calls that read streams be allowed on the stream's ARN.

    MiniStack asks its policies about `*` for every DynamoDB Streams call and for `GetRecords` of Kinesis, so that a
    least-privilege policy denies what AWS allows. The stream stands in the request or in the iterator.
    """
    from ministack.core import iam_actions

    original = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, method: str, path: str, headers: dict[str, str], body: bytes,
                             query: dict[str, Any], region: str, account: str) -> str:  # fmt: skip
        if service in ("dynamodbstreams", "kinesis") and (found := _stream_of_request(service, body)):
            return found
        return original(service, method, path, headers, body, query, region, account)

    iam_actions.extract_resource_arn = extract_resource_arn


def _stream_of_request(service: str, body: bytes) -> str | None:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    if not isinstance(request, dict):
        return None
    if service == "dynamodbstreams":
        from ministack.services.dynamodb_streams import _decode_iterator

        iterator = request.get("ShardIterator")
        decoded = _decode_iterator(iterator) if isinstance(iterator, str) else None
        arn = request.get("StreamArn") or (decoded or {}).get("arn")
        return arn if isinstance(arn, str) else None
    from ministack.services.kinesis import _shard_iterators

    iterator = request.get("ShardIterator")
    state = _shard_iterators.get(iterator) if isinstance(iterator, str) else None
    return state.get("stream_arn") if state else None


# --- functions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FunctionRecord:
    """A function as MiniStack keeps it.

    Attributes:
        record: MiniStack's record, with `config` and `code_zip`.
        config: the function's configuration, as GetFunctionConfiguration answers it.
        name: its name.
        arn: its ARN, with the qualifier it was asked by.
        role: its role's ARN.
    """

    record: dict[str, Any]
    config: dict[str, Any]
    name: str
    arn: str
    role: str


def find_function(reference: str) -> FunctionRecord | None:
    """Find a function by name, partial ARN or ARN, with or without a qualifier; None when there is none."""
    from ministack.services import lambda_svc

    with scope():
        try:
            record, config, name = lambda_svc._get_func_record_for_ref(reference)
        except ValueError:
            return None
    if not record or not config:
        return None
    qualifier = reference.rsplit(":function:", maxsplit=1)[-1].split(":")[1:] if ":" in reference else []
    arn = (
        config["FunctionArn"]
        if not qualifier
        else f"{config['FunctionArn'].split(':function:')[0]}:function:{name}:{qualifier[0]}"
    )
    return FunctionRecord(record, config, name, arn, config.get("Role", ""))


def acquire_concurrency(function: FunctionRecord) -> str | None:
    """Take one unit of the function's concurrency; None when it has none left (a throttle)."""
    from ministack.services import lambda_svc

    with scope():
        slot, _limit = lambda_svc._acquire_execution_slot(function.record, function.config)
    return slot


def release_concurrency(slot: str) -> None:
    """Give a unit of concurrency back."""
    from ministack.services import lambda_svc

    lambda_svc._release_execution_slot(slot)


def record_metric(namespace: str, name: str, value: float, unit: str, dimensions: dict[str, str]) -> None:
    """Write one CloudWatch metric datum."""
    from ministack.services import cloudwatch

    with scope():
        cloudwatch.record_metric(namespace, name, value, unit, dimensions)


# --- Kinesis streams -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """A Kinesis shard.

    Attributes:
        shard_id: its id.
        parents: ids of the shards it came from.
        closed: whether no more records can come.
    """

    shard_id: str
    parents: tuple[str, ...]
    closed: bool


def kinesis_shards(stream_arn: str) -> list[ShardRecord] | None:
    """List a stream's shards, None when the stream does not exist."""
    stream = _kinesis_stream(stream_arn)
    if stream is None:
        return None
    return [
        ShardRecord(
            shard_id, tuple(p for p in (shard["parent_shard_id"], shard["adjacent_parent_shard_id"]) if p), closed=False
        )
        for shard_id, shard in sorted(stream["shards"].items())
    ]


def kinesis_records(stream_arn: str, shard_id: str, after: str | None, limit: int) -> list[dict[str, Any]] | None:
    """Read records of a shard.

    Args:
        stream_arn: the stream.
        shard_id: the shard.
        after: sequence number of the last record already read; None reads from the oldest.
        limit: at most so many.

    Returns:
        records as GetRecords answers them (`Data` base64), or None when stream or shard are gone.
    """
    stream = _kinesis_stream(stream_arn)
    shard = stream["shards"].get(shard_id) if stream else None
    if shard is None:
        return None
    records = shard["records"]
    begin = 0 if after is None else bisect.bisect_right(records, after, key=lambda r: r["SequenceNumber"])
    return records[begin : begin + limit]


def kinesis_last_sequence_number(stream_arn: str, shard_id: str, before: float | None = None) -> str | None:
    """Return the newest record's sequence number, or the newest that arrived before a time; None when there is none."""
    stream = _kinesis_stream(stream_arn)
    shard = stream["shards"].get(shard_id) if stream else None
    if not shard or not shard["records"]:
        return None
    records = shard["records"]
    end = len(records)
    if before is not None:
        end = bisect.bisect_left(records, before, key=lambda r: r["ApproximateArrivalTimestamp"])
    return records[end - 1]["SequenceNumber"] if end else None


def _kinesis_stream(stream_arn: str) -> dict[str, Any] | None:
    from ministack.services import kinesis

    parts = stream_arn.split(":", 5)
    return kinesis._streams.get_scoped(parts[4], parts[3], parts[5].removeprefix("stream/"))


# --- DynamoDB streams ------------------------------------------------------------------------------------------------


def dynamodb_stream(stream_arn: str) -> list[dict[str, Any]] | None:
    """Return the unexpired records of a table's stream, oldest first, as the streams API answers them; None if gone."""
    from ministack.services import dynamodb

    parts = stream_arn.split(":", 5)
    account, region, table_name = parts[4], parts[3], parts[5].split("/")[1]
    with scope(account, region):
        table = dynamodb._tables.get(table_name)
        if (
            table
            and table.get("LatestStreamArn") == stream_arn
            and (table.get("StreamSpecification") or {}).get("StreamEnabled")
        ):
            return dynamodb.stream_live_records(table_name, account_id=account, region=region)
        closed = dynamodb.closed_stream(stream_arn)
    return closed["records"] if closed else None


def first_after(records: list[dict[str, Any]], after: str | None) -> int:
    """Return the index of the first change record behind a sequence number (None: 0)."""
    return 0 if after is None else bisect.bisect_right(records, after, key=lambda r: r["dynamodb"]["SequenceNumber"])


def dynamodb_stream_shard() -> str:
    """Return the id of the one shard that MiniStack gives every table's stream."""
    from ministack.services import dynamodb_streams

    return dynamodb_streams._DEFAULT_SHARD_ID


# --- destinations ----------------------------------------------------------------------------------------------------


class DestinationError(Exception):
    """A destination refused a message; the text says why."""


async def send_to_queue(queue_arn: str, body: str) -> None:
    """Send a message to an SQS queue."""
    name = queue_arn.rsplit(":", 1)[-1]
    request = {"QueueUrl": f"{os.environ['AWS_ENDPOINT_URL']}/{queue_arn.split(':')[4]}/{name}", "MessageBody": body}
    headers = {"x-amz-target": "AmazonSQS.SendMessage", "content-type": "application/x-amz-json-1.0"}
    await _deliver("sqs", "POST", "/", headers, json.dumps(request).encode())


async def publish_to_topic(topic_arn: str, body: str) -> None:
    """Publish a message to an SNS topic."""
    form = urlencode({"Action": "Publish", "Version": "2010-03-31", "TopicArn": topic_arn, "Message": body}).encode()
    await _deliver("sns", "POST", "/", {"content-type": "application/x-www-form-urlencoded"}, form)


async def put_object(bucket: str, key: str, body: bytes) -> None:
    """Store an S3 object."""
    await _deliver("s3", "PUT", f"/{bucket}/{quote(key)}", {"content-type": "application/json"}, body)


async def _deliver(service: str, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    headers = {"host": "127.0.0.1", "content-length": str(len(body)), **headers}
    status, _headers, answer = await call(service, method, path, headers, body)
    if status >= 300:  # noqa: PLR2004
        raise DestinationError((answer.decode() if isinstance(answer, bytes) else str(answer))[:500])


def decode_base64(text: str) -> bytes:
    """Return the bytes of a record's `Data`."""
    return base64.b64decode(text)
