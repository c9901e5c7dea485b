"""`lab send`: sends made-up events, or one of the learner's own, to where a lesson begins."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import UsageError
from lab.failures import StoppedError
from lab.lessons.contract import LessonSender, Order, find
from lab.numbers import decimal, whole
from lab.target import Target, on_stack
from lab.terminal import progress, say, say_json
from languages import gettext as _
from languages import ngettext

app = VerbApp()

_DEFAULT_COUNT = 10


@app.verb(
    "send",
    changes=True,
    details=_(
        "Events are made up like the text's own, and sent where the text sends them: basic and archive to the stream, "
        "votes to the API, purchases to the table, orders through the producer function. What is refused, because a "
        "shard takes 1,000 events or 1 MB a second and the API so many calls, is sent again, and only that."
    ),
    json_shape='{"place": NAME, "sent": N, "resent": N, "by_shard": {SHARD: N}}',
    examples=(
        "lab send basic",
        "lab send basic --count 5000 --rate 800",
        "lab send basic --count 20 --poison 1",
        """lab send basic --data '{"sensor": "temperature", "value": 22.5}'""",
        """lab send votes --data '{"vote": "norris"}'""",
    ),
)
def send(
    lesson: Annotated[str, typer.Argument(metavar="LESSON", help=_("The lesson that gets them."))],
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
        int,
        typer.Option(
            "--keys",
            metavar="N",
            min=1,
            help=_("Over how many partition keys (devices), or options of a vote, they spread."),
        ),
    ] = 8,
    poison: Annotated[
        int, typer.Option("--poison", metavar="N", min=0, help=_("How many of them cannot be processed."))
    ] = 0,
    data: Annotated[
        str | None, typer.Option("--data", metavar="TEXT", help=_("Send exactly this text instead."))
    ] = None,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Send, and say how many arrived where."""
    module = find(lesson)
    order = _order(count, keys, poison, data, rate)
    target = Target(stack)
    outputs = target.lesson(lesson)
    with progress(_("Sending …"), order.count, silent=as_json) as shown:
        sender = module.sender(target, outputs, shown.advance)
        started = time.monotonic()
        try:
            sender.send(order)
        except KeyboardInterrupt:
            raise _stopped(sender, on_stack(lesson, stack)) from None
        seconds = time.monotonic() - started
    sent = sender.sent
    if as_json:
        say_json({"place": sender.place, "sent": sent.events, "resent": sent.resent, "by_shard": dict(sent.by_shard)})
    else:
        _tell(sender, on_stack(lesson, stack), poison, seconds)


def _order(count: int | None, keys: int, poison: int, data: str | None, rate: float | None) -> Order:
    if data is not None:
        if poison:
            raise UsageError(_("--data and --poison do not go together: --data sends exactly your text."))
        return Order(count=count or 1, keys=keys, rate=rate, data=data)
    total = count or _DEFAULT_COUNT
    if poison > total:
        raise UsageError(_("--poison {poison} is more than --count {count}.").format(poison=poison, count=total))
    return Order(count=total, keys=keys, poison=poison, rate=rate)


def _stopped(sender: LessonSender, lesson: str) -> StoppedError:
    count = sender.sent.events
    text = ngettext(
        "{count} event had been sent to {place}.", "{count} events had been sent to {place}.", count
    ).format(count=whole(count), place=sender.place)
    return StoppedError(
        _("Stopped."), why=text, next_step=_("See what became of them: lab show {lesson}").format(lesson=lesson)
    )


def _tell(sender: LessonSender, lesson: str, poison: int, seconds: float) -> None:
    sent = sender.sent
    text = ngettext(
        "Sent {count} event to {place} in {seconds} s.", "Sent {count} events to {place} in {seconds} s.", sent.events
    )
    say(text.format(count=whole(sent.events), place=sender.place, seconds=decimal(seconds)))
    if sent.resent:
        text = ngettext(
            "An event was refused {count} time; it was sent again.",
            "Events were refused {count} times; they were sent again.",
            sent.resent,
        )
        say(text.format(count=whole(sent.resent)))
    for shard, events in sorted(sent.by_shard.items()):
        say(f"  {shard}  {whole(events)}")
    if poison:
        text = ngettext("{count} of them cannot be processed.", "{count} of them cannot be processed.", poison)
        say(text.format(count=whole(poison)))
    say(_("See what became of them: lab show {lesson}").format(lesson=lesson))
