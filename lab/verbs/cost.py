"""`lab cost`: tells what lessons would cost on AWS, before anything is deployed."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import typer

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.target import deployable
from lab.terminal import progress, say_json
from languages import gettext as _

app = VerbApp()

_YEAR_HOURS = 8760
_MOST_EVENTS = 1_000_000_000


@app.verb(
    "cost",
    details=_(
        "Runs the Pulumi program and prices what it asks for; nothing is deployed, no cloud has to run. What stays "
        "deployed costs by the hour, also when nothing is sent: see the last column."
    ),
    json_shape="""\
{"total": {"hour": USD, "session": USD, "forgotten": USD}, "at_least": true|false,
 "lessons": {LESSON: {"total": {…}, "items": {UNIT: {…}}, "unpriced": […], "unused": […]}},
 "prices": {"region": NAME, "date": DAY}, "assumptions": […], …}""",
    examples=(
        "lab cost",
        "lab cost basic votes --hours 4 --events 10000",
        "lab cost --stack dev --forgotten 2d",
        "lab cost --json | jq -r .total.forgotten",
    ),
)
def cost(
    lessons: Annotated[
        list[str] | None,
        typer.Argument(metavar="LESSON", help=_("The lessons to price. [default: those of last time]")),
    ] = None,
    *,
    hours: Annotated[
        float, typer.Option("--hours", metavar="N", min=0, max=_YEAR_HOURS, help=_("How long you work with them."))
    ] = 2,
    events: Annotated[
        int,
        typer.Option("--events", metavar="N", min=0, max=_MOST_EVENTS, help=_("How many events each lesson gets.")),
    ] = 1000,
    forgotten: Annotated[
        str, typer.Option("--forgotten", metavar="TIME", help=_("How long they stay after that (12h, 30d)."))
    ] = "30d",
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Price what the program asks for, tell it."""
    from lab.cost.bill import Session
    from lab.cost.telling import estimate
    from lab.target import Target
    from lab.times import duration_seconds

    named = deployable(lessons, stack)
    forgotten_hours = Decimal(str(duration_seconds(forgotten, option="--forgotten"))) / 3600
    with progress(_("Running the program …"), silent=as_json):
        told = estimate(Target(stack), named, Session(Decimal(str(hours)), events, forgotten_hours))
    if as_json:
        say_json(told.as_data())
    else:
        told.tell()
