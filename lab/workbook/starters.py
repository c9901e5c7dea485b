"""The files of the exercises as they were at the beginning: `exercises/starters.json`, exercise → file → text.

A learner's own commits change the folders of the exercises; this file stays what it was, so that an exercise can be
begun again, and a teacher sees which files were worked on. `lab workbook starters` writes it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from lab import workspace
from lab.errors import LabError
from lab.workbook import contents
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lab.workbook.contents import Exercise


def file() -> Path:
    """Return the file."""
    return workspace.ROOT / "exercises" / "starters.json"


@cache
def _all() -> dict[str, dict[str, str]]:
    try:
        return json.loads(file().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LabError(
            _("{file} cannot be read.").format(file="exercises/starters.json"),
            why=str(error),
            next_step=_("Get it back: git checkout {file}").format(file="exercises/starters.json"),
        ) from error


def of(exercise: Exercise) -> Mapping[str, str]:
    """Return the files of an exercise as they were at the beginning: name → text.

    Raises:
        LabError: they are not known.
    """
    return _all().get(exercise.name, {})


def changed(exercise: Exercise) -> list[str]:
    """Return the names of the files that are not as they were at the beginning; a missing file is one of them."""
    found: list[str] = []
    for name, text in of(exercise).items():
        try:
            now = (exercise.folder / name).read_bytes()
        except OSError:
            now = None
        if now != text.encode():
            found.append(name)
    return found


def record() -> int:
    """Write the file from the exercises as they are, for authors; return how many exercises it has."""
    known = {
        exercise.name: {name: (exercise.folder / name).read_text(encoding="utf-8") for name in exercise.files}
        for exercise in contents.exercises()
        if exercise.folder.is_dir()
    }
    file().write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _all.cache_clear()
    return len(known)
