"""`lab reset`: begins an exercise again."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.asking_back import is_confirmed
from lab.command_line import VerbApp
from lab.errors import LabError
from lab.terminal import say
from lab.workbook import contents, starters
from lab.workbook.beginning_again import begin_again
from languages import gettext as _

app = VerbApp()


@app.verb(
    "reset",
    changes=True,
    details=_("Asks first, and keeps what you wrote beside it, as FILE.bak. That it was passed stays noted."),
    examples=("lab reset decode", "lab reset decode --yes"),
)
def reset(
    name: Annotated[str, typer.Argument(metavar="NAME", help=_("The exercise."))],
    *,
    yes: Annotated[bool, typer.Option("--yes", help=_("Do not ask."))] = False,
) -> None:
    """Give the files back their text of the beginning."""
    exercise = contents.find(name)
    changed = starters.changed(exercise)
    if starters.of(exercise) and not changed:
        say(_("{name} is as it was at the beginning.").format(name=exercise.name))
        return
    files = ", ".join(exercise.shown_path(file) for file in changed)
    if not yes and not is_confirmed(_("Begin {name} again? What you wrote in {files} is kept as a copy.").format(
        name=exercise.name, files=files
    )):  # fmt: skip
        raise LabError(_("Nothing was changed."))
    for copy in begin_again(exercise):
        say(_("Kept: {path}").format(path=copy))
    say(_("{name} is as it was at the beginning.").format(name=exercise.name))
