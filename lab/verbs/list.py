"""`lab list`: the exercises, and how far the learner is."""

from __future__ import annotations

from lab.command_line import AsJson, VerbApp
from lab.terminal import say, say_json, styled, table
from lab.workbook import contents, progress
from lab.workbook.telling import bar, kinds_of
from languages import gettext as _
from languages import language

app = VerbApp()


@app.verb(
    "list",
    details=_("Shows what each takes: minutes, and dollars on AWS; on the local cloud nothing costs anything."),
    json_shape="""\
[{"name": NAME, "path": PATH, "lesson": NAME, "kinds": [KIND], "needs": "offline" or "local cloud",
  "minutes": N, "aws_usd": "0.00", "passed": BOOLEAN, "current": BOOLEAN, "hints": N}]""",
    examples=("lab list", "lab list --json | jq '.[] | select(.passed) | .name'"),
)
def list_exercises(*, as_json: AsJson = False) -> None:
    """Show them in their order."""
    done = progress.read()
    current = done.current()
    if as_json:
        say_json([_as_data(exercise, done, current) for exercise in contents.exercises()])
        return
    chapter = ""
    rows: list[tuple[str, str, str, str, str]] = []
    for exercise in contents.exercises():
        if exercise.path.partition("/")[0] != chapter:
            _tell_chapter(chapter, rows)
            chapter, rows = exercise.path.partition("/")[0], []
        mark = "✓" if exercise.name in done.passed else "▶" if exercise == current else "·"
        rows.append((mark, exercise.name, kinds_of(exercise), str(exercise.minutes), str(exercise.aws_usd)))
    _tell_chapter(chapter, rows)
    say(bar())
    if current:
        readme = current.shown_path(f"README.{language()}.md")
        say(_("You are at {name}: read {path}, then run: lab watch").format(name=current.name, path=readme))


def _tell_chapter(chapter: str, rows: list[tuple[str, str, str, str, str]]) -> None:
    if rows:
        say(styled(f"exercises/{chapter}", "bold"))
        table(("", _("exercise"), _("what you do"), _("minutes"), _("USD on AWS")), rows)
        say()


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
