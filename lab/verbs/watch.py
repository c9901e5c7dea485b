"""`lab watch`: works through the exercises, checking whenever a file is saved."""

from __future__ import annotations

from lab.command_line import VerbApp
from lab.verbs.check import ExerciseName, chosen
from lab.workbook.watch import watch as watch_exercise
from languages import gettext as _

app = VerbApp()


@app.verb(
    "watch",
    details=_(
        "Shows the first thing that is not right yet, and looks again at every save. Keys: h hint, s solution (after "
        "passing, or after the hints), n next, t task, l list, w traceback, c check again, r reset, q quit. Without a "
        "terminal it prints every verdict, goes on to the next exercise by itself, and ends with Ctrl-C."
    ),
    examples=("lab watch", "lab watch decode"),
)
def watch(name: ExerciseName = None) -> None:
    """Watch."""
    watch_exercise(chosen(name))
