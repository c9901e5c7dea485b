"""Kinesis: what a put and a read cost, side by side with MiniStack's own Kinesis in one run, and with durability.

Run: `python -m benchmarks.kinesis` (half a minute). In-process figures are CPU time of the service's handler, without
HTTP; "ours, in memory" is the same service without its log, so that the difference is what durability costs.

On two cores that others used too (CPU time suffers little from that, waiting over HTTP much: compare, do not quote):

| in-process, CPU | MiniStack | ours, in memory | ours, durable | goal |
|---|---|---|---|---|
| PutRecord of 100 bytes | 0.142 ms | 0.012 ms | 0.014 ms | 0.1 ms |
| PutRecords of 500, 2 shards | 12.734 ms | 1.586 ms | 2.605 ms | 3 ms |
| PutRecords of 500, 64 shards | 23.306 ms | 2.431 ms | 2.861 ms | 3 ms |
| GetRecords of 10,000 | 32.560 ms | 23.142 ms | 24.414 ms |  |
| read of 10,000 without the API | – | – | 9.2 ms | 10 ms |

A record of 100 bytes takes 225 bytes of memory (goal 600) and 128 of disk; 100,000 records are back 0.45 s after a
start (0.17 s when nothing else ran).

| over HTTP, median | MiniStack | ours |
|---|---|---|
| PutRecord | 9.15 ms | 4.31 ms |
| PutRecords of 500 | 27.88 ms | 20.69 ms |
| GetRecords of 1,000 | 48.32 ms | 43.33 ms |

Over HTTP most of the time belongs to the server and to authentication, which are the same for both.
"""

from __future__ import annotations

import asyncio
import base64
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.mappings import Clients, _ministack, _ministack_environment, _ours, served
from benchmarks.measure import ROOT
from lab.cloud import emulator
from lab.cloud.kinesis import KinesisService

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.emulator.app import Handler

DATA = base64.b64encode(b"x" * 100).decode()
PUTS, BATCHES, ROUNDS = 2000, 40, 5
BACKLOG = 10_000


class InProcess:
    """A handler, called without HTTP."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._loop = asyncio.new_event_loop()

    def call(self, operation: str, **request: Any) -> Any:
        """Call an operation and return its answer."""
        return json.loads(self.calls(operation, json.dumps(request).encode(), 1) or b"{}")

    def calls(self, operation: str, body: bytes, count: int) -> bytes:
        """Call an operation with one body several times; return the last answer."""
        headers = {"x-amz-target": f"Kinesis_20131202.{operation}", "content-type": "application/x-amz-json-1.1"}

        async def run() -> bytes:
            answer = b""
            for _ in range(count):
                status, _headers, answer = await self._handler("POST", "/", headers, body, {})
                if status != 200:  # noqa: PLR2004
                    raise RuntimeError(answer)
            return answer

        return self._loop.run_until_complete(run())

    def milliseconds(self, operation: str, count: int, **request: Any) -> float:
        """Return the CPU time of one call, the median of some rounds."""
        body = json.dumps(request).encode()
        rounds: list[float] = []
        for _ in range(ROUNDS):
            begin = time.process_time()
            self.calls(operation, body, count)
            rounds.append((time.process_time() - begin) / count * 1000)
        return statistics.median(rounds)

    def make(self, name: str, shards: int = 2) -> None:
        """Make a stream and wait until it takes records."""
        self.call("CreateStream", StreamName=name, ShardCount=shards)
        time.sleep(0.01)

    def iterator(self, name: str) -> str:
        """Return where a stream's first shard begins."""
        answer = self.call(
            "GetShardIterator", StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )
        return answer["ShardIterator"]


def records(count: int, prefix: str = "key") -> list[dict[str, str]]:
    """Return records of a PutRecords request."""
    return [{"PartitionKey": f"{prefix}-{number}", "Data": DATA} for number in range(count)]


def in_process(handler: Handler) -> list[float]:
    """Return the figures of one handler: put, batch, batch on 64 shards, GetRecords."""
    service = InProcess(handler)
    service.make("one")
    figures = [service.milliseconds("PutRecord", PUTS, StreamName="one", PartitionKey="k", Data=DATA)]
    service.make("many")
    figures.append(service.milliseconds("PutRecords", BATCHES, StreamName="many", Records=records(500)))
    service.make("wide", 64)
    figures.append(service.milliseconds("PutRecords", BATCHES, StreamName="wide", Records=records(500)))
    service.make("backlog", 1)
    for _ in range(BACKLOG // 500):
        service.call("PutRecords", StreamName="backlog", Records=records(500))
    iterator = service.iterator("backlog")
    figures.append(service.milliseconds("GetRecords", 1, ShardIterator=iterator, Limit=BACKLOG))
    return figures


def read_without_the_api(service: KinesisService) -> float:
    """Return the CPU time of reading 10,000 records as an event source mapping does, in milliseconds."""
    arn = f"arn:aws:kinesis:{emulator.REGION}:{emulator.ACCOUNT}:stream/backlog"
    rounds: list[float] = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        found = service.read(arn, "shardId-000000000000", None, BACKLOG)
        rounds.append((time.process_time() - begin) * 1000)
        if found is None or len(found) != BACKLOG:
            raise RuntimeError("the backlog is not there")
    return statistics.median(rounds)


def memory_and_restart(folder: Path) -> tuple[float, float, float]:
    """Return bytes of memory and of disk per record of 100 bytes, and the seconds that 100,000 take to come back."""
    import tracemalloc

    count = 100_000
    service = KinesisService(folder, transition_seconds=0)
    process = InProcess(service.handle)
    process.make("memory", 2)
    tracemalloc.start()
    before, _peak = tracemalloc.get_traced_memory()
    for number in range(count // 500):
        process.call("PutRecords", StreamName="memory", Records=records(500, f"key-{number}"))
    after, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    service.stop()
    disk = sum(path.stat().st_size for path in folder.rglob("*.log"))
    begin = time.perf_counter()
    KinesisService(folder)
    return (after - before) / count, disk / count, time.perf_counter() - begin


class OverHttp:
    """The calls of a client on a served cloud, and how long each took, in milliseconds."""

    def __init__(self, url: str) -> None:
        self._kinesis = Clients.local(url).kinesis
        self._kinesis.create_stream(StreamName="http", ShardCount=1)
        time.sleep(0.05)
        answer = self._kinesis.get_shard_iterator(
            StreamName="http", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )
        self._iterator = answer["ShardIterator"]
        self.took: tuple[list[float], ...] = ([], [], [])

    def measure(self) -> None:
        """Make some calls of each kind."""
        kinesis = self._kinesis
        batch: Any = [{"PartitionKey": f"key-{number}", "Data": b"x" * 100} for number in range(500)]
        calls: list[tuple[int, Callable[[], Any]]] = [
            (200, lambda: kinesis.put_record(StreamName="http", PartitionKey="k", Data=b"x" * 100)),
            (10, lambda: kinesis.put_records(StreamName="http", Records=batch)),
            (10, lambda: kinesis.get_records(ShardIterator=self._iterator, Limit=1000)),
        ]
        for (count, call), took in zip(calls, self.took, strict=True):
            for _ in range(count):
                begin = time.perf_counter()
                call()
                took.append((time.perf_counter() - begin) * 1000)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        emulator.configure(port=4566, state_folder=folder)
        from ministack.services import kinesis  # pyright: ignore[reportMissingTypeStubs]

        theirs: Any = kinesis.handle_request
        memory = KinesisService(None, transition_seconds=0)
        durable = KinesisService(folder / "log", transition_seconds=0)
        columns = [in_process(handler) for handler in (theirs, memory.handle, durable.handle)]
        goals = ("0.1 ms", "3 ms", "3 ms", "")
        names = ("PutRecord of 100 bytes", "PutRecords of 500, 2 shards", "PutRecords of 500, 64 shards",
                 "GetRecords of 10,000")  # fmt: skip
        print("| in-process, CPU | MiniStack | ours, in memory | ours, durable | goal |\n|---|---|---|---|---|")
        for what, goal, *cells in zip(names, goals, *columns, strict=True):
            print(f"| {what} | {' | '.join(f'{cell:.3f} ms' for cell in cells)} | {goal} |")
        print(f"| read of 10,000 without the API | – | – | {read_without_the_api(durable):.1f} ms | 10 ms |")
        each, disk, back = memory_and_restart(folder / "memory")
        print(f"\nA record of 100 bytes takes {each:.0f} bytes of memory (goal 600) and {disk:.0f} of disk; ", end="")
        print(f"100,000 records are back {back:.2f} s after a start.\n")
    _compare_over_http()


def _compare_over_http() -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        alone, ours = Path(one), Path(two)
        environment = {"LAB_HOME": str(ours / "lab"), "PYTHONPATH": str(ROOT)}
        with (
            served(_ministack, _ministack_environment(alone), alone) as (their_url, _),
            served(_ours, environment, ours) as (our_url, _pid),
        ):
            clouds = [OverHttp(url) for url in (their_url, our_url)]
            for _ in range(2 * ROUNDS):  # by turns: a machine is never the same twice
                for cloud in clouds:
                    cloud.measure()
    print("| over HTTP, median | MiniStack | ours |\n|---|---|---|")
    names = ("PutRecord", "PutRecords of 500", "GetRecords of 1,000")
    for what, *took in zip(names, *(cloud.took for cloud in clouds), strict=True):
        print(f"| {what} | {' | '.join(f'{statistics.median(each):.2f} ms' for each in took)} |")


if __name__ == "__main__":
    main()
