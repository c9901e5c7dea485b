"""`lab check`: says whether an exercise is right, and if not, the first thing that is not."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.command_line import AsJson, VerbApp
from lab.errors import LabError
from lab.terminal import progress as progress_of
from lab.terminal import say_json
from lab.workbook import contents, progress
from lab.workbook.supervisor import as_data, run_check
from lab.workbook.telling import tell
from languages import gettext as _

app = VerbApp()

ExerciseName = Annotated[
    str | None, typer.Argument(metavar="NAME", help=_("The exercise. [default: the one you are at]"))
]


@app.verb(
    "check",
    changes=True,
    details=_(
        "Runs your code on fresh data, in a process of its own, and tells one thing at a time: what happened, why, "
        "what to do next. Exercises about pipelines run on a local cloud that is started for the check and gone after "
        "it: nothing that you have deployed is touched."
    ),
    json_shape="""\
{"exercise": NAME, "passed": BOOLEAN, "failure": KEY or "", "what": TEXT, "why": TEXT,
 "next": TEXT, "details": TEXT, "notes": [TEXT], "printed": TEXT, "seconds": SECONDS}""",
    examples=("lab check", "lab check decode", "lab check decode --why"),
)
def check(
    name: ExerciseName = None,
    *,
    why: Annotated[bool, typer.Option("--why", help=_("Show the traceback of your code, too."))] = False,
    as_json: AsJson = False,
) -> None:
    """Check, tell, note what has been passed."""
    exercise = chosen(name)
    with progress_of(_("Checking {name} …").format(name=exercise.name), silent=as_json):
        verdict = run_check(exercise)
    if verdict.passed:
        progress.note_passed(exercise)
    if as_json:
        say_json({"exercise": exercise.name, **as_data(verdict)})
    else:
        tell(exercise, verdict, why=why)
    if not verdict.passed:
        raise typer.Exit(1)


def chosen(name: str | None) -> contents.Exercise:
    """Return the exercise that was named, else the one the learner is at.

    Raises:
        UsageError: there is none of that name.
        LabError: none was named and all are done.
    """
    if name:
        return contents.find(name)
    current = progress.read().current()
    if current is None:
        raise LabError(_("Every exercise is done."), next_step=_("Name one to do it again: lab goto NAME"))
    return current
