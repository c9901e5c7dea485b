"""`lab grade`: every check, as a teacher would run it."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lab.command_line import AsJson, VerbApp
from lab.errors import UsageError
from lab.terminal import progress, say, say_json, styled, table
from lab.workbook import contents
from languages import gettext as _

if TYPE_CHECKING:
    from lab.workbook import grading

app = VerbApp()

CSV_COLUMNS = (
    "student",
    "lesson",
    "exercise",
    "minutes",
    "passed",
    "failure",
    "seconds",
    "changed_files",
    "files_sha256",
    "graded_at",
)


@app.verb(
    "grade",
    details=_(
        "Runs every check, whatever has been noted as passed, and says which files differ from the beginning. With "
        "--work, only the learner's files come from that folder; checks are those of this clone. The same work gets "
        "the same result on every machine. A failed exercise is no error: the exit code is 0."
    ),
    json_shape="""\
{"schema": 1, "student": NAME, "graded_at": TIME,
 "versions": {"streamlab": …, "python": …, …}, "passed": N, "total": N, "exercises": [
   {"exercise": NAME, "lesson": FOLDER, "minutes": N, "passed": BOOLEAN, "failure": KEY or "",
    "what": TEXT, "seconds": SECONDS, "check_sha256": HASH,
    "files": [{"path": PATH, "sha256": HASH or "" where it is missing, "changed": BOOLEAN}]}]}""",
    examples=(
        "lab grade",
        "lab grade decode event_id",
        "lab grade --json > grade.json",
        "lab grade --csv --no-header --work ../students/ana >> grades.csv",
    ),
)
def grade(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help=_("The exercises. [default: all]"))] = None,
    *,
    work: Annotated[
        str | None, typer.Option("--work", metavar="FOLDER", help=_("The clone of whoever is graded. [default: this]"))
    ] = None,
    student: Annotated[
        str,
        typer.Option("--student", metavar="NAME", help=_("Whose work it is, for the result. [default: the folder]")),
    ] = "",
    at_once: Annotated[
        int, typer.Option("--at-once", metavar="N", min=1, max=16, help=_("How many checks run at a time."))
    ] = max(1, min(4, (os.cpu_count() or 2) // 2)),
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help=_("Print rows for a spreadsheet."))] = False,
    header: Annotated[
        bool, typer.Option("--header/--no-header", help=_("Begin the rows with the columns' names."))
    ] = True,
) -> None:
    """Check all, tell."""
    from lab.workbook import grading

    if as_json and as_csv:
        raise UsageError(_("--json and --csv do not go together."))
    chosen = [contents.find(name) for name in names] if names else list(contents.exercises())
    folder = grading.work_folder(work) if work else None
    with progress(_("Checking exercises …"), len(chosen)) as shown:
        grades = grading.grade(chosen, folder, at_once=at_once, done=lambda _exercise: shown.advance())
    result = grading.report(grades, student or (Path(work).resolve().name if work else ""))
    if as_json:
        say_json(result)
    elif as_csv:
        _print_csv(result["student"], result["graded_at"], grades, header=header)
    else:
        _tell(grades)


def _tell(grades: list[grading.Grade]) -> None:
    rows = [
        (
            "✓" if graded.passed else "✗",
            graded.exercise,
            f"{graded.seconds:.1f}",
            ", ".join(Path(file.path).name for file in graded.files if file.changed) or "–",
            graded.failure,
        )
        for graded in grades
    ]
    table(("", _("exercise"), _("seconds"), _("changed files"), _("failure")), rows)
    say()
    passed = sum(graded.passed for graded in grades)
    say(styled(_("{passed} of {total} exercises pass.").format(passed=passed, total=len(grades)), "bold"))


def _print_csv(student: str, graded_at: str, grades: list[grading.Grade], *, header: bool) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if header:
        writer.writerow(CSV_COLUMNS)
    for graded in grades:
        writer.writerow(
            (
                student,
                graded.lesson,
                graded.exercise,
                graded.minutes,
                int(graded.passed),
                graded.failure,
                graded.seconds,
                " ".join(Path(file.path).name for file in graded.files if file.changed),
                " ".join(file.sha256 for file in graded.files),
                graded_at,
            )
        )
