"""`lab invoke`: calls a function with an event, the deployed one or the source as it is now."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from lab.aws import local_variables
from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import LabError, UsageError
from lab.invoking import Invocation, invoke, invoke_source
from lab.target import Target
from lab.terminal import note, progress, say, say_json, styled
from languages import gettext as _

app = VerbApp()


@app.verb(
    "invoke",
    changes=True,
    details=_(
        "The answer goes to stdout, what the function logged to stderr. With --local the handler's source runs as it "
        "is in this folder now, without deploying it, with the deployed function's variables; what it calls is really "
        "called. Events to begin with: lab event."
    ),
    json_shape='{"function": NAME, "error": TEXT or null, "answer": JSON, "log": [LINE]}',
    examples=(
        "lab invoke orders.producer",
        """lab invoke orders.producer --data '{"count": 10}'""",
        "lab event kinesis | lab invoke orders --event - --local",
        "lab invoke LambdaProducer --event event.json",
    ),
)
def invoke_(
    function: Annotated[
        str,
        typer.Argument(
            metavar="FUNCTION", help=_("A lesson (its consumer), LESSON.producer or the like, or a function's name.")
        ),
    ],
    *,
    event: Annotated[
        str | None, typer.Option("--event", metavar="FILE", help=_("The event: a file of JSON; - reads stdin."))
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="JSON", help=_("The event. [default: an empty object]"))
    ] = None,
    local: Annotated[bool, typer.Option("--local", help=_("Run the source in this folder, not what is deployed."))] = (
        False
    ),
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Invoke, and print what came of it."""
    given = _event(event, data)
    target = Target(stack)
    name = target.function_name(function)
    lambda_ = target.clients.lambda_
    with progress(_("Waiting for {function} …").format(function=name), silent=as_json):
        if local:
            target.on_the_local_cloud()
            surroundings = local_variables(target.clients.endpoint_url or "", target.region)
            invocation = invoke_source(lambda_, name, given, surroundings)
        else:
            invocation = invoke(lambda_, name, given)
    _tell(name, invocation, as_json=as_json)
    if invocation.error:
        raise LabError(_("The function {function} failed.").format(function=name), why=invocation.reason)


def _tell(name: str, invocation: Invocation, *, as_json: bool) -> None:
    if as_json:
        say_json(
            {"function": name, "error": invocation.error, "answer": invocation.answer, "log": invocation.log},
        )
        return
    for line in invocation.log:
        note(styled(line, "dim", sys.stderr))
    say(json.dumps(invocation.answer, indent=2, ensure_ascii=False))


def _event(file: str | None, data: str | None) -> Any:
    if file and data is not None:
        raise UsageError(_("--event and --data do not go together: each of them is the event."))
    text = "{}" if data is None else data
    if file:
        text = sys.stdin.read() if file == "-" else _read(Path(file))
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(
            _("The event is not JSON."), why=str(error), next_step=_("Make one: lab event kinesis > event.json")
        ) from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(_("{path} cannot be read.").format(path=path), why=str(error)) from None
