"""`lab send`: sends made-up events, or one of the learner's own, to a lesson's stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import UsageError
from lab.failures import StoppedError
from lab.numbers import decimal, whole
from lab.sending import Event, Sender, Sent
from lab.sensors import sensor_events
from lab.target import Target, require_lesson
from lab.terminal import progress, say, say_json
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable

app = VerbApp()

_DEFAULT_COUNT = 10
_LARGEST_EVENT_BYTES = 1024 * 1024


@app.verb(
    "send",
    changes=True,
    details=_(
        "Events are made up like the text's own: a sensor and a value. What Kinesis refuses, because a shard takes "
        "1,000 events or 1 MB a second, is sent again, and only that."
    ),
    json_shape='{"stream": NAME, "sent": N, "resent": N, "by_shard": {SHARD: N}}',
    examples=(
        "lab send basic",
        "lab send basic --count 5000 --rate 800",
        "lab send basic --count 20 --poison 1",
        """lab send basic --data '{"sensor": "temperature", "value": 22.5}'""",
    ),
)
def send(
    lesson: Annotated[str, typer.Argument(metavar="LESSON", help=_("The lesson whose stream gets them: basic."))],
    *,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", min=1, help=_("How many events. [default: 10; 1 with --data]"))
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate", metavar="N", min=0.01, help=_("Events a second, at most. [default: as fast as it goes]")
        ),
    ] = None,
    keys: Annotated[
        int, typer.Option("--keys", metavar="N", min=1, help=_("Over how many partition keys (devices) they spread."))
    ] = 8,
    poison: Annotated[int, typer.Option("--poison", metavar="N", min=0, help=_("How many of them are not JSON."))] = 0,
    data: Annotated[
        str | None, typer.Option("--data", metavar="TEXT", help=_("Send exactly this text instead."))
    ] = None,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Send, and say how many arrived where."""
    require_lesson(lesson, ("basic",))
    events, total = _events(count, keys, poison, data)
    target = Target(stack)
    stream = target.lesson(lesson)["KinesisStreamName"]
    with progress(_("Sending to {stream} …").format(stream=stream), total, silent=as_json) as shown:
        sender = Sender(target.clients.kinesis, stream, shown.advance)
        try:
            sent = sender.send(events, rate=rate)
        except KeyboardInterrupt:
            raise _stopped(sender.sent.events, stream, lesson) from None
    if as_json:
        say_json({"stream": stream, "sent": sent.events, "resent": sent.resent, "by_shard": dict(sent.by_shard)})
    else:
        _tell(sent, stream, lesson, poison)


def _events(count: int | None, keys: int, poison: int, data: str | None) -> tuple[Iterable[Event], int]:
    """Return the events to send, and how many they are."""
    if data is None:
        total = count or _DEFAULT_COUNT
        if poison > total:
            raise UsageError(_("--poison {poison} is more than --count {count}.").format(poison=poison, count=total))
        return sensor_events(total, keys=keys, poison=poison), total
    if poison:
        raise UsageError(_("--data and --poison do not go together: --data sends exactly your text."))
    event = Event(key="1", payload=data.encode())  # the text's own partition key
    if event.size_bytes > _LARGEST_EVENT_BYTES:
        raise UsageError(_("An event may have at most 1 MiB, partition key included."))
    total = count or 1
    return (event for _number in range(total)), total


def _stopped(count: int, stream: str, lesson: str) -> StoppedError:
    text = ngettext(
        "{count} event had been sent to {stream}.", "{count} events had been sent to {stream}.", count
    ).format(count=whole(count), stream=stream)
    return StoppedError(
        _("Stopped."), why=text, next_step=_("See what became of them: lab show {lesson}").format(lesson=lesson)
    )


def _tell(sent: Sent, stream: str, lesson: str, poison: int) -> None:
    text = ngettext(
        "Sent {count} event to {stream} in {seconds} s.",
        "Sent {count} events to {stream} in {seconds} s.",
        sent.events,
    )
    say(text.format(count=whole(sent.events), stream=stream, seconds=decimal(sent.seconds)))
    if sent.resent:
        text = ngettext(
            "Kinesis refused an event {count} time; it was sent again.",
            "Kinesis refused events {count} times; they were sent again.",
            sent.resent,
        )
        say(text.format(count=whole(sent.resent)))
    for shard, events in sorted(sent.by_shard.items()):
        say(f"  {shard}  {whole(events)}")
    if poison:
        text = ngettext("{count} of them is not JSON.", "{count} of them are not JSON.", poison)
        say(text.format(count=whole(poison)))
    say(_("See what became of them: lab show {lesson}").format(lesson=lesson))
