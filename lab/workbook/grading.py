"""A grade: every check run again, here and now, whatever the file of progress says.

The result says of each exercise whether it passes, how long its check took, and of each file whether it differs from
the beginning, with its SHA-256: two machines agree on a file or show where they do not. With another folder of work,
only the learner's files come from there; checks and texts are those of this clone, so that nobody grades themselves by
editing a check.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import LabError, UsageError
from lab.versions import versions
from lab.workbook import contents, starters
from lab.workbook.copies import copy_with
from lab.workbook.supervisor import run_check
from lab.workbook.verdict import Verdict
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.workbook.contents import Exercise

SCHEMA = 1
"""Goes up when a name in the result changes its meaning or goes; new names may come at any time."""


@dataclass
class File:
    """A file of the learner's.

    Attributes:
        path: from the project's root.
        sha256: of its bytes, empty where it is missing.
        changed: whether it differs from the beginning.
    """

    path: str
    sha256: str
    changed: bool


@dataclass
class Grade:
    """What came of one exercise.

    Attributes:
        exercise: its name.
        lesson: the folder of its lesson.
        minutes: how long it takes most people.
        passed: whether its check passes now.
        failure: key of the failure, empty when passed.
        what: what happened, in the language of whoever grades.
        seconds: how long the check took.
        check_sha256: of the check that was run.
        files: the learner's files.
    """

    exercise: str
    lesson: str
    minutes: int
    passed: bool
    failure: str
    what: str
    seconds: float
    check_sha256: str
    files: list[File] = field(default_factory=list[File])


def work_folder(given: str) -> Path:
    """Return the folder of exercises in somebody's work: the clone's root, or its `exercises`.

    Raises:
        UsageError: there are no exercises in it.
    """
    for folder in (Path(given) / "exercises", Path(given)):
        if any((folder / exercise.path).is_dir() for exercise in contents.exercises()):
            return folder.resolve()
    raise UsageError(
        _("{folder} holds no exercises.").format(folder=given),
        next_step=_("Name the folder of a clone, or its folder `exercises`."),
    )


def grade(
    exercises: Sequence[Exercise], work: Path | None, *, at_once: int, done: Callable[[Exercise], None]
) -> list[Grade]:
    """Check exercises and return a grade of each, in order.

    Args:
        exercises: which.
        work: a folder of exercises whose learner's files count; None takes those of this clone.
        at_once: how many checks run at a time.
        done: called after each, from any thread.
    """

    def one(exercise: Exercise) -> Grade:
        graded = _grade(exercise, work)
        done(exercise)
        return graded

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, exercises))


def _grade(exercise: Exercise, work: Path | None) -> Grade:
    try:
        exercise.require_folder()
        with tempfile.TemporaryDirectory(prefix="workbook-") as temporary:
            theirs = work / exercise.path if work else None
            verdict = run_check(
                exercise, copy_with(exercise, (theirs,), Path(temporary), complete=True) if theirs else None
            )
    except LabError as error:
        verdict = Verdict(passed=False, failure="check", what=str(error))
    folder = work / exercise.path if work else exercise.folder
    beginning = starters.of(exercise)
    return Grade(
        exercise=exercise.name,
        lesson=exercise.path.partition("/")[0],
        minutes=exercise.minutes,
        passed=verdict.passed,
        failure=verdict.failure,
        what=verdict.what,
        seconds=verdict.seconds,
        check_sha256=_sha256(exercise.folder / "check.py"),
        files=[_file(exercise, folder, name, beginning.get(name, "")) for name in beginning or exercise.files],
    )


def _file(exercise: Exercise, folder: Path, name: str, beginning: str) -> File:
    found = _sha256(folder / name)
    return File(exercise.shown_path(name), found, changed=found != hashlib.sha256(beginning.encode()).hexdigest())


def _sha256(path: Path) -> str:
    if not path.is_file():  # a pipe would be waited for
        return ""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def report(grades: Sequence[Grade], student: str) -> dict[str, Any]:
    """Return grades as a program reads them."""
    return {
        "schema": SCHEMA,
        "student": student,
        "graded_at": f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "versions": versions(),
        "passed": sum(graded.passed for graded in grades),
        "total": len(grades),
        "exercises": [asdict(graded) for graded in grades],
    }
