"""What a million events cost on AWS, each lesson beside its text's own design: `python -m benchmarks.cost [LESSON …]`.

Both are deployed on the local cloud and run; the requests that their functions really make are counted (as are those of
the producers), and priced. The text's design is its own code, mended only so far that it runs, in the text's settings.
Prices: lab/cost/prices.toml. Not in it: what costs by the hour (shards, alarms), which both have alike, and the free
tier.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks.measure import PYTHON, ROOT
from lab.cost.prices import GB, PRICES
from lab.lessons.contract import Order, find
from lab.log_reading import LogReader
from lab.target import LESSONS, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MILLION = 1_000_000
EVENTS = 10_000
FIRST_EVENTS = 200
PATIENCE_SECONDS = 300.0
QUIET_SECONDS = 22.0  # more than the longest batching window
LOG_LINE_BYTES = 26
"""What CloudWatch Logs adds to each line."""

PAID = {
    "API requests": "http_api_requests",
    "Lambda requests": "lambda_requests",
    "Lambda GB-seconds": "lambda_gb_seconds_arm64",
    "Kinesis PUT units": "kinesis_put_units",
    "DynamoDB write units": "dynamodb_write_units",
    "DynamoDB read units": "dynamodb_read_units",
    "S3 PUT and LIST": "s3_put_and_list_requests",
    "log GB": "cloudwatch_log_gb_in",
}
"""What is counted, and its unit in prices.toml."""

TEXT_CONSUMERS = {
    "basic": """
import base64, datetime, decimal, json, os, uuid, boto3
table = boto3.resource("dynamodb").Table(os.environ["DYNAMODB_TABLE_NAME"])
def handler(event, context):
    for record in event["Records"]:
        payload = json.loads(base64.b64decode(record["kinesis"]["data"]), parse_float=decimal.Decimal)
        print(payload)
        now = datetime.datetime.utcnow().isoformat()
        table.put_item(Item={"eventId": str(uuid.uuid4()), "timestamp": now, "data": payload})
""",
    "votes": """
import base64, json, os, boto3
table = boto3.resource("dynamodb").Table(os.environ["DYNAMODB_TABLE_NAME"])
def handler(event, context):
    for record in event["Records"]:
        vote = json.loads(base64.b64decode(record["kinesis"]["data"])).get("vote")
        if vote:
            table.update_item(Key={"option_id": vote}, UpdateExpression="ADD votes :inc",
                              ExpressionAttributeValues={":inc": 1})
    return "Processed records."
""",
}
"""The texts' own consumers: one write a record. Text 4's is layout `record` of ours; 2 and 3 do not print theirs."""


@dataclass(frozen=True)
class Design:
    """A way to deploy a lesson."""

    lesson: str
    name: str
    settings: dict[str, Any]
    handler: str | None = None
    """A consumer to put in the place of ours."""


@dataclass
class Bill:
    """What was counted for so many events."""

    design: Design
    events: int
    counts: Counter[str] = field(default_factory=Counter[str])

    def per_million(self, what: str) -> float:
        """Return how many there would be for a million events."""
        return self.counts[what] * MILLION / self.events

    def usd(self) -> Decimal:
        """Return what a million events cost."""
        return sum((Decimal(self.per_million(what)) * PRICES[unit] for what, unit in PAID.items()), Decimal(0))


LARGE_BATCHES = {"batch_size": 1000, "batching_window_seconds": 20}
DESIGNS = (
    Design("basic", "text", {"batch_size": 100, "sensor_index": False}, TEXT_CONSUMERS["basic"]),
    Design("basic", "ours, without the index", {"sensor_index": False}),
    Design("basic", "ours", {}),
    Design("votes", "text", {"batch_size": 100}, TEXT_CONSUMERS["votes"]),
    Design("votes", "ours, transactional", {"counting": "transactional"}),
    Design("votes", "ours, economical", LARGE_BATCHES),
    Design("purchases", "text and ours", {}),
    Design("orders", "text", {}),
    Design("orders", "ours, batches of 1,000", LARGE_BATCHES),
    Design("archive", "text", {"layout": "record"}),
    Design("archive", "ours, layout batch", {"layout": "batch", **LARGE_BATCHES}),
)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, _counting_cloud(Path(folder)):
        bills = [_bill(design, Path(folder)) for design in DESIGNS if design.lesson in (sys.argv[1:] or LESSONS)]
    print("\n".join(_table(bills)))


def _table(bills: list[Bill]) -> Iterator[str]:
    yield f"| for a million events | {' | '.join(PAID)} | USD | of the text's |"
    yield f"|---|{'---|' * len(PAID)}---|---|"
    of_text: dict[str, Decimal] = {}
    for bill in bills:
        usd = bill.usd()
        of_text.setdefault(bill.design.lesson, usd)
        cells = " | ".join(f"{bill.per_million(what):,.{2 if what == 'log GB' else 0}f}" for what in PAID)
        share = usd / of_text[bill.design.lesson]
        yield f"| {bill.design.lesson}: {bill.design.name} | {cells} | {usd:,.2f} | {share:.0%} |"


def _bill(design: Design, folder: Path) -> Bill:
    from lab.deploy.stack import Stack
    from lab.deploy.stack_files import StackFiles

    print(f"{design.lesson}: {design.name} …", file=sys.stderr)
    settings = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())
    settings["config"] |= {
        "streamlab:lessons": [design.lesson],
        "streamlab:names": "auto",  # so that no figure of another design is taken for this one's
        f"streamlab:{design.lesson}": {**design.settings, **_MORE.get(design.lesson, {}), "alarms": False},
    }
    file = folder / "Pulumi.bill.yaml"
    file.write_text(yaml.safe_dump(settings))
    stack = Stack(StackFiles("bill", file))
    result = stack.up(None, lambda _event: None)
    if not result.ok:
        raise RuntimeError(f"{design.lesson} could not be deployed: {result.errors}")

    class BillTarget(Target):
        region = "us-east-1"
        deployment = stack

    try:
        return _run(design, BillTarget("bill"))
    finally:
        stack.down(lambda _event: None)


_MORE = {
    "votes": {"throttling_rate": 10_000, "throttling_burst": 5_000},
    "orders": {"starting_position": "TRIM_HORIZON"},
}


def _run(design: Design, target: Target) -> Bill:
    """Send events where the lesson begins, wait until all of them are processed, and count."""
    outputs = target.lesson(design.lesson)
    if design.handler:
        _replace_consumer(target, outputs, design.handler)
    # What is needed once is not counted: environments that start, the first item of each option.
    _send(target, design.lesson, FIRST_EVENTS)
    _requests_until_quiet(target)
    before = _of_functions(target, outputs)
    _send(target, design.lesson, EVENTS)
    requests = _requests_until_quiet(target)
    counts = Counter(
        {
            "API requests": requests["api.requests"],
            "Kinesis PUT units": requests["kinesis.records"],  # each well under 25 KB
            "DynamoDB write units": requests["dynamodb.write_units"] * (1 + _indexes(target, outputs)),
            "DynamoDB read units": requests["dynamodb.read_units"],
            "S3 PUT and LIST": requests["s3.Put"] + requests["s3.List"],
        }
    )
    if design.lesson == "purchases":
        counts["DynamoDB write units"] = 0  # the shop's own
    return Bill(design, EVENTS, counts + (_of_functions(target, outputs) - before))


def _indexes(target: Target, outputs: Mapping[str, Any]) -> int:
    """Return how many indexes the table has: each is written again."""
    if "DynamoDBTableName" not in outputs:
        return 0
    table = target.clients.dynamodb.describe_table(TableName=outputs["DynamoDBTableName"])["Table"]
    return len(table.get("GlobalSecondaryIndexes", []))


def _send(target: Target, lesson: str, count: int) -> None:
    sender = find(lesson).sender(target, target.lesson(lesson), lambda _count: None)
    sender.send(Order(count=count, keys=20))


def _of_functions(target: Target, outputs: Mapping[str, Any]) -> Counter[str]:
    counts = Counter[str]()
    for part in ("Producer", "Consumer"):
        if f"{part}FunctionName" in outputs:
            counts += _of_function(target, outputs[f"{part}FunctionName"], outputs[f"{part}LogGroupName"])
    return counts


def _replace_consumer(target: Target, outputs: Mapping[str, Any], source: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("text.py", source)
    lambda_, function = target.clients.lambda_, outputs["ConsumerFunctionName"]
    # The texts' handlers answer anything; without this their mappings would take it for a failure.
    lambda_.update_event_source_mapping(UUID=outputs["EventSourceMappingId"], FunctionResponseTypes=[])
    lambda_.update_function_code(FunctionName=function, ZipFile=buffer.getvalue())
    lambda_.update_function_configuration(FunctionName=function, Handler="text.handler")


def _requests(target: Target) -> Counter[str]:
    with urllib.request.urlopen(f"{target.clients.endpoint_url}/_counts") as answer:  # noqa: S310 - our own cloud
        return Counter(json.load(answer))


def _requests_until_quiet(target: Target) -> Counter[str]:
    """Return the requests so far and those that follow, until there have been none for a while."""
    total, quiet_since, deadline = Counter[str](), time.monotonic(), time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() - quiet_since < QUIET_SECONDS:
        if time.monotonic() > deadline:
            raise RuntimeError("it does not come to an end")
        if new := _requests(target):
            total += new
            quiet_since = time.monotonic()
        time.sleep(0.2)
    return total


def _of_function(target: Target, function: str, log_group: str) -> Counter[str]:
    """Return what a function is billed for: requests, memory for as long as it ran, its log."""
    clients = target.clients
    memory_gb = clients.lambda_.get_function_configuration(FunctionName=function)["MemorySize"] / 1024
    sums = {
        metric: sum(
            point["Sum"]
            for point in clients.cloudwatch.get_metric_statistics(
                Namespace="AWS/Lambda",
                MetricName=metric,
                Dimensions=[{"Name": "FunctionName", "Value": function}],
                StartTime=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=20),
                EndTime=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1),
                Period=60,
                Statistics=["Sum"],
            )["Datapoints"]
        )
        for metric in ("Invocations", "Duration")
    }
    lines = LogReader(clients.logs, log_group, 0).read()
    return Counter(
        {
            "Lambda requests": sums["Invocations"],
            "Lambda GB-seconds": sums["Duration"] / 1000 * memory_gb,
            "log GB": sum(len(line.message.encode()) + LOG_LINE_BYTES for line in lines) / GB,
        }
    )


@contextmanager
def _counting_cloud(folder: Path) -> Iterator[None]:
    """Run a cloud that counts, and point this process at it."""
    from lab.cloud.client import find_cloud

    os.environ["LAB_HOME"] = str(folder / "lab")
    os.environ["LAB_LANG"] = "en"
    command = [PYTHON, "-m", "benchmarks.counting_cloud", str(folder / "cloud")]
    cloud = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while not find_cloud():
            if cloud.poll() is not None:
                raise RuntimeError("the cloud did not start")
            time.sleep(0.05)
        yield
    finally:
        cloud.terminate()
        cloud.wait()


if __name__ == "__main__":
    main()
