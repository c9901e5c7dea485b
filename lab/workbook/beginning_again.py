"""Beginning an exercise again: its files as they were, what the learner wrote kept beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.workbook import starters
from languages import gettext as _

if TYPE_CHECKING:
    from pathlib import Path

    from lab.workbook.contents import Exercise


def begin_again(exercise: Exercise) -> list[str]:
    """Give the learner's files of an exercise back the text of the beginning.

    A file that was changed is kept as `<file>.bak`, or `.bak2` and so on: no copy of before is written over.

    Returns:
        the copies that were made, as paths from the project's root.

    Raises:
        LabError: the text of the beginning is not known, or a file cannot be written.
    """
    known = starters.of(exercise)
    if not known:
        raise LabError(
            _("How {name} looked at the beginning is not known.").format(name=exercise.name),
            next_step=_("Get it back: git checkout {file}").format(file=exercise.shown_path()),
        )
    kept: list[str] = []
    for name in starters.changed(exercise):
        path = exercise.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            copy = _free_name(path)
            copy.write_bytes(path.read_bytes())
            kept.append(exercise.shown_path(copy.relative_to(exercise.folder).as_posix()))
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(known[name], encoding="utf-8")
        temporary.replace(path)
    return kept


def _free_name(path: Path) -> Path:
    number = 1
    while (copy := path.with_name(f"{path.name}.bak{number if number > 1 else ''}")).exists():
        number += 1
    return copy
