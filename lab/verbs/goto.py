"""`lab goto`: goes to an exercise out of the order."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.command_line import VerbApp
from lab.terminal import say
from lab.workbook import contents, progress
from lab.workbook.telling import story
from languages import gettext as _

app = VerbApp()


@app.verb(
    "goto",
    changes=True,
    details=_("It is the current one until it is passed; then the first that is not passed follows again."),
    examples=("lab goto poison",),
)
def goto(name: Annotated[str, typer.Argument(metavar="NAME", help=_("The exercise."))]) -> None:
    """Make it the current exercise, and show what it asks for."""
    exercise = contents.find(name)
    exercise.require_folder()
    progress.choose(exercise)
    say(story(exercise))
    say()
    say(_("Go on: lab watch"))
