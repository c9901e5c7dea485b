"""Checks `starting_position`: makes the experiment itself and compares what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

BEFORE, AFTER = 5, 3
CONSUMER = "def lambda_handler(event, context):\n    return None\n"


def check(attempt: Attempt) -> None:
    """Ask for all answers, then make the experiment."""
    predicted = {name: attempt.number(f"prediction.{name}") for name in ("latest", "trim_horizon")}
    seen = {name: attempt.number(f"observed.{name}") for name in ("latest", "trim_horizon", "repeats")}
    latest, trim_horizon, repeats = _experiment(attempt.cloud(time_scale=0.01))
    attempt.require(seen["latest"] != BEFORE + AFTER, "latest_all")
    attempt.require(seen["latest"] != BEFORE, "latest_lost")
    attempt.require(seen["latest"] == latest, "latest_other", seen=seen["latest"])
    attempt.require(seen["trim_horizon"] != trim_horizon + repeats, "counted_lines")
    attempt.require(seen["trim_horizon"] not in (BEFORE, AFTER), "trim_horizon_some", seen=seen["trim_horizon"])
    attempt.require(seen["trim_horizon"] == trim_horizon, "trim_horizon_other", seen=seen["trim_horizon"])
    attempt.require(seen["repeats"] == repeats, "repeats_other", seen=seen["repeats"])
    if predicted["latest"] != latest:
        attempt.note("latest", predicted=predicted["latest"], seen=latest)
    if predicted["trim_horizon"] != trim_horizon:
        attempt.note("trim_horizon", predicted=predicted["trim_horizon"], seen=trim_horizon)


def _experiment(cloud: Workbench) -> tuple[int, int, int]:
    """Return how many orders LATEST processed, how many in all after TRIM_HORIZON, and how many of them again."""
    stream = cloud.stream()
    function = cloud.function("consumer.lambda_handler", files={"consumer.py": CONSUMER})
    cloud.put(stream, [{"order": number} for number in range(BEFORE)])
    mapping = cloud.mapping(cloud.stream_arn(stream), function, StartingPosition="LATEST", BatchSize=1)
    cloud.put(stream, [{"order": BEFORE + number} for number in range(AFTER)])
    cloud.eventually(lambda: len(_processed(cloud)) >= AFTER, seconds=20)
    first = _processed(cloud)
    cloud.clients.lambda_.delete_event_source_mapping(UUID=mapping)
    cloud.eventually(lambda: not cloud.clients.lambda_.list_event_source_mappings()["EventSourceMappings"])
    cloud.mapping(cloud.stream_arn(stream), function, StartingPosition="TRIM_HORIZON", BatchSize=1)
    cloud.eventually(lambda: len(_processed(cloud)) >= len(first) + BEFORE + AFTER, seconds=20)
    both = _processed(cloud)
    return len(set(first)), len(set(both)), len(both) - len(set(both))


def _processed(cloud: Workbench) -> list[str]:
    """Return the sequence numbers that the function was given, one record a batch."""
    return [event["first"] for event in cloud.trace() if event["event"] == "outcome"]
