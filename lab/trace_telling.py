"""The trace told in words: one line for each try of a batch, so that one can read why a record came twice.

A line is a chain: what was tried, what came of it, what follows. Its parts are events of their own in the trace
(lab/cloud/trace/events.py), which are put together here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from lab.short_names import short_number, short_shard
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Event: TypeAlias = "dict[str, Any]"
_UNLIMITED = -1
_FOLLOWS = " → "


@dataclass
class Line:
    """One line.

    Attributes:
        time: when it began, seconds since the epoch.
        function: the function it is about, "" for none.
        shard: the shard, "" for none.
        parts: what is told, in order.
        mood: `good`, `bad` or `plain`: the colour of it.
        batch: which batch it is about.
        last: the last record it is about.
    """

    time: float
    function: str
    shard: str
    parts: list[str] = field(default_factory=list[str])
    mood: str = "plain"
    batch: Any = None
    last: str | None = None

    @property
    def text(self) -> str:
        """What is told."""
        return _FOLLOWS.join(self.parts)

    @property
    def moment(self) -> str:
        """When it began: the time of the day, UTC."""
        return _time_of_day(self.time)


class Teller:
    """Puts events together to lines, as they come."""

    def __init__(self) -> None:
        self._open: dict[tuple[Any, ...], Line] = {}
        """Tries under way."""
        self._ended: dict[tuple[Any, ...], Line] = {}
        """The last try of each shard that is over; its checkpoint may still come."""

    def tell(self, event: Event) -> Iterator[Line]:
        """Take the next event; yield the lines that are complete by it."""
        kind = event["event"]
        place = (event.get("mapping"), event.get("shard"))
        batch = (*place, _batch_of(event), event.get("window_start") if event.get("batch") is None else None)
        if kind in ("batch_formed", "invoked"):
            if kind == "batch_formed" or batch not in self._open:
                yield from self._complete(place)
                self._open[batch] = self._line(event, _what_is_tried(event))
            if kind == "invoked":
                self._open[batch].parts.append(_("invoked"))
        elif kind == "outcome" and batch in self._open:
            line = self._open.pop(batch)
            line.parts.append(_outcome(event))
            line.mood = "good" if event["outcome"] == "succeeded" else "bad"
            yield from self._complete(place)
            self._ended[place] = line
        elif kind == "discarded":
            yield from self._complete(place)
            self._forget_untried(batch, event)
            self._ended[place] = self._line(event, _discarded(event), mood="bad")
        elif kind in _CONTINUED and place in self._ended and self._belongs(event, self._ended[place]):
            self._ended[place].parts.append(_CONTINUED[kind](event))
            if kind == "checkpoint":
                yield from self._complete(place)
        elif kind == "fault_bit" and (line := self._open_line_of(event)):
            line.parts.append(_fault_bit(event))
        elif sentence := _sentence(event):
            yield from self._complete(place)
            mood = "bad" if kind in ("access_lost", "fault_bit", "destination_failed", "cloud_reset") else "plain"
            yield self._line(event, sentence, mood=mood)

    def rest(self, *, under_way: bool = False) -> Iterator[Line]:
        """Yield the lines that nothing more is known of for now.

        Args:
            under_way: also the tries that have no outcome yet.
        """
        for place in list(self._ended):
            yield from self._complete(place)
        if under_way:
            for line in self._open.values():
                line.parts.append(_("no answer yet"))
                yield line
            self._open.clear()

    def _forget_untried(self, batch: tuple[Any, ...], event: Event) -> None:
        """Forget a batch that is given up to its last record before it was tried: no answer will come."""
        if batch in self._open and self._open[batch].last == event["last"]:
            del self._open[batch]

    def _complete(self, place: tuple[Any, ...]) -> Iterator[Line]:
        if line := self._ended.pop(place, None):
            yield line

    @staticmethod
    def _belongs(event: Event, line: Line) -> bool:
        return event["event"] == "checkpoint" or event.get("batch") == line.batch

    def _open_line_of(self, event: Event) -> Line | None:
        lines = [line for line in self._open.values() if line.function == event.get("function")]
        shard = event.get("shard")
        return next((line for line in lines if shard in (None, line.shard)), None)

    @staticmethod
    def _line(event: Event, text: str, *, mood: str = "plain") -> Line:
        function, shard = event.get("function") or "", event.get("shard") or ""
        return Line(event["time"], function, shard, [text], mood, _batch_of(event), event.get("last"))


def _batch_of(event: Event) -> Any:
    return event["id"] if event["event"] == "batch_formed" else event.get("batch")


def _what_is_tried(event: Event) -> str:
    if event.get("batch") is None and event["event"] == "invoked":
        return _("last invocation of the window {window}").format(window=_window(event))
    if event["event"] == "batch_formed":
        text = ngettext("batch of {count} record ({records})", "batch of {count} records ({records})", event["count"])
    else:
        text = ngettext("once more {count} record ({records})", "once more {count} records ({records})", event["count"])
    return text.format(count=event["count"], records=_records(event))


def _outcome(event: Event) -> str:
    match event["outcome"]:
        case "succeeded":
            return _("done in {milliseconds:.0f} ms").format(milliseconds=event.get("duration_ms", 0))
        case "throttled":
            return _("throttled: the function had nothing free (this counts as no attempt)")
        case "partly_failed" if event["failed_from"] == event["first"]:
            return _("the function reported {number} as failed").format(number=short_number(event["failed_from"]))
        case "partly_failed":
            text = _("the function reported {number} as failed: those before it are done")
            return text.format(number=short_number(event["failed_from"]))
        case _ if event.get("error"):
            return _("the function failed ({error})").format(error=event.get("error_type") or event["error"])
        case _:
            return _("the function's answer cannot be used, so everything counts as failed")


def _split(event: Event) -> str:
    first, second = event["parts"]
    return _("split into {first} and {second}").format(first=first, second=second)


def _retried(event: Event) -> str:
    if event.get("batch") is None:
        return _("tried again in {seconds:.1f} s").format(seconds=event["wait_seconds"])
    text = ngettext("{count} is tried again in {seconds} s", "{count} are tried again in {seconds} s", event["count"])
    text = text.format(count=event["count"], seconds=_seconds(event["wait_seconds"]))
    failures, most = event["failures"], event["maximum_retry_attempts"]
    if failures and most != _UNLIMITED:
        text += " " + _("(retry {number} of {most})").format(number=failures, most=most)
    return text


def _checkpoint(event: Event) -> str:
    return _("checkpoint at {number}").format(number=short_number(event["at"]))


def _discarded(event: Event) -> str:
    text = ngettext("{count} record ({records}) given up", "{count} records ({records}) given up", event["count"])
    text = text.format(count=event["count"], records=_records(event))
    if event["condition"] == "RecordAgeExceeded":
        return text + ": " + _("too old when its turn came (RecordAgeExceeded)")
    if event["condition"] == "MaximumPayloadSizeExceeded":
        return text + ": " + _("larger than the 6 MB that a function can be given (MaximumPayloadSizeExceeded)")
    why = ngettext("after {count} attempt ({condition})", "after {count} attempts ({condition})", event["invocations"])
    return text + " " + why.format(count=event["invocations"], condition=event["condition"])


def _destination_told(event: Event) -> str:
    return _("{destination} was told").format(destination=_last(event["destination"]))


def _destination_failed(event: Event) -> str:
    destination, reason = _last(event["destination"]), event["reason"]
    if "wait_seconds" in event:
        text = _("{destination} refused the message ({reason}), tried again in {seconds} s")
        return text.format(destination=destination, reason=reason, seconds=_seconds(event["wait_seconds"]))
    text = _("{destination} refused the message ({reason}), for the last time: it is lost")
    return text.format(destination=destination, reason=reason)


def _fault_bit(event: Event) -> str:
    return _("fault {fault} ({kind}) took effect").format(fault=event["fault"], kind=event["kind"])


_CONTINUED: dict[str, Callable[[Event], str]] = {
    "split": _split,
    "retried": _retried,
    "checkpoint": _checkpoint,
    "destination_told": _destination_told,
    "destination_failed": _destination_failed,
}
"""What is told at the end of the line of the try that it follows from."""


def _sentence(event: Event) -> str:
    """Return a line of its own; "" for what is said by another event already, or is not known here."""
    if told := _CONTINUED.get(event["event"]):
        return told(event)
    return _sentence_of_a_mapping(event) or _sentence_of_a_shard(event) or _sentence_of_the_cloud(event)


def _sentence_of_the_cloud(event: Event) -> str:
    match event["event"]:
        case "cloud_started":
            return _("the local cloud started")
        case "cloud_reset":
            return _("the local cloud was emptied")
        case "fault_set":
            return _("fault {fault} ({kind}) was set for {target}").format(
                fault=event["fault"], kind=event["kind"], target=event["target"]
            )
        case "fault_cleared":
            return _("fault {fault} ({kind}) is over").format(fault=event["fault"], kind=event["kind"])
        case "fault_bit":
            return _fault_bit(event)
        case _:
            return ""


def _sentence_of_a_mapping(event: Event) -> str:
    match event["event"]:
        case "mapping_enabled":
            return _("the mapping of {stream} is enabled").format(stream=_stream(event))
        case "mapping_disabled":
            return _("the mapping of {stream} is disabled").format(stream=_stream(event))
        case "mapping_deleted":
            return _("the mapping of {stream} was deleted").format(stream=_stream(event))
        case "access_lost":
            return _("the function's role may not read {stream}: nothing is read").format(stream=_stream(event))
        case "access_regained":
            return _("the function's role may read {stream} again").format(stream=_stream(event))
        case _:
            return ""


def _sentence_of_a_shard(event: Event) -> str:
    match event["event"]:
        case "shard_started":
            return _begins(event)
        case "child_started":
            parents = ", ".join(map(short_shard, event["parents"]))
            return _("child of shard {parents}").format(parents=parents) + _FOLLOWS + _begins(event)
        case "shard_closed":
            return _("closed by a split or merge: no new records come")
        case "shard_ended":
            return _("read to its end: its children may begin")
        case "filtered":
            text = ngettext(
                "{count} record ({records}) matched no filter: the function never sees it",
                "{count} records ({records}) matched no filter: the function never sees them",
                event["count"],
            )
            return text.format(count=event["count"], records=_records(event))
        case "window_opened":
            return _("window {window} begins").format(window=_window(event))
        case "window_closed" if event.get("given_up"):
            return _("window {window} is over; its last invocation failed for good").format(window=_window(event))
        case "window_closed":
            return _("window {window} is over").format(window=_window(event))
        case _:
            return ""


def _begins(event: Event) -> str:
    if event.get("after"):
        return _("reading begins behind {number}").format(number=short_number(event["after"]))
    return _("reading begins at the oldest record")


def _records(event: Event) -> str:
    first, last = short_number(event["first"]), short_number(event["last"])
    return first if event["first"] == event["last"] else f"{first} – {last}"


def _window(event: Event) -> str:
    return f"{_time_of_day(event['window_start'])[:8]} – {_time_of_day(event['window_end'])[:8]}"


def _time_of_day(seconds: float) -> str:
    when = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return f"{when:%H:%M:%S}.{when.microsecond // 1000:03d}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2g}" if seconds < 1 else f"{seconds:.1f}"


def _stream(event: Event) -> str:
    name = event.get("stream", "").partition(":stream/")[2]
    return name or event.get("stream", "").partition(":table/")[2].partition("/")[0]


def _last(arn: str) -> str:
    return arn.rsplit(":", 1)[-1]


# --- one record's life ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Life:
    """What is known of one record.

    Attributes:
        number: its sequence number.
        events: the events that are about it.
        deliveries: how often a function was invoked with it, throttles not counted.
        end: `done`, `given_up`, `filtered` or `""` when it has not ended.
    """

    number: str
    events: list[Event]
    deliveries: int
    end: str


def life_of(record: str, events: list[Event], *, shard: str | None = None) -> Life | None:
    """Return one record's life for one mapping of it; None where no event is about it.

    Args:
        record: its sequence number, or its short form where a batch begins or ends with it.
        events: the trace, oldest first.
        shard: its shard, where it is known.
    """
    events = [event for event in events if shard is None or event.get("shard") == shard]
    number = _whole_number(record, events)
    if number is None:
        return None
    found: list[Event] = []
    deliveries, end, place = 0, "", None
    for event in events:
        kind, here = event["event"], (event.get("mapping"), event.get("shard"))
        if kind == "checkpoint":
            # The first checkpoint at or behind it is the end of the record.
            if found and here == place and int(event["at"]) >= int(number) and "checkpoint" not in _kinds(found):
                found.append(event)
            continue
        if not _holds(event, number) or (place is not None and here != place):
            continue
        place = here
        found.append(event)
        if kind == "outcome" and event["outcome"] != "throttled":
            deliveries += 1
            reported = event["outcome"] == "partly_failed" and int(number) < int(event["failed_from"])
            end = "done" if reported or event["outcome"] == "succeeded" else end
        elif kind in ("discarded", "filtered"):
            end = "given_up" if kind == "discarded" else "filtered"
    return Life(number, found, deliveries, end) if found else None


def _kinds(events: list[Event]) -> set[str]:
    return {event["event"] for event in events}


def _holds(event: Event, number: str) -> bool:
    first, last = event.get("first"), event.get("last")
    return first is not None and last is not None and int(first) <= int(number) <= int(last)


def _whole_number(record: str, events: list[Event]) -> str | None:
    named = [event.get(name) for event in events for name in ("first", "last", "failed_from", "second", "at")]
    return next((number for number in named if number and _means(record, number)), None) or (
        record if any(_holds(event, record) for event in events) else None
    )


def _means(given: str, number: str) -> bool:
    return number == given or short_number(number).strip("…").endswith(given)
