"""`lab stack`: what is deployed, as Pulumi writes it down, out and in."""

from __future__ import annotations

import json
import sys
from pathlib import Path  # noqa: TC003  (Typer reads the annotation)
from typing import Annotated

import typer

from lab.command_line import LOCAL_STACK, Stack, VerbApp
from lab.errors import LabError, UsageError
from lab.target import Target
from lab.terminal import say
from languages import gettext as _
from languages import ngettext

app = VerbApp()


@app.verb(
    "export",
    summary=_("Print what is deployed, as the Pulumi CLI takes it."),
    details=_(
        "Pulumi's deployment schema, version 3: what `pulumi stack export --show-secrets` prints and `pulumi stack "
        "import` takes. Secrets stand in it as plain text."
    ),
    examples=("lab stack export > state.json", "lab stack export | lab pulumi -- stack import"),
)
def export(*, stack: Stack = LOCAL_STACK) -> None:
    """Print the state."""
    deployment = Target(stack).deployment
    deployment.refuse_aws()
    say(json.dumps(deployment.export(), indent=4, ensure_ascii=False))


@app.verb(
    "import",
    summary=_("Take over what the Pulumi CLI has written down as deployed."),
    changes=True,
    details=_(
        "It is judged first: a state of another stack, of AWS or of another local cloud, with encrypted secrets or "
        "damaged, is refused, and nothing is changed."
    ),
    examples=(
        "lab stack import state.json",
        "lab pulumi -- stack export --show-secrets | lab stack import",
    ),
)
def import_(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help=_("The file with the state. [default: standard input]"))
    ] = None,
    *,
    stack: Stack = LOCAL_STACK,
) -> None:
    """Read it, judge it, and put it in the place of ours."""
    count = Target(stack).deployment.import_state(_read(file))
    say(
        ngettext("{count} resource taken over.", "{count} resources taken over.", count).format(count=count)
        + " "
        + _("Compare with the program: lab preview")
    )


def _read(file: Path | None) -> str:
    if file is None and sys.stdin.isatty():
        raise UsageError(
            _("`lab stack import` needs FILE, or a state on its standard input."),
            next_step=_("From the Pulumi CLI: lab pulumi -- stack export --show-secrets | lab stack import"),
        )
    try:
        return (sys.stdin.buffer.read() if file is None else file.read_bytes()).decode()
    except (OSError, UnicodeDecodeError) as error:
        what = _("{file} cannot be read.").format(file=file or _("The standard input"))
        raise LabError(what, why=str(error)) from error
