"""Asking for the bills of a stack, and telling them: to a person in tables, to a program as data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.cost.bill import NOTHING, Amounts, Bill, Session, bills
from lab.cost.prices import DATE, REGION
from lab.cost.workloads import assumptions
from lab.errors import LabError
from lab.numbers import decimal, whole
from lab.terminal import say, say_paragraph, styled, table
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.target import Target

_HOUR_DIGITS, _FORGOTTEN_DIGITS = 4, 2
_EXACT = Decimal("1e-9")
DAY_HOURS = 24


@dataclass(frozen=True)
class Estimate:
    """What a stack's lessons would cost on AWS."""

    stack: str
    region: str
    session: Session
    bills: Sequence[Bill]

    @property
    def total(self) -> Amounts:
        """All lessons together."""
        return sum((bill.total for bill in self.bills), NOTHING)

    def as_data(self) -> dict[str, Any]:
        """Return it for a program; amounts of USD are texts, so that nobody rounds them by reading them."""
        return {
            "stack": self.stack,
            "region": self.region,
            "prices": {"region": REGION, "date": DATE.isoformat()},
            "hours": str(self.session.hours),
            "events": self.session.events,
            "forgotten_hours": str(self.session.forgotten_hours),
            "lessons": {bill.lesson: _bill_as_data(bill) for bill in self.bills},
            "total": _amounts_as_data(self.total),
            "at_least": any(bill.unpriced for bill in self.bills),
            "assumptions": assumptions(),
        }

    def tell(self) -> None:
        """Print it: a table for each lesson, the lessons together, what is assumed."""
        labels = _labels()
        for bill in self.bills:
            say(styled(f"{bill.lesson}:", "bold"))
            rows = [(labels[unit], *_cells(amounts)) for unit, amounts in bill.lines.items()]
            table(self._headings(_("USD for")), [*rows, (_("together"), *_cells(bill.total, bill.unpriced))])
            say()
        if len(self.bills) > 1:
            self.tell_lessons()
            say()
        self.tell_limits()
        say()
        say(styled(_("Assumed:"), "bold"))
        for sentence in assumptions():
            say_paragraph(sentence)

    def tell_lessons(self) -> None:
        """Print a line for each lesson."""
        rows = [(bill.lesson, *_cells(bill.total, bill.unpriced)) for bill in self.bills]
        if len(rows) > 1:
            unpriced = any(bill.unpriced for bill in self.bills)
            rows.append((_("together"), *_cells(self.total, ("",) if unpriced else ())))
        table(self._headings(_("USD")), rows)

    def tell_limits(self) -> None:
        """Print whose prices these are, and what is not in them."""
        prices = _("On AWS, by the list prices of {region} on {date}; the local cloud costs nothing.").format(
            region=REGION, date=DATE
        )
        if self.region != REGION:
            prices += " " + _("Stack {stack} is in {region}, where prices are others, most of them higher.").format(
                stack=self.stack, region=self.region
            )
        say_paragraph(prices)
        if unused := [name for bill in self.bills for name in bill.unused]:
            say_paragraph(_("Not called in the session: {functions}.").format(functions=", ".join(unused)))
        if unpriced := sorted({name for bill in self.bills for name in bill.unpriced}):
            say_paragraph(
                _("AT LEAST that much: the lab does not know what these cost: {names}.").format(
                    names=", ".join(unpriced)
                )
            )

    def _headings(self, first: str) -> tuple[str, str, str, str]:
        events = ngettext("{count} event", "{count} events", self.session.events)
        session = f"{_plain(self.session.hours)} h, {events.format(count=whole(self.session.events))}"
        return first, _("an hour"), session, _("forgotten {time}").format(time=_time(self.session.forgotten_hours))


def estimate(target: Target, lessons: Sequence[str] | None, session: Session) -> Estimate:
    """Return what lessons would cost on AWS; the program is run, nothing is deployed, no cloud is needed.

    Args:
        target: the stack whose settings count.
        lessons: their names; None for those that `up` would deploy.
        session: what is asked.

    Raises:
        LabError: the program goes no further, or a file is wrong.
    """
    from lab.drawing import raise_unless_done

    result, planned = target.deployment.plan(lessons)
    raise_unless_done(result, preview=True)
    if not planned:
        raise LabError(
            _("Stack {stack} asks for no lessons, so there is nothing to price.").format(stack=target.stack),
            next_step=_("Name some: lab cost {lesson}").format(lesson="basic"),
        )
    return Estimate(target.stack, target.region, session, bills(planned, session))


def _bill_as_data(bill: Bill) -> dict[str, Any]:
    return {
        "total": _amounts_as_data(bill.total),
        "at_least": bool(bill.unpriced),
        "items": {unit: _amounts_as_data(amounts) for unit, amounts in bill.lines.items()},
        "unpriced": list(bill.unpriced),
        "unused": list(bill.unused),
    }


def _amounts_as_data(amounts: Amounts) -> dict[str, str]:
    named = {"hour": amounts.hour, "session": amounts.session, "forgotten": amounts.forgotten}
    return {name: f"{amount.quantize(_EXACT):f}" for name, amount in named.items()}


def _cells(amounts: Amounts, unpriced: Sequence[str] = ()) -> tuple[str, str, str]:
    cells = (
        _usd(amounts.hour, _HOUR_DIGITS),
        _usd(amounts.session, _HOUR_DIGITS),
        _usd(amounts.forgotten, _FORGOTTEN_DIGITS),
    )
    if not unpriced:
        return cells
    hour, session, forgotten = (_("AT LEAST {amount}").format(amount=cell) for cell in cells)
    return hour, session, forgotten


def _usd(amount: Decimal, digits: int) -> str:
    least = Decimal(1).scaleb(-digits)
    if not amount:
        return "0"
    return f"<{decimal(least, digits)}" if amount < least / 2 else decimal(amount, digits)


def _time(hours: Decimal) -> str:
    return f"{_plain(hours / DAY_HOURS)} d" if hours % DAY_HOURS == 0 else f"{_plain(hours)} h"


def _plain(number: Decimal) -> str:
    """Return a number with no more decimals than it has, two at most."""
    rounded = number.quantize(Decimal("0.01")).normalize()
    digits = -int(rounded.as_tuple().exponent)
    return decimal(rounded, digits) if digits > 0 else whole(int(rounded))


def _labels() -> dict[str, str]:
    """Return what people call the units of prices.toml."""
    return {
        "kinesis_shard_hours": _("Kinesis: provisioned shards"),
        "kinesis_put_units": _("Kinesis: PUT units of 25 KB"),
        "kinesis_extended_retention_shard_hours": _("Kinesis: shards that keep records for more than 24 hours"),
        "kinesis_consumer_shard_hours": _("Kinesis: shards of consumers with enhanced fan-out"),
        "kinesis_consumer_gb_out": _("Kinesis: data read with enhanced fan-out"),
        "kinesis_on_demand_stream_hours": _("Kinesis: streams on demand"),
        "kinesis_on_demand_gb_in": _("Kinesis: data written on demand"),
        "kinesis_on_demand_gb_out": _("Kinesis: data read on demand"),
        "kinesis_on_demand_extended_retention_gb_hours": _("Kinesis: data kept for more than 24 hours"),
        "kinesis_long_term_retention_gb_hours": _("Kinesis: data kept for more than 7 days"),
        "lambda_requests": _("Lambda: calls"),
        "lambda_gb_seconds_arm64": _("Lambda: GB-seconds, arm64"),
        "lambda_gb_seconds_x86_64": _("Lambda: GB-seconds, x86_64"),
        "dynamodb_write_units": _("DynamoDB: write units"),
        "dynamodb_read_units": _("DynamoDB: read units"),
        "dynamodb_write_capacity_hours": _("DynamoDB: write capacity"),
        "dynamodb_read_capacity_hours": _("DynamoDB: read capacity"),
        "dynamodb_storage_gb_hours": _("DynamoDB: storage"),
        "http_api_requests": _("API Gateway: requests"),
        "s3_put_and_list_requests": _("S3: PUT and LIST requests"),
        "s3_storage_gb_hours": _("S3: storage"),
        "athena_gb_scanned": _("Athena: data scanned"),
        "cloudwatch_log_gb_in": _("CloudWatch: log taken in"),
        "cloudwatch_log_storage_gb_hours": _("CloudWatch: log kept"),
        "cloudwatch_alarm_hours": _("CloudWatch: alarms"),
        "cloudwatch_custom_metric_hours": _("CloudWatch: custom metrics"),
        "sqs_requests": _("SQS: requests"),
        "sns_publishes": _("SNS: messages"),
        "kms_key_hours": _("KMS: keys"),
        "kms_requests": _("KMS: requests"),
    }
