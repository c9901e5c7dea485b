"""Lesson orders: orders through the producer function; what the consumer logged of them."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handlers.orders.order import PROCESSED
from lab.errors import LabError
from lab.invoking import invoke
from lab.lessons.stream import StreamSender
from lab.lessons.telling import tell_of_older_ones
from lab.log_reading import LogLine, LogReader
from lab.numbers import whole
from lab.sending import Event
from lab.short_names import short_event
from lab.terminal import say, styled, table
from lab.times import shown
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lab.lessons.contract import Order as SendOrder
    from lab.sending import Sent
    from lab.target import Target

_A_REQUEST = 500
"""Orders that the producer is asked for at once, so that progress shows."""
_REQUESTS_A_SECOND = 4  # at a given rate
_NOT_AN_ORDER = (b'{"order_id": "no-quantity", "product": "mouse"}', b"keyboard;1;49.90")


def sender(target: Target, outputs: Mapping[str, Any], advanced: Callable[[int], None]) -> OrdersSender:
    """Return what has the producer send."""
    return OrdersSender(target, outputs, advanced)


def outcome(target: Target, outputs: Mapping[str, Any], *, limit: int) -> Processed:
    """Read the consumer's log."""
    return read_processed(LogReader(target.clients.logs, outputs["ConsumerLogGroupName"], 0), newest=limit)


class OrdersSender:
    """Has the producer send orders; what is no order is put into the stream beside it, as a stranger would."""

    def __init__(self, target: Target, outputs: Mapping[str, Any], advanced: Callable[[int], None]) -> None:
        self.place: str = outputs["KinesisStreamName"]
        self._producer: str = outputs["ProducerFunctionName"]
        self._lambda = target.clients.lambda_
        self._advanced = advanced
        self._stream = StreamSender(target, self.place, _strangers, advanced)

    @property
    def sent(self) -> Sent:
        """What has been accepted so far."""
        return self._stream.sent

    def send(self, order: SendOrder) -> None:
        """Send all of it.

        Raises:
            LabError: the producer failed, or could not get rid of some.
        """
        if order.data is not None:
            self._stream.send(order)
            return
        self._have_sent(order.count - order.poison, order.keys, order.rate)
        if order.poison:
            self._stream.send(order)

    def _have_sent(self, count: int, customers: int, rate: float | None) -> None:
        started = time.monotonic()
        most = _A_REQUEST if rate is None else max(1, min(_A_REQUEST, int(rate / _REQUESTS_A_SECOND)))
        for begun in range(0, count, most):
            if rate is not None:
                time.sleep(max(0.0, started + begun / rate - time.monotonic()))
            self._request(min(most, count - begun), customers)

    def _request(self, count: int, customers: int) -> None:
        invocation = invoke(self._lambda, self._producer, {"count": count, "customers": customers})
        if invocation.error:
            raise LabError(
                _("The producer failed; {count} orders had been sent.").format(count=whole(self.sent.events)),
                why=invocation.reason,
                next_step=_("See its log: lab logs orders.producer"),
            )
        answer = invocation.answer
        self.sent.by_shard.update(answer["by_shard"])
        self.sent.resent += answer["resent"]
        self._advanced(answer["sent"])
        if missing := answer["failed"] + answer["unknown"]:
            raise LabError(
                _("The stream refused {count} orders again and again.").format(count=whole(len(missing))),
                next_step=_("Send more slowly (--rate), or give the stream more shards."),
            )


def _strangers(order: SendOrder) -> Iterator[Event]:
    for number in range(order.poison):
        yield Event(key=f"stranger-{number % order.keys + 1}", payload=_NOT_AN_ORDER[number % len(_NOT_AN_ORDER)])


@dataclass(frozen=True)
class Processed:
    """What the consumer logged."""

    orders: int
    """Different orders."""
    deliveries: int
    """How often one was processed: more than there are orders where a batch came again."""
    newest: list[dict[str, Any]]
    """Some of them, newest first: time, order_id, event_id."""
    by_shard: Counter[str]

    def as_data(self) -> dict[str, Any]:
        """Return them for a program."""
        return {"orders": {"count": self.orders, "deliveries": self.deliveries, "newest": self.newest}}

    def tell(self) -> None:
        """Print them as a table."""
        text = ngettext("{count} order processed", "{count} orders processed", self.orders)
        say(styled(text.format(count=whole(self.orders)), "bold"))
        if not self.newest:
            say("  " + _("Nothing has arrived yet. Send something: lab send {lesson}").format(lesson="orders"))
            return
        table(
            (_("time"), "order_id", "event_id"),
            [(line["time"], line["order_id"], short_event(line["event_id"])) for line in self.newest],
        )
        if self.orders > len(self.newest):
            tell_of_older_ones(self.orders - len(self.newest))
        if repeated := self.deliveries - self.orders:
            text = ngettext(
                "{count} line is a repeat: the batch came again. At least once is what a stream promises; the "
                "order_id tells that it is the same order.",
                "{count} lines are repeats: their batch came again. At least once is what a stream promises; the "
                "order_id tells that it is the same order.",
                repeated,
            )
            say("  " + text.format(count=whole(repeated)))


def read_processed(log: LogReader, *, newest: int) -> Processed:
    """Read the whole log (a lesson's is small); keep the `newest` orders."""
    first_seen: dict[str, dict[str, Any]] = {}
    deliveries = 0
    for line in log.read():
        fields = _fields(line.message)
        if fields.get("message") != PROCESSED:
            continue
        deliveries += 1
        told = {"time": shown(_moment(line)), "order_id": fields["order_id"], "event_id": fields["event_id"]}
        first_seen.setdefault(told["order_id"], told)
    by_shard = Counter(told["event_id"].partition(":")[0] for told in first_seen.values())
    return Processed(len(first_seen), deliveries, list(first_seen.values())[: -newest - 1 : -1], by_shard)


def _moment(line: LogLine) -> dt.datetime:
    return dt.datetime.fromtimestamp(line.milliseconds / 1000, dt.UTC)


def _fields(message: str) -> dict[str, Any]:
    """Return a line that is a JSON object; nothing for what Lambda itself logs (START, REPORT …)."""
    try:
        fields = json.loads(message)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}  # pyright: ignore[reportUnknownVariableType]
