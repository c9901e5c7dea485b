"""Checks `parallelization`: makes the experiment itself, five times as fast, and compares what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

ORDERS, CUSTOMERS, BATCH, FACTOR = 40, 20, 5, 4
CONSUMER = """
import time

def lambda_handler(event, context):
    time.sleep(0.1)
"""
NAMES = ("one", "four", "one_customer")
ORDER = ("kept", "mixed")


def check(attempt: Attempt) -> None:
    """Ask for all answers, then make the experiment."""
    predicted = {name: attempt.number(f"prediction.{name}") for name in NAMES}
    seen = {name: attempt.number(f"observed.{name}") for name in NAMES}
    of_all = attempt.choice("observed.order_of_all", ORDER)
    of_a_customer = attempt.choice("observed.order_of_a_customer", ORDER)
    cloud = attempt.cloud()
    many, single = cloud.stream(), cloud.stream()
    cloud.put(many, list(range(ORDERS)), key=lambda number: f"customer-{number % CUSTOMERS + 1}")
    cloud.put(single, list(range(ORDERS)), key="customer-1")
    # All three at once: mappings do not disturb each other.
    runs = {"one": _begin(cloud, many, 1), "four": _begin(cloud, many, FACTOR)}
    runs["one_customer"] = _begin(cloud, single, FACTOR)
    cloud.eventually(lambda: all(_done(cloud, function) == ORDERS for function in runs.values()))
    there = {name: _at_once(cloud, function) for name, function in runs.items()}
    most = max(seen.values())
    attempt.require(most not in (BATCH, ORDERS, ORDERS // BATCH), "counted_all", seen=most)
    attempt.require(seen["one"] == there["one"], "one_other", seen=seen["one"])
    attempt.require(seen["four"] != 1, "not_deployed_factor")
    attempt.require(1 < seen["four"] <= FACTOR, "four_other", seen=seen["four"])
    attempt.require(seen["one_customer"] != seen["four"], "several_customers", seen=seen["one_customer"])
    attempt.require(seen["one_customer"] == there["one_customer"], "one_customer_other", seen=seen["one_customer"])
    attempt.require(of_all == ("kept" if _in_order(cloud, runs["four"]) else "mixed"), "order_of_all")
    attempt.require(of_a_customer == "kept", "order_of_a_customer")
    for name in NAMES:
        if predicted[name] != there[name]:
            attempt.note(name, predicted=predicted[name], seen=there[name])


def _begin(cloud: Workbench, stream: str, factor: int) -> str:
    function = cloud.function("consumer.lambda_handler", files={"consumer.py": CONSUMER})
    cloud.mapping(cloud.stream_arn(stream), function, BatchSize=BATCH, ParallelizationFactor=factor)
    return function


def _events(cloud: Workbench, function: str, kind: str) -> list[dict[str, Any]]:
    return [event for event in cloud.trace(function) if event["event"] == kind]


def _done(cloud: Workbench, function: str) -> int:
    return sum(event["count"] for event in _events(cloud, function, "outcome"))


def _at_once(cloud: Workbench, function: str) -> int:
    """Return how many invocations were under way at the same moment, at most."""
    most = under_way = 0
    for event in cloud.trace(function):
        under_way += {"invoked": 1, "outcome": -1}.get(event["event"], 0)
        most = max(most, under_way)
    return most


def _in_order(cloud: Workbench, function: str) -> bool:
    """Say whether each batch began behind the end of the one before it."""
    batches = _events(cloud, function, "invoked")
    return all(int(one["last"]) < int(other["first"]) for one, other in zip(batches, batches[1:], strict=False))
