"""`lab trace`: what the local cloud did with records, and why."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.cloud.asking import ask, follow
from lab.cloud.client import Cloud, require_cloud
from lab.command_line import LOCAL_STACK, AsJson, Since, Stack, VerbApp
from lab.errors import LabError, UsageError
from lab.short_names import long_shard, short_number, short_shard
from lab.target import Target
from lab.terminal import note, say, say_json_line, styled
from lab.times import moment, shown
from lab.trace_telling import Life, Line, Teller, life_of
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable

app = VerbApp()

_MOST_EVENTS = 10_000
_LEAST_DIGITS = 2


@app.verb(
    "trace",
    details=_(
        "A line is one try: what the function was invoked with, what came of it, what follows. Sequence numbers are "
        "shown by the digits that tell them apart. It tells where records lie, never what they hold."
    ),
    json_shape="""\
{"id": N, "time": SECONDS, "event": NAME, "mapping": ID, "function": NAME, "shard": ID, …}
…""",
    examples=(
        "lab trace",
        "lab trace --follow --function basic",
        "lab trace --shard 0 --since 10m --limit 200",
        "lab trace --record shardId-000000000000:49590338271490256608559692538361571095921575989136588898",
        "lab trace --json | jq -r .event",
    ),
)
def trace(
    *,
    function: Annotated[
        str | None,
        typer.Option("--function", metavar="NAME", help=_("Only a lesson's consumer function, or a function.")),
    ] = None,
    shard: Annotated[
        str | None, typer.Option("--shard", metavar="ID", help=_("Only this shard; its number is enough."))
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(
            "--record",
            metavar="NUMBER",
            help=_("The life of one record: its sequence number, long or as shown here, or its eventId."),
        ),
    ] = None,
    follow_it: Annotated[bool, typer.Option("--follow", "-f", help=_("Go on until Ctrl-C."))] = False,
    since: Since = "1h",
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help=_("The newest lines, so many."))] = 50,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Read the trace, tell it."""
    oldest = moment(since, option="--since")
    if record and follow_it:
        raise UsageError(_("--record and --follow do not go together: a record's life is told as far as it has come."))
    shard_of_record, number = _record(record)
    target = Target(stack).on_the_local_cloud()
    cloud = require_cloud()
    wanted = {
        "function": target.name_of(function, "ConsumerFunctionName") if function else None,
        "shard": long_shard(shard) if shard else shard_of_record,
    }
    page = ask(cloud, "GET", "/_lab/trace", parameters={**wanted, "since": oldest.timestamp(), "limit": _MOST_EVENTS})
    events: list[dict[str, Any]] = page["events"]
    if number:
        life = life_of(number, events, shard=shard_of_record)
        if life is None:
            raise LabError(
                _("The trace tells nothing of record {number} since {time}.").format(number=record, time=shown(oldest)),
                why=_("By its short number a record is found only where a batch begins or ends with it."),
                next_step=_("Give the whole number, or look further back: --since 1d"),
            )
        _tell_life(life, as_json=as_json)
        return
    if as_json:
        for event in events[-limit:]:
            say_json_line(event)
    teller, printer = Teller(), _Printer()
    if not as_json:
        lines = [line for event in events for line in teller.tell(event)]
        lines += teller.rest(under_way=not follow_it)
        printer.say(lines[-limit:])
    if follow_it:
        _follow(cloud, {**wanted, "after": page["next"]}, teller, printer, as_json=as_json)
    elif not events and not as_json:
        note(_("The trace tells nothing since {time}. Look further back: --since 1d").format(time=shown(oldest)))


def _follow(cloud: Cloud, wanted: dict[str, Any], teller: Teller, printer: _Printer, *, as_json: bool) -> None:
    for message in follow(cloud, "/_lab/trace/stream", wanted):
        if message is None:
            printer.say(teller.rest())
            continue
        kind, event = message
        if kind == "lost":
            count = event["count"]
            text = ngettext("… {count} event is missing here …", "… {count} events are missing here …", count)
            note(text.format(count=count))
        elif as_json:
            say_json_line(event)
        else:
            printer.say(teller.tell(event))
    printer.say(teller.rest(under_way=True))
    note(_("The local cloud has stopped."))


class _Printer:
    """Prints lines, with a heading wherever the function or the day is another one."""

    def __init__(self) -> None:
        self._heading = ""

    def say(self, lines: Iterable[Line]) -> None:
        for line in lines:
            heading = f"{dt.datetime.fromtimestamp(line.time, dt.UTC):%Y-%m-%d} UTC  {line.function}".rstrip()
            if heading != self._heading:
                self._heading = heading
                say(styled(heading, "bold"))
            place = _("shard {number}:").format(number=short_shard(line.shard)) + " " if line.shard else ""
            text = styled(line.text, "yellow") if line.mood == "bad" else line.text
            say(f"  {styled(line.moment, 'dim')}  {place}{text}")


def _record(given: str | None) -> tuple[str | None, str | None]:
    """Return shard and sequence number (or its last digits) of what a person typed."""
    if given is None:
        return None, None
    shard, colon, number = given.strip().rpartition(":")
    number = number.strip("…")
    if not (number.isascii() and number.isdecimal() and len(number) >= _LEAST_DIGITS):
        raise UsageError(
            _("--record {text}: this is no sequence number, and no eventId.").format(text=given),
            next_step=_("It is what `lab show` and `lab stream read --json` show."),
        )
    return (long_shard(shard) if colon else None), number


def _tell_life(life: Life, *, as_json: bool) -> None:
    if as_json:
        for event in life.events:
            say_json_line(event)
        return
    teller = Teller()
    lines = [line for event in life.events for line in teller.tell(event)]
    _Printer().say([*lines, *teller.rest(under_way=True)])
    text = ngettext(
        "Record {number} was delivered {count} time: {end}.",
        "Record {number} was delivered {count} times: {end}.",
        life.deliveries,
    )
    say(text.format(number=short_number(life.number), count=life.deliveries, end=_end(life)))


def _end(life: Life) -> str:
    match life.end:
        case "done":
            return _("it is done")
        case "given_up":
            return _("it was given up")
        case "filtered":
            return _("it matched no filter")
        case _:
            return _("it has not ended yet")
