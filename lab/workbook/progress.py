"""What the learner has done: one plain-text file, `.lab/progress.txt`, to which lines are only ever added.

A line is a time, what happened, the exercise and what belongs to it:

    2026-11-22T10:00:00Z passed decode
    2026-11-22T10:04:10Z hint event_id 2
    2026-11-22T10:05:00Z goto poison

Because nothing is rewritten, two watches at once, a kill or a full disk lose nothing; a line that cannot be read is
passed over. It says what was done here, not what is right: `lab grade` runs every check again.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab import workspace
from lab.workbook import contents

if TYPE_CHECKING:
    from pathlib import Path

    from lab.workbook.contents import Exercise

_FIELDS = 3


def file() -> Path:
    """Return the file."""
    return workspace.lab_folder() / "progress.txt"


@dataclass
class Progress:
    """What the file says.

    Attributes:
        passed: names of the exercises that have been passed.
        hints: how many hints of an exercise have been seen.
        chosen: the exercise that was chosen last (`lab goto`), until it is passed; empty where none is.
    """

    passed: set[str] = field(default_factory=set[str])
    hints: dict[str, int] = field(default_factory=dict[str, int])
    chosen: str = ""

    def current(self) -> Exercise | None:
        """Return the exercise to work on: the chosen one, else the first that has not been passed; None at the end."""
        for exercise in contents.exercises():
            if exercise.name == self.chosen:
                return exercise
        return next((exercise for exercise in contents.exercises() if exercise.name not in self.passed), None)


def read() -> Progress:
    """Return what the file says; nothing has been done where there is none."""
    progress = Progress()
    try:
        lines = file().read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return progress
    for line in lines:
        words = line.split()
        if len(words) < _FIELDS:
            continue
        _time, what, name, *rest = words
        if what == "passed":
            progress.passed.add(name)
            if progress.chosen == name:
                progress.chosen = ""
        elif what == "goto":
            progress.chosen = name
        elif what == "hint" and rest and rest[0].isdigit():
            progress.hints[name] = max(progress.hints.get(name, 0), int(rest[0]))
    return progress


def note_passed(exercise: Exercise) -> None:
    """Note that an exercise has been passed, once."""
    if exercise.name not in read().passed or read().chosen == exercise.name:
        _add("passed", exercise.name)


def note_hint(exercise: Exercise, number: int) -> None:
    """Note that hint `number` (from 1 on) has been seen."""
    _add("hint", exercise.name, str(number))


def choose(exercise: Exercise) -> None:
    """Make an exercise the current one."""
    _add("goto", exercise.name)


def _add(*words: str) -> None:
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    line = f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ} {' '.join(words)}\n"
    # One write of a whole line: appends of two processes do not mix.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            line = f"\n{line}"  # the last line was cut off: ours must not be lost with it
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)
