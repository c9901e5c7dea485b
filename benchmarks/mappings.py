"""Event source mappings, side by side with MiniStack alone in one run: latency, drain, idle cost, growth.

Run: `python -m benchmarks.mappings` (minutes), or `python -m benchmarks.mappings quick` without the growth tables.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import PYTHON, ROOT, resident_mb
from lab.aws import Clients

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

HANDLER = """
import base64, os
import boto3
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
MODE = os.environ["MODE"]
def handler(event, context):
    records = event["Records"]
    if "prints" in MODE:
        print("batch of", len(records))
    if "items" in MODE:
        with table.batch_writer(overwrite_by_pkeys=["pk"]) as writer:
            for record in records:
                writer.put_item(Item={"pk": record["eventID"], "data": base64.b64decode(record["kinesis"]["data"])})
    last = records[-1]["kinesis"]
    table.put_item(Item={"pk": base64.b64decode(last["data"]).decode()[:40]})
"""
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}  # fmt: skip
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Bench:
    """A served cloud and what is measured on it."""

    def __init__(self, name: str, url: str, pid: int) -> None:
        self.name, self.pid = name, pid
        self.aws = Clients.local(url)
        self.role = self.aws.iam.create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"][
            "Arn"
        ]
        self.aws.iam.put_role_policy(RoleName="bench", PolicyName="all", PolicyDocument=json.dumps(ALLOW))
        self.table = self._table()

    def _table(self) -> str:
        self.aws.dynamodb.create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return "items"

    def stream(self, shards: int) -> tuple[str, str]:
        """Make a stream; return its name and ARN."""
        name = f"stream-{uuid.uuid4().hex[:8]}"
        self.aws.kinesis.create_stream(StreamName=name, ShardCount=shards)
        while True:
            summary = self.aws.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
            if summary["StreamStatus"] == "ACTIVE":
                return name, summary["StreamARN"]
            time.sleep(0.01)

    def function(self, mode: str) -> str:
        """Make a function; return its ARN."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("app.py", HANDLER)
        return self.aws.lambda_.create_function(
            FunctionName=f"f-{uuid.uuid4().hex[:8]}",
            Runtime=f"python3.{sys.version_info.minor}",
            Handler="app.handler",
            Role=self.role,
            Timeout=60,
            MemorySize=512,
            Code={"ZipFile": buffer.getvalue()},
            Environment={"Variables": {"TABLE": self.table, "MODE": mode}},
        )["FunctionArn"]

    def mapping(self, stream: str, function: str, **settings: Any) -> str:
        """Map a stream to a function; return the UUID once it reads."""
        answer = self.aws.lambda_.create_event_source_mapping(
            EventSourceArn=stream, FunctionName=function, StartingPosition="TRIM_HORIZON", **settings
        )
        while self.aws.lambda_.get_event_source_mapping(UUID=answer["UUID"])["State"] != "Enabled":
            time.sleep(0.01)
        return answer["UUID"]

    def has(self, key: str) -> bool:
        """Say whether an item is there."""
        return "Item" in self.aws.dynamodb.get_item(TableName=self.table, Key={"pk": {"S": key}})

    def put_many(self, stream: str, count: int, shards: int) -> list[str]:
        """Put records over all shards; return for each shard the key of its last record's item."""
        run = uuid.uuid4().hex[:8]
        width = 2**128 // shards
        records = [
            {
                "Data": f"{run}-{number:07d}".encode(),
                "PartitionKey": str(number),
                "ExplicitHashKey": str(number % shards * width),
            }
            for number in range(count)
        ]

        def put(begin: int) -> None:
            answer = self.aws.kinesis.put_records(StreamName=stream, Records=records[begin : begin + 500])
            if answer["FailedRecordCount"]:
                raise RuntimeError("records were refused")

        with ThreadPoolExecutor(1) as threads:
            list(threads.map(put, range(0, count, 500)))
        return [f"{run}-{count - shards + shard:07d}" for shard in range(shards)]

    # --- figures -----------------------------------------------------------------------------------------------------

    def latency_ms(self, mode: str, events: int = 60) -> float:
        """Return the median time from put_record to the item, one record at a time, in milliseconds."""
        name, arn = self.stream(1)
        mapping = self.mapping(arn, self.function(mode))
        seconds = []
        for number in range(events):
            key = f"{name}-{number}"
            begin = time.perf_counter()
            self.aws.kinesis.put_record(StreamName=name, PartitionKey="k", Data=key.encode())
            while not self.has(key[:40]):
                pass
            seconds.append(time.perf_counter() - begin)
        self.aws.lambda_.delete_event_source_mapping(UUID=mapping)
        return statistics.median(seconds[10:]) * 1000

    def drain_seconds(self, mode: str, records: int = 10_000, shards: int = 2, batch: int = 100) -> float:
        """Return how long a backlog takes, from the mapping's creation to the last batch's item."""
        name, arn = self.stream(shards)
        function = self.function(mode)
        self.aws.lambda_.invoke(FunctionName=function, Payload=json.dumps(_warm_up()).encode())
        last = self.put_many(name, records, shards)
        begin = time.perf_counter()
        mapping = self.mapping(arn, function, BatchSize=batch)
        deadline = time.monotonic() + 300
        while not all(self.has(key) for key in last):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: {records} records were not drained in 300 s")
            time.sleep(0.005)
        seconds = time.perf_counter() - begin
        self.aws.lambda_.delete_event_source_mapping(UUID=mapping)
        return seconds

    def idle_percent(self, mappings: int = 20, seconds: float = 5.0) -> float:
        """Return how much of one core idle mappings on one stream cost."""
        _name, arn = self.stream(1)
        made = [self.mapping(arn, self.function("silent")) for _ in range(mappings)]
        time.sleep(2)
        before = _cpu_seconds(self.pid)
        time.sleep(seconds)
        used = _cpu_seconds(self.pid) - before
        for mapping in made:
            self.aws.lambda_.delete_event_source_mapping(UUID=mapping)
        return used / seconds * 100


def _warm_up() -> dict[str, Any]:
    return {"Records": [{"eventID": "warm", "kinesis": {"data": "d2FybQ=="}}]}


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def served(
    command: Callable[[int], list[str]], environment: dict[str, str], folder: Path
) -> Generator[tuple[str, int]]:
    """Serve a cloud; give its URL and process id."""
    port = _free_port()
    environment = environment | {"GATEWAY_PORT": str(port)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command(port), env={**os.environ, **environment}, stdout=log, stderr=log, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            break
        time.sleep(0.05)
    try:
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _ours(port: int) -> list[str]:
    return [PYTHON, "-m", "lab.cloud", "--port", str(port), "--state-dir", "state"]


def _ministack(port: int) -> list[str]:
    return [PYTHON, "-m", "hypercorn", "ministack.app:app", "--bind", f"127.0.0.1:{port}"]


def _ministack_environment(folder: Path) -> dict[str, str]:
    return {
        "AUTH": "true", "BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "LOG_LEVEL": "WARNING",
        "DOCKER_HOST": "unix:///nonexistent.sock", "TMPDIR": str(folder),
    }  # fmt: skip


def _row(what: str, *cells: str) -> None:
    print(f"| {what} | {' | '.join(cells)} |", flush=True)


def _attempt(measure: Callable[[], float], form: str) -> str:
    try:
        return form.format(measure())
    except RuntimeError as error:
        return f"fails: {error}"


def compare() -> None:
    """Print the table of both clouds."""
    _row("", "MiniStack alone", "streamlab", "goal")
    _row("---", "---", "---", "---")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        alone, ours = Path(one), Path(two)
        environment = {"LAB_HOME": str(ours / "lab"), "PYTHONPATH": str(ROOT)}
        with served(_ours, environment, ours) as (our_url, our_pid):
            mine = Bench("streamlab", our_url, our_pid)
            with served(_ministack, _ministack_environment(alone), alone) as (url, pid):
                theirs = Bench("MiniStack", url, pid)
                for mode, goal in (("prints", "6 ms"), ("silent", "6 ms")):
                    cells = [_attempt(lambda b=b, m=mode: b.latency_ms(m), "{:.1f} ms") for b in (theirs, mine)]
                    _row(f"put → item, median, one at a time, handler {mode}", *cells, goal)
                for mode, goal in (("prints", "1.0 s"), ("silent", "1.0 s"), ("silent items", "3.0 s")):
                    cells = [_attempt(lambda b=b, m=mode: b.drain_seconds(m), "{:.2f} s") for b in (theirs, mine)]
                    _row(f"drain 10,000 records, 2 shards, batch 100, handler {mode}", *cells, goal)
            _row("20 mappings on one stream, idle", "–", f"{mine.idle_percent():.2f} % of a core", "2 %")
            before = resident_mb(our_pid)
            small = 10_000 / mine.drain_seconds("silent", 10_000, 8)
            large = 100_000 / mine.drain_seconds("silent", 100_000, 8)
            after = resident_mb(our_pid)
            told = f"{large:,.0f} records/s (10,000: {small:,.0f}); {before:.0f} → {after:.0f} MB"
            _row("100,000 records through 8 shards", "–", told, "rate as at 10,000")


def grow() -> None:
    """Print how cost grows with records, shards and mappings."""
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        environment = {"LAB_HOME": str(folder / "lab"), "PYTHONPATH": str(ROOT)}
        with served(_ours, environment, folder) as (url, pid):
            bench = Bench("streamlab", url, pid)
            _row("", "drained in", "records/s", "memory")
            _row("---", "---", "---", "---")
            for records in (1_000, 10_000, 100_000):
                seconds = bench.drain_seconds("silent", records, 2)
                _row(
                    f"{records:,} records, 2 shards",
                    f"{seconds:.2f} s",
                    f"{records / seconds:,.0f}",
                    f"{resident_mb(pid):.0f} MB",
                )
            for shards in (1, 8, 64):
                seconds = bench.drain_seconds("silent", 10_000, shards)
                _row(
                    f"10,000 records, {shards} shards",
                    f"{seconds:.2f} s",
                    f"{10_000 / seconds:,.0f}",
                    f"{resident_mb(pid):.0f} MB",
                )
            for mappings in (1, 10, 50):
                percent = bench.idle_percent(mappings)
                _row(f"{mappings} mappings, idle", f"{percent:.2f} % of a core", "–", f"{resident_mb(pid):.0f} MB")


if __name__ == "__main__":
    compare()
    if "quick" not in sys.argv:
        print()
        grow()
