"""`lab list`: the exercises, and how far the learner is."""

from __future__ import annotations

from lab.command_line import AsJson, VerbApp
from lab.terminal import say_json
from lab.workbook import contents, progress
from lab.workbook.telling import tell_list
from languages import gettext as _

app = VerbApp()


@app.verb(
    "list",
    details=_("Shows what each takes: minutes, and dollars on AWS; on the local cloud nothing costs anything."),
    json_shape="""\
[{"name": NAME, "path": PATH, "lesson": NAME, "kinds": [KIND],
  "needs": "offline" or "local cloud", "minutes": N, "aws_usd": "0.00", "passed": BOOLEAN,
  "current": BOOLEAN, "hints": N}]""",
    examples=("lab list", "lab list --json | jq '.[] | select(.passed) | .name'"),
)
def list_exercises(*, as_json: AsJson = False) -> None:
    """Show them in their order."""
    done = progress.read()
    current = done.current()
    if as_json:
        say_json([_as_data(exercise, done, current) for exercise in contents.exercises()])
        return
    tell_list()


def _as_data(
    exercise: contents.Exercise, done: progress.Progress, current: contents.Exercise | None
) -> dict[str, object]:
    return {
        "name": exercise.name,
        "path": exercise.shown_path(),
        "lesson": exercise.lesson,
        "kinds": exercise.kinds,
        "needs": exercise.needs,
        "minutes": exercise.minutes,
        "aws_usd": str(exercise.aws_usd),
        "passed": exercise.name in done.passed,
        "current": exercise == current,
        "hints": done.hints.get(exercise.name, 0),
    }
