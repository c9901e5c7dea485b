"""Checks `great_amounts`: deploys the program, sees that it works, and calculates from its own resources.

Time and bill come from what is deployed (shards, mapping, function), not from the clock of this machine.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.cost.prices import function_usd, stream_hour_usd, stream_records_usd
from lab.numbers import decimal, whole

if TYPE_CHECKING:
    from lab.cost.prices import Mode
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

BACKLOG, RECORD_BYTES = 3_600_000, 1024
DRAIN_SECONDS, BUDGET_USD = 600, Decimal("0.15")
CALL_SECONDS, RECORD_SECONDS = 0.1, 0.002
SHARD_READS = 2 * 1024**2 / RECORD_BYTES
"""Records a second that a shard gives to one consumer: 2 MB."""
MOST_RECORDS_A_CALL = 4000
"""Of 1 KB, in base64 and JSON, below 6 MB."""
USEFUL_BATCH, USUAL_MEMORY_MB = 50, 256
KEYS, RECORDS_A_KEY = 6, 20


def check(attempt: Attempt) -> None:
    """Deploy, send a small backlog, then calculate the great one."""
    attempt.read("program.py")
    cloud = attempt.cloud(time_scale=0.01)
    outputs: Any = cloud.up().get("basic") or {}
    attempt.require(outputs.get("EventSourceMappingId") and outputs.get("KinesisStreamName"), "not_exported")
    found = _deployed(cloud, outputs)
    _works(attempt, cloud, outputs, found)
    batch = min(found["batch"], MOST_RECORDS_A_CALL)
    seconds = CALL_SECONDS + RECORD_SECONDS * batch
    attempt.require(seconds < found["timeout"], "timeout", seconds=decimal(seconds), **found)
    rate = found["shards"] * found["factor"] * batch / seconds
    lanes = found["shards"] * found["factor"]
    values = {"rate": whole(round(rate)), "minutes": decimal(BACKLOG / rate / 60), "lanes": lanes}
    attempt.require(BACKLOG / rate <= DRAIN_SECONDS, "too_slow", **values, **found)
    readable = found["shards"] * SHARD_READS
    attempt.require(
        BACKLOG / readable <= DRAIN_SECONDS, "read_limit", readable=whole(round(readable)),
        minutes=decimal(BACKLOG / readable / 60), **found,
    )  # fmt: skip
    _affordable(attempt, found, batch, seconds)


def _deployed(cloud: Workbench, outputs: Any) -> dict[str, Any]:
    mapping = cloud.clients.lambda_.get_event_source_mapping(UUID=outputs["EventSourceMappingId"])
    function = cloud.clients.lambda_.get_function_configuration(FunctionName=outputs["ConsumerFunctionName"])
    summary: Any = cloud.clients.kinesis.describe_stream_summary(StreamName=outputs["KinesisStreamName"])
    stream = summary["StreamDescriptionSummary"]
    on_demand = stream.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND"
    return {
        "mode": "on-demand" if on_demand else "provisioned",
        "shards": stream["OpenShardCount"],
        "batch": mapping.get("BatchSize", 100),
        "factor": mapping.get("ParallelizationFactor", 1),
        "memory": function.get("MemorySize", 128),
        "timeout": function.get("Timeout", 3),
    }


def _works(attempt: Attempt, cloud: Workbench, outputs: Any, found: dict[str, Any]) -> None:
    """Every record is stored, each shard takes part, and no call gets more than it should."""
    sent = KEYS * RECORDS_A_KEY
    readings = [{"sensor": "temperature", "value": number} for number in range(sent)]
    cloud.put(outputs["KinesisStreamName"], readings, key=lambda number: f"device-{number % KEYS}")

    def calls() -> list[dict[str, Any]]:
        return [each for each in cloud.trace() if each["event"] == "outcome" and each["outcome"] == "succeeded"]

    done = cloud.eventually(lambda: sum(call["count"] for call in calls()) >= sent, seconds=20)
    stored = len(cloud.items(outputs["DynamoDBTableName"]))
    attempt.require(done and stored == sent, "not_stored", stored=stored, sent=sent)


def _affordable(attempt: Attempt, found: dict[str, Any], batch: int, seconds: float) -> None:
    mode: Mode = found["mode"]
    calls, milliseconds = -(-BACKLOG // batch), round(1000 * seconds)
    hours, records = stream_hour_usd(mode, found["shards"]), stream_records_usd(mode, BACKLOG, RECORD_BYTES)
    functions = function_usd(calls, milliseconds, found["memory"])
    total = hours + records + functions
    if total <= BUDGET_USD:
        return
    parts: dict[str, object] = {
        "total": decimal(total, 3), "hours": decimal(hours, 3), "records": decimal(records, 3),
        "functions": decimal(functions, 3), "calls": whole(calls), **found,
    }  # fmt: skip
    attempt.require(mode != "on-demand", "on_demand", **parts)
    attempt.require(found["memory"] <= USUAL_MEMORY_MB, "memory", **parts)
    attempt.require(batch >= USEFUL_BATCH, "small_batches", **parts)
    attempt.fail("too_dear", **parts)
