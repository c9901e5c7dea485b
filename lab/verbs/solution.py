"""`lab solution`: how it can be done, after doing it, or when one is truly stuck."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.asking_back import is_confirmed
from lab.command_line import VerbApp
from lab.errors import LabError, UsageError
from lab.verbs.check import ExerciseName, chosen
from lab.workbook import progress, texts
from lab.workbook.telling import tell_solution
from languages import gettext as _

app = VerbApp()


@app.verb(
    "solution",
    details=_("Shown once the exercise is passed, or after its third hint to whoever says that they want it."),
    examples=("lab solution decode", "lab solution decode --yes"),
)
def solution(
    name: ExerciseName = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help=_("Do not ask."))] = False,
) -> None:
    """Show the solved files."""
    exercise = chosen(name)
    exercise.require_folder()
    done = progress.read()
    if exercise.name not in done.passed:
        seen, all_hints = done.hints.get(exercise.name, 0), len(texts.hints(exercise))
        if seen < all_hints:
            raise UsageError(
                _("{name} is not passed yet, and its hints are not used up.").format(name=exercise.name),
                why=_("You have seen {seen} of {total}.").format(seen=seen, total=all_hints),
                next_step=_("The next hint: lab hint {name}").format(name=exercise.name),
            )
        question = _("{name} is not passed yet. Show its solution?").format(name=exercise.name)
        if not yes and not is_confirmed(question):
            raise LabError(_("Not shown."), next_step=_("Check again: lab check {name}").format(name=exercise.name))
    tell_solution(exercise)
