"""What an execution environment costs: time to start, time per invocation, memory.

Run: `python -m benchmarks.execution`. Every figure is the median; CPU is this process's own, which is the cloud's.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import statistics
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lab.cloud.execution import CodePackage, Environments, FunctionVersion
from lab.cloud.execution.credentials import Credentials
from lab.cloud.execution.launcher import World

if TYPE_CHECKING:
    from lab.cloud.execution import LogEvent, Outcome

INVOCATIONS = 2000
STARTS = 10
SOURCE = """
import os

def resident_kib():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024

def silent(event, context):
    return None

def prints(event, context):
    print("one line")

def prints_much(event, context):
    for number in range(100):
        print("line", number)

def memory(event, context):
    return resident_kib()

def memory_with_boto3(event, context):
    import boto3
    return resident_kib()

def memory_with_client(event, context):
    import boto3
    boto3.client("dynamodb")
    return resident_kib()
"""


class Nowhere:
    """A log sink that forgets."""

    def write(self, function: FunctionVersion, stream: str, events: list[LogEvent]) -> None:
        """Forget the events."""


def function(handler: str) -> FunctionVersion:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("app.py", SOURCE)
    content = memory.getvalue()
    return FunctionVersion(
        name=handler,
        arn=f"arn:aws:lambda:us-east-1:000000000000:function:{handler}",
        version="$LATEST",
        runtime=f"python{sys.version_info[0]}.{sys.version_info[1]}",
        handler=f"app.{handler}",
        code=CodePackage(hashlib.sha256(content).hexdigest(), lambda: content),
        layers=(),
        timeout_seconds=10,
        memory_mb=256,
        environment=(),
        role_arn="arn:aws:iam::000000000000:role/benchmark",
        log_group=f"/aws/lambda/{handler}",
        region="us-east-1",
    )


async def starts(environments: Environments) -> None:
    whole: list[float] = []
    inits: list[float] = []
    for number in range(STARTS):
        version = replace(function("silent"), environment=(("NUMBER", str(number)),))
        began = time.perf_counter()
        outcome: Outcome = await environments.invoke(version, b"{}")
        whole.append((time.perf_counter() - began) * 1000)
        inits.append(outcome.init_ms or 0.0)
    print(f"cold start               {statistics.median(whole):8.1f} ms, of it init {statistics.median(inits):.1f} ms")


async def warm(environments: Environments, handler: str, payload: bytes, label: str) -> None:
    version = function(handler)
    await environments.invoke(version, payload)
    times: list[float] = []
    cpu = time.process_time()
    for _ in range(INVOCATIONS):
        began = time.perf_counter()
        await environments.invoke(version, payload)
        times.append((time.perf_counter() - began) * 1e6)
    cpu = (time.process_time() - cpu) / INVOCATIONS * 1e6
    print(f"{label:<24} {statistics.median(times):8.0f} us, of it {cpu:.0f} us CPU of the cloud")


async def memory(environments: Environments, handler: str, label: str) -> None:
    outcome = await environments.invoke(function(handler), b"{}")
    print(f"{label:<24} {int(outcome.payload) / 1024:8.1f} MB resident")


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="streamlab-benchmark-") as folder:
        world = World(Path(folder), "http://127.0.0.1:4566", lambda _: Credentials("a", "b", "c"), Nowhere(), print)
        async with Environments(world) as environments:
            print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
            await starts(environments)
            await warm(environments, "silent", b"{}", "warm, silent")
            await warm(environments, "prints", b"{}", "warm, prints a line")
            await warm(environments, "prints_much", b"{}", "warm, prints 100 lines")
            await warm(environments, "silent", b'"' + b"x" * 50_000 + b'"', "warm, event of 50 KB")
            await memory(environments, "memory", "idle")
            await memory(environments, "memory_with_boto3", "with boto3 imported")
            await memory(environments, "memory_with_client", "with a DynamoDB client")


if __name__ == "__main__":
    asyncio.run(main())
