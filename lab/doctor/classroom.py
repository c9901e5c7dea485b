"""A class in one account: what so many students need, and what an account has room for."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.doctor.finding import Finding, ok, warn, wrong
from lab.errors import LabError
from lab.numbers import decimal, whole
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lab.deploy.planning import PlannedResource
    from lab.deploy.stack import Stack

_LARGE_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
_SHARDS_LARGE, _SHARDS = 500, 200
"""Provisioned shards of an account, in the regions above and elsewhere (Kinesis developer guide, "Quotas and limits");
accounts with a history may have more."""
_ON_DEMAND_STREAMS = 50
_CREATE_STREAMS_A_SECOND = 5
_NEARLY_FULL = 0.8
_PAUSE_MINUTES = 1
_GROUP_STREAMS = 10
"""Streams that one group of students makes at once: what AWS takes in two seconds, and Pulumi's retries wait out."""
_LEARNER_LAB_CONCURRENCY = 10

_QUOTAS: dict[str, tuple[str, int]] = {
    "aws:dynamodb/table:Table": ("tables", 2500),
    "aws:iam/role:Role": ("roles", 1000),
    "aws:s3/bucket:Bucket": ("buckets", 10_000),
    "aws:cloudwatch/logGroup:LogGroup": ("log-groups", 1_000_000),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("alarms", 5000),
    "aws:athena/workgroup:Workgroup": ("workgroups", 1000),
    "aws:glue/catalogDatabase:CatalogDatabase": ("databases", 10_000),
    "aws:sns/topic:Topic": ("topics", 100_000),
}
"""How many of a type an account may have, in a region or in all (each service's quotas page, November 2026). Streams,
shards and concurrency are counted below; queues and functions have no quota that a class could meet."""


@dataclass(frozen=True)
class Needs:
    """What one student's stack takes of an account."""

    counts: Counter[str]
    """Resources by type."""
    on_demand: int
    """Streams."""
    shards: int
    """Provisioned ones."""
    concurrency: int
    """Functions that run at once when every shard has records; what an API adds comes on top."""
    usd_per_hour: Decimal

    @classmethod
    def of(cls, planned: Sequence[PlannedResource]) -> Needs:
        """Count what a program asks for."""
        from lab.cost.bill import Session, bills

        streams = [each.inputs for each in planned if each.type == "aws:kinesis/stream:Stream"]
        mappings = [each.inputs for each in planned if each.type == "aws:lambda/eventSourceMapping:EventSourceMapping"]
        shards = sum(int(each.get("shardCount") or 0) for each in streams)
        on_demand = sum(1 for each in streams if _is_on_demand(each))
        # An on-demand stream begins with four shards; a small table's stream has one.
        of_tables = sum(1 for each in mappings if ":dynamodb:" in str(each.get("eventSourceArn")))
        factor = max((int(each.get("parallelizationFactor") or 1) for each in mappings), default=1)
        return cls(
            Counter(each.type for each in planned),
            on_demand,
            shards,
            (shards + 4 * on_demand + of_tables) * factor,
            sum((bill.total.hour for bill in bills(planned, Session(Decimal(0), 0, Decimal(0)))), Decimal(0)),
        )

    @property
    def streams(self) -> int:
        """Streams of either kind."""
        return self.counts["aws:kinesis/stream:Stream"]


def _is_on_demand(stream: Mapping[str, Any]) -> bool:
    details: Mapping[str, Any] = stream.get("streamModeDetails") or {}
    return details.get("streamMode") == "ON_DEMAND"


def findings(stack: Stack, lessons: Sequence[str] | None, students: int, region: str) -> Iterator[Finding]:
    """Yield what an account must have room for when so many students deploy some lessons.

    Args:
        stack: whose settings every student has.
        lessons: which; None for those of the stack.
        students: how many.
        region: where.

    Raises:
        LabError: the program cannot say what it would deploy.
    """
    result, planned = stack.plan(lessons)
    if not result.ok:
        raise LabError(_("The program cannot be run."), why=" ".join(result.errors))
    needs = Needs.of(planned)
    if needs.on_demand:
        provisioned = _("Or set capacity: provisioned for the lessons.")
        yield _room("on-demand-streams", students * needs.on_demand, _ON_DEMAND_STREAMS, provisioned)
    if needs.shards:
        most = _SHARDS_LARGE if region in _LARGE_REGIONS else _SHARDS
        yield _room("shards", students * needs.shards, most, _("Or set a smaller shard_count for the lessons."))
    for type_, (about, quota) in _QUOTAS.items():
        if needs.counts[type_]:
            yield _room(about, students * needs.counts[type_], quota)
    yield _concurrency(students * needs.concurrency, needs.concurrency)
    yield _groups(students, needs)
    yield _cost(students, needs)


def _room(about: str, needed: int, quota: int, otherwise: str = "") -> Finding:
    text = _("{needed} of the {quota} that an account has").format(needed=whole(needed), quota=whole(quota))
    more = _("Ask AWS for more in time (Service Quotas), or use a second account or region.")
    next_step = f"{more} {otherwise}".strip()
    if needed > quota:
        return wrong(about, text, next_step)
    return warn(about, text, next_step) if needed > _NEARLY_FULL * quota else ok(about, text)


def _concurrency(all_: int, one: int) -> Finding:
    text = _("{needed} of 1,000 functions at once when all students send at once").format(needed=whole(all_))
    if one > _LEARNER_LAB_CONCURRENCY:
        return warn(
            "concurrency",
            _("{text}; a Learner Lab may have {limit} for a student, who needs {one}").format(
                text=text, limit=_LEARNER_LAB_CONCURRENCY, one=whole(one)
            ),
            _("In a Learner Lab, deploy fewer lessons at once."),
        )
    if all_ > _NEARLY_FULL * 1000:
        return warn("concurrency", text, _("Ask AWS for more in time (Service Quotas: Lambda, concurrent executions)."))
    note = _("a new account, and a Learner Lab for each student, may have {limit}").format(
        limit=_LEARNER_LAB_CONCURRENCY
    )
    return ok("concurrency", f"{text}; {note}")


def _groups(students: int, needs: Needs) -> Finding:
    """Say how to begin, so that nobody is throttled: CreateStream and the like are limited for all together."""
    if students * needs.streams <= _CREATE_STREAMS_A_SECOND:
        return ok("start", _("all at once"))
    size = max(_GROUP_STREAMS // max(needs.streams, 1), 1)
    groups = math.ceil(students / size)
    text = _("{streams} streams in all, and an account takes {rate} CreateStream calls a second")
    if groups == 1:
        return ok("start", text.format(streams=whole(students * needs.streams), rate=_CREATE_STREAMS_A_SECOND))
    return warn(
        "start",
        text.format(streams=whole(students * needs.streams), rate=_CREATE_STREAMS_A_SECOND),
        _(
            "Let {size} students at a time run `pulumi up`, a minute apart: {groups} groups, about {minutes} minutes."
        ).format(size=whole(size), groups=whole(groups), minutes=whole(groups * _PAUSE_MINUTES)),
    )


def _cost(students: int, needs: Needs) -> Finding:
    hour = float(students * needs.usd_per_hour)
    text = _("{hour} USD an hour while nobody sends, {month} USD if it is forgotten for a month")
    shown = text.format(hour=decimal(hour, 2), month=decimal(hour * 720, 0))
    return Finding("cost", "ok", shown, _("At the end: lab leftovers --stack NAME --aws --all-students"))
