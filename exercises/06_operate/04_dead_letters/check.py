"""Checks `dead_letters`: what was given up comes back repaired, in order of key, once, and no message is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

KEY = "device-7"
BROKEN = '{{"sensor": "temperature", "value": {}}}'
PATIENCE_SECONDS = 15


class Watched:
    """Kinesis as the learner's code sees it: the first answer behind a sequence number is empty, as AWS's may be.

    Attributes:
        put: what was put, as (reading, partition key).
        failing: whether puts are throttled.
    """

    def __init__(self, kinesis: Any) -> None:
        self._kinesis, self._hesitated = kinesis, False
        self.put: list[tuple[Any, str]] = []
        self.failing = self.left_waiting = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kinesis, name)

    def get_shard_iterator(self, **request: Any) -> Any:
        self._hesitated = request.get("ShardIteratorType") in ("TRIM_HORIZON", "LATEST")
        return self._kinesis.get_shard_iterator(**request)

    def get_records(self, **request: Any) -> Any:
        if not self._hesitated:
            self._hesitated = self.left_waiting = True
            return {"Records": [], "NextShardIterator": request["ShardIterator"], "MillisBehindLatest": 1000}
        self.left_waiting = False
        return self._kinesis.get_records(**request)

    def put_record(self, **request: Any) -> Any:
        self._note(request)
        return self._kinesis.put_record(**request)

    def put_records(self, **request: Any) -> Any:
        for entry in request["Records"]:
            self._note(entry)
        return self._kinesis.put_records(**request)

    def _note(self, entry: dict[str, Any]) -> None:
        if self.failing:
            error: Any = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "Rate exceeded"}}
            raise ClientError(error, "PutRecord")
        self.put.append((_read(entry["Data"]), entry["PartitionKey"]))


def check(attempt: Attempt) -> None:
    """Let records be given up, have them replayed, twice; then let the replay fail."""
    cloud = attempt.cloud(time_scale=0.01)
    stream, table, (url, queue) = cloud.stream(), cloud.table("eventId"), cloud.queue()
    function = cloud.function(
        files={"handler.py": attempt.read("handler.py")}, environment={"DYNAMODB_TABLE_NAME": table}
    )
    replay = attempt.load("replay.py")
    replay.kinesis = watched = Watched(cloud.clients.kinesis)
    sent = [json.dumps({"sensor": "temperature", "value": value}) for value in (10.5, 11.5)]
    sent += [BROKEN.format("12,5"), BROKEN.format("13.5"), BROKEN.format("14,5")]
    cloud.put(stream, sent, key=KEY)
    cloud.mapping(
        cloud.stream_arn(stream), function, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )  # fmt: skip
    [message] = cloud.eventually(lambda: cloud.messages(url), seconds=PATIENCE_SECONDS)
    cloud.put(stream, [{"sensor": "temperature", "value": value} for value in (15.5, 16.5)], key=KEY)
    cloud.eventually(lambda: len(cloud.items(table)) == 4, seconds=PATIENCE_SECONDS)  # noqa: PLR2004  (two before, two after)
    replay.replay_all(url)
    _check_put(attempt, watched)
    cloud.eventually(lambda: _values(cloud, table) >= {12.5, 13.5, 14.5}, seconds=PATIENCE_SECONDS)
    attempt.require(_waiting(cloud, url) == 0, "message_left")
    _check_again(attempt, cloud, replay, table, message)
    _check_failing(attempt, cloud, replay, watched, message)
    _check_unrepairable(attempt, cloud, replay, watched, message, stream)


def _check_put(attempt: Attempt, watched: Watched) -> None:
    values = [reading.get("value") if isinstance(reading, dict) else reading for reading, _key in watched.put]
    attempt.require(values or not watched.left_waiting, "empty_answer")
    attempt.require(values, "nothing_replayed")
    attempt.require(set(values) != {10.5}, "first_of_shard")
    attempt.require(not {10.5, 11.5} & set(values), "from_the_beginning", values=values)
    attempt.require(not {15.5, 16.5} & set(values), "beyond_the_end", values=values)
    attempt.require(values != [12.5], "only_first")
    attempt.require(values == [12.5, 13.5, 14.5], "other_records", values=values)
    keys = {key for _reading, key in watched.put}
    attempt.require(keys == {KEY}, "other_key", key=", ".join(sorted(keys)), expected=KEY)


def _check_again(attempt: Attempt, cloud: Workbench, replay: Any, table: str, message: Any) -> None:
    """Replay the same message once more, as after a crash before it was deleted."""
    before = len(cloud.trace())
    replay.replay_all(_queue_with(cloud, message))
    cloud.eventually(
        lambda: sum(e["count"] for e in cloud.trace()[before:] if e["event"] == "outcome") >= 3  # noqa: PLR2004
    )
    items = cloud.items(table)
    twice = [value for value in (12.5, 13.5, 14.5) if sum(_value(item) == value for item in items) > 1]
    attempt.require(not twice, "counted_twice", value=twice[0] if twice else 0)
    attempt.require(_values(cloud, table) >= {12.5, 13.5, 14.5}, "not_stored")


def _check_failing(attempt: Attempt, cloud: Workbench, replay: Any, watched: Watched, message: Any) -> None:
    queue = _queue_with(cloud, message)
    watched.failing = True
    attempt.error_of(replay.replay_all, queue)
    watched.failing = False
    attempt.require(_waiting(cloud, queue) == 1, "message_lost")


def _check_unrepairable(
    attempt: Attempt, cloud: Workbench, replay: Any, watched: Watched, message: Any, stream: str
) -> None:
    [number] = cloud.put(stream, ["temperature;22.5"], key=KEY)
    batch = message["KinesisBatchInfo"]
    rubbish = {"KinesisBatchInfo": batch | {"startSequenceNumber": number, "endSequenceNumber": number, "batchSize": 1}}
    queue = _queue_with(cloud, rubbish, message)
    watched.put.clear()
    error = attempt.error_of(replay.replay_all, queue)
    attempt.require(len(watched.put) >= 3, "stopped", error=type(error).__name__)  # noqa: PLR2004
    attempt.require(_waiting(cloud, queue) == 1, "unrepairable_gone")


def _queue_with(cloud: Workbench, *messages: Any) -> str:
    url, _arn = cloud.queue()
    for message in messages:
        cloud.clients.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))
    return url


def _waiting(cloud: Workbench, url: str) -> int:
    """Return how many messages a queue has, those included that somebody has received."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = cloud.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(number) for number in attributes.values())


def _values(cloud: Workbench, table: str) -> set[float]:
    return {_value(item) for item in cloud.items(table)}


def _value(item: dict[str, Any]) -> float:
    data = item.get("data")
    return float(data.get("value", 0)) if isinstance(data, dict) else 0.0


def _read(data: Any) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data
