"""`lab hint`: one hint at a time."""

from __future__ import annotations

from lab.command_line import VerbApp
from lab.terminal import fill, say, styled
from lab.verbs.check import ExerciseName, chosen
from lab.workbook import progress, texts
from languages import gettext as _

app = VerbApp()


@app.verb(
    "hint",
    changes=True,
    details=_("There are three: a question, where to look, nearly the code. Each call shows one more."),
    examples=("lab hint", "lab hint decode"),
)
def hint(name: ExerciseName = None) -> None:
    """Show the hints seen so far, and the next one."""
    exercise = chosen(name)
    exercise.require_folder()
    hints = texts.hints(exercise)
    seen = min(progress.read().hints.get(exercise.name, 0) + 1, len(hints))
    progress.note_hint(exercise, seen)
    for number, text in enumerate(hints[:seen], start=1):
        say(styled(_("Hint {number} of {total}").format(number=number, total=len(hints)), "bold"))
        say(fill(text))
        say()
    if seen == len(hints):
        say(_("That was the last hint. The solution: lab solution {name}").format(name=exercise.name))
