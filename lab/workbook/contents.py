"""Which exercises there are, and where: `exercises/workbook.toml` and the folders beside it."""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from lab import workspace
from lab.errors import LabError, UsageError
from languages import gettext as _

FOLDER_VARIABLE = "LAB_EXERCISES"
"""Names another folder of exercises, as the grading of somebody else's work and the lint do."""
NOT_THE_LEARNERS = ("check.py", "README.*.md", "hints.*.toml", "messages.*.toml")
"""Files of an exercise that belong to the workbook."""
Kind = Literal["write", "deploy", "observe", "repair"]
KINDS: tuple[Kind, ...] = ("write", "deploy", "observe", "repair")
Needs = Literal["offline", "local cloud"]


def folder() -> Path:
    """Return the folder of the exercises."""
    return Path(os.environ.get(FOLDER_VARIABLE) or workspace.ROOT / "exercises")


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes:
        name: what a learner types: `decode`.
        path: where it lies below `exercises/`: `01_basic/01_decode`.
        lesson: whose pipeline it is about, empty where it is about all.
        kinds: what is done in it.
        needs: whether its check runs without a cloud.
        minutes: how long it takes most people.
        aws_usd: what it costs on AWS, done in that time and destroyed afterwards.
        starter_fails: the failure (a key of its messages, or one of `failures.GENERIC`) that its starter meets.
    """

    name: str
    path: str
    lesson: str
    kinds: tuple[Kind, ...]
    needs: Needs
    minutes: int
    aws_usd: Decimal
    starter_fails: str

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return folder() / self.path

    @property
    def is_deployed(self) -> bool:
        """Whether it has a Pulumi program."""
        return "deploy" in self.kinds or (self.folder / "program.py").is_file()

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The files that the learner edits: those that its solution has."""
        solution = self.folder / "solution"
        found = (path for path in solution.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return tuple(sorted(path.relative_to(solution).as_posix() for path in found))

    def shown_path(self, file: str = "") -> str:
        """Return where a file of it lies, as a person finds it from the project's root."""
        return "/".join(part for part in ("exercises", self.path, file) if part)

    def require_folder(self) -> None:
        """Raise a `LabError` where the exercise's own files are not there."""
        if not (self.folder / "check.py").is_file():
            raise LabError(
                _("The exercise {name} is not where it should be: {path} is missing.").format(
                    name=self.name, path=self.shown_path("check.py")
                ),
                why=_("Its folder was renamed, moved or removed."),
                next_step=_("Give the folder its name back, or fetch it again: git checkout {path}").format(
                    path=self.shown_path()
                ),
            )


@cache
def exercises() -> tuple[Exercise, ...]:
    """Return all exercises, in the order in which they are worked through.

    Raises:
        LabError: the workbook's table of contents cannot be read.
    """
    file = workspace.ROOT / "exercises" / "workbook.toml"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        return tuple(
            _exercise(lesson["folder"], number, given)
            for lesson in content["lessons"]
            for number, given in enumerate(lesson["exercises"], start=1)
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LabError(
            _("The workbook's table of contents cannot be read."),
            why=f"{type(error).__name__}: {error}",
            next_step=_("Get it back: git checkout {file}").format(file="exercises/workbook.toml"),
        ) from error


def _exercise(lesson_folder: str, number: int, given: dict[str, Any]) -> Exercise:
    return Exercise(
        name=given["name"],
        path=f"{lesson_folder}/{number:02}_{given['name']}",
        lesson=given.get("lesson", ""),
        kinds=tuple(given["kinds"]),
        needs=given["needs"],
        minutes=given["minutes"],
        aws_usd=Decimal(given["aws_usd"]),
        starter_fails=given["starter_fails"],
    )


def find(name: str) -> Exercise:
    """Return the exercise of a name; its path will do, too (`01_basic/01_decode`, with or without `exercises/`).

    Raises:
        UsageError: there is none; names the nearest.
    """
    wanted = name.removeprefix("./").removeprefix("exercises/").rstrip("/")
    for exercise in exercises():
        if wanted in (exercise.name, exercise.path, exercise.path.rpartition("/")[2]):
            return exercise
    known = [exercise.name for exercise in exercises()]
    similar = difflib.get_close_matches(wanted.rpartition("/")[2], known, n=2)
    raise UsageError(
        _("There is no exercise “{name}”.").format(name=name),
        why=_("Did you mean {names}?").format(names=", ".join(f"`{word}`" for word in similar)) if similar else "",
        next_step=_("See which there are: lab list"),
    )
