"""`lab logs`: the log of a function, as it is or as it grows."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from lab.command_line import LOCAL_STACK, AsJson, FunctionName, Since, Stack, VerbApp
from lab.errors import LabError
from lab.log_reading import LogLine, LogReader
from lab.target import LESSONS, Target
from lab.terminal import note, say, say_json_line, styled
from lab.times import moment, shown
from languages import gettext as _

app = VerbApp()


@app.verb(
    "logs",
    json_shape='{"time": TIME, "stream": NAME, "message": TEXT}\n…',
    examples=(
        "lab logs basic",
        "lab logs basic --follow",
        "lab logs basic --since 1d",
    ),
)
def logs(
    name: FunctionName,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help=_("Go on until Ctrl-C."))] = False,
    since: Since = "1h",
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Print the lines, oldest first; with --json one object per line."""
    oldest = moment(since, option="--since")
    target = Target(stack)
    group = _log_group(target, name)
    lines = 0
    for line in LogReader(target.clients.logs, group, int(oldest.timestamp() * 1000)).read(follow=follow):
        lines += 1
        if as_json:
            say_json_line({"time": _time(line), "stream": line.stream, "message": line.message})
        else:
            say(f"{styled(_time(line), 'dim')}  {line.message}")
    if not lines and not as_json:
        note(_("Nothing was logged since {time}. Look further back: --since 1d").format(time=shown(oldest)))


def _time(line: LogLine) -> str:
    return shown(dt.datetime.fromtimestamp(line.milliseconds / 1000, dt.UTC))


def _log_group(target: Target, name: str) -> str:
    """Return the log group of a lesson's consumer, or of a function by its name.

    Raises:
        LabError: there is no such function; it tells which there are.
    """
    lesson, _dot, part = name.partition(".")
    if lesson in LESSONS:
        outputs = target.lesson(lesson)
        output = f"{(part or 'consumer').capitalize()}LogGroupName"
        if output in outputs:
            return str(outputs[output])
    functions = [
        function
        for page in target.clients.lambda_.get_paginator("list_functions").paginate()
        for function in page["Functions"]
    ]
    groups = {
        # A function logs where its LoggingConfig says; without one, where Lambda has always put it.
        function.get("FunctionName", ""): function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
        for function in functions
    }
    if name not in groups:
        raise LabError(
            _("There is no function {name}.").format(name=name),
            why=_("Functions: {names}.").format(names=", ".join(sorted(groups)) or _("none")),
            next_step=_("Deploy a lesson: lab up basic"),
        )
    return groups[name]
