from __future__ import annotations

import re
from decimal import Decimal

import pytest

from lab.cost.bill import Session, bills
from lab.cost.prices import PRICES
from lab.cost.resources import FREE, PRICED, Use
from lab.cost.workloads import WORKLOADS
from lab.deploy.planning import PlannedResource
from lab.deploy.provider.resources import RESOURCES
from lab.target import LESSONS
from lab.workspace import ROOT

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")

A_FIFTH = Decimal("0.2")
PAGE = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8").partition("## What `lab cost` says")[2]
WORKED = {
    (lesson, int(events.replace(",", ""))): (Decimal(by_hand), Decimal(told), why)
    for lesson, events, by_hand, told, why in re.findall(
        r"^\| (\w+) \| ([\d,]+) \| ([\d.]+) \| ([\d.]+) \| (.*) \|$", PAGE, re.MULTILINE
    )
}
"""Lesson and events to USD of two hours: worked out by hand when the project began, told by `lab cost`; and why."""

CHANGED = {
    "basic": {"shard_count": 3, "sensor_index": False, "batch_size": 10},
    "votes": {"counting": "transactional"},
    "purchases": {"batch_size": 10},
    "orders": {"batch_size": 100},
    "archive": {"layout": "batch"},
}
LARGER = {
    "basic": {"retention_hours": 200, "destination": "s3"},
    "orders": {"capacity": "on-demand", "alarms": False},
    "archive": {"memory_mb": 512},
}


def by_lesson(planned, **session):
    return {bill.lesson: bill for bill in bills(planned, Session(**session))}


def usd(planned, lesson, column="session", **session) -> Decimal:
    return getattr(by_lesson(planned, **session)[lesson].total, column)


@pytest.mark.parametrize(("lesson", "events"), WORKED)
def test_a_session_costs_what_the_page_says_and_great_differences_are_explained(plan, lesson, events):
    by_hand, told, why = WORKED[lesson, events]
    found = usd(plan(), lesson, events=events)
    assert round(found, 3) == told
    assert (abs(found / by_hand - 1) > A_FIFTH) == bool(why)


def test_the_page_compares_every_lesson():
    assert WORKED.keys() == {(lesson, events) for lesson in LESSONS for events in (1000, 10_000)}


def test_the_great_differences_come_from_what_the_page_says(plan):
    by_hand, *_others = WORKED["votes", 10_000]
    assert abs(usd(plan(**CHANGED), "votes", events=10_000) / by_hand - 1) < A_FIFTH
    by_hand, *_others = WORKED["purchases", 1000]
    bill = by_lesson(plan(), events=1000)["purchases"]
    watching = sum(bill.lines[unit].session for unit in ("cloudwatch_alarm_hours", "cloudwatch_custom_metric_hours"))
    assert abs((bill.total.session - watching) / by_hand - 1) < A_FIFTH


@pytest.mark.parametrize(
    ("lesson", "worked"), [("basic", 10.8), ("votes", 10.8), ("purchases", 0), ("orders", 10.8), ("archive", 21.6)]
)
def test_a_month_in_which_it_is_forgotten_costs_its_shards_and_alarms(plan, lesson, worked):
    alarms = sum(each.type.endswith(":MetricAlarm") and each.name.startswith(lesson) for each in plan())
    forgotten = usd(plan(), lesson, "forgotten")
    assert forgotten == pytest.approx(
        Decimal(worked) + alarms * PRICES["cloudwatch_alarm_hours"] * 720, abs=Decimal("0.001")
    )


def test_an_on_demand_stream_costs_more_when_it_is_forgotten(plan):
    assert round(usd(plan(**LARGER), "orders", "forgotten", events=0), 9) == Decimal("28.8")


def test_all_that_the_lessons_ask_for_is_priced_or_free(plan):
    assert {resource.type for resource in plan()} <= PRICED.keys() | FREE
    assert {lesson: bill.unpriced for lesson, bill in by_lesson(plan()).items()} == dict.fromkeys(LESSONS, ())


def test_all_that_the_local_cloud_deploys_is_priced_or_free():
    assert RESOURCES.keys() <= PRICED.keys() | FREE
    assert not PRICED.keys() & FREE


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize("events", [0, 1, 1001])
def test_events_reach_only_resources_that_are_there(plan, lesson, events):
    resources = {resource.name: resource.inputs for resource in plan()}
    uses = WORKLOADS[lesson](resources, events)
    assert uses.keys() <= resources.keys()
    if not events:
        assert {use for use in uses.values() if use != Use(milliseconds=use.milliseconds)} <= {Use(record_bytes=200)}


def test_without_events_a_session_costs_its_hours(plan):
    for bill in bills(plan(), Session(events=0)):
        assert bill.total.session == 2 * bill.total.hour


@pytest.mark.parametrize(
    ("settings", "lesson", "unit", "column", "factor"),
    [
        (CHANGED, "basic", "kinesis_shard_hours", "hour", "3"),
        (CHANGED, "basic", "dynamodb_write_units", "session", "0.5"),
        (CHANGED, "basic", "lambda_requests", "session", "10"),
        (CHANGED, "votes", "dynamodb_write_units", "session", "20"),
        (CHANGED, "purchases", "lambda_requests", "session", "10"),
        (CHANGED, "orders", "lambda_requests", "session", "0.1176"),  # 10 batches and 2 calls of the producer, not 102
        (CHANGED, "archive", "s3_put_and_list_requests", "session", "0.02"),
        (LARGER, "archive", "lambda_gb_seconds_arm64", "session", "2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_make_a_difference(plan, settings, lesson, unit, column, factor):
    usual, changed = (by_lesson(planned, events=1000)[lesson].lines[unit] for planned in (plan(), plan(**settings)))
    assert round(getattr(changed, column) / getattr(usual, column), 4) == Decimal(factor)


def test_longer_retention_and_failures_in_a_bucket_cost_more(plan):
    lines, usual = (by_lesson(planned)["basic"].lines for planned in (plan(**LARGER), plan()))
    assert lines.keys() - usual.keys() == {
        "kinesis_extended_retention_shard_hours",
        "kinesis_long_term_retention_gb_hours",
        "cloudwatch_custom_metric_hours",
    }


def resource(type_, name="basic-added", **inputs):
    return PlannedResource(type_, name, inputs)


@pytest.mark.parametrize(
    ("added", "an_hour"),
    [
        (resource("aws:kms/key:Key"), Decimal(1) / 730),
        (resource("aws:kinesis/stream:Stream", encryptionType="KMS"), Decimal("0.015") + 24 * PRICES["kms_requests"]),
        (resource("aws:dynamodb/table:Table", readCapacity=5, writeCapacity=2), Decimal("0.00195")),
        (resource("aws:sqs/queue:Queue"), 0),
        (resource("aws:sns/topic:Topic"), 0),
    ],
    ids=lambda value: value.type if isinstance(value, PlannedResource) else "",
)
def test_what_a_person_adds_is_priced(plan, added, an_hour):
    before, after = (usd(planned, "basic", "hour") for planned in (plan(), [*plan(), added]))
    assert after - before == an_hour


def test_what_nobody_priced_is_told(plan):
    bill = by_lesson([*plan(), resource("aws:rds/instance:Instance")])["basic"]
    assert bill.unpriced == ("aws:rds/instance:Instance",)
    assert bill.total == by_lesson(plan())["basic"].total


def test_a_lesson_that_lacks_what_its_events_need_is_priced_without_them(plan):
    bill = by_lesson([each for each in plan() if each.name != "basic-reader-mapping"])["basic"]
    assert bill.unpriced == ("basic (events)",)
    assert bill.total.session == 2 * bill.total.hour


def test_what_belongs_to_no_lesson_has_a_bill_of_its_own(plan):
    added = resource("aws:kinesis/stream:Stream", "mine", shardCount=2)
    last = bills([*plan(), added], Session())[-1]
    assert (last.lesson, last.total.hour) == ("mine", Decimal("0.03"))
    assert last.unpriced == ("mine (events)",)
