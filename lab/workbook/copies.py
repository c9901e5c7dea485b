"""An exercise in another folder, with somebody else's files in place of the learner's."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from lab.workbook import contents

if TYPE_CHECKING:
    from pathlib import Path

    from lab.workbook.contents import Exercise

_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.bak*")


def copy_with(exercise: Exercise, files: Path | None, target: Path, *, complete: bool = False) -> Path:
    """Copy an exercise, and into the copy the files of its learner that lie in another folder.

    Args:
        exercise: which; its check, its texts and what else belongs to the workbook are those of this clone.
        files: where the learner's files are; None leaves them as they are here. Anything else in that folder is left
            alone.
        target: an empty folder.
        complete: whether a file that is not there is missing in the copy, too; else it stays as it is here.

    Returns:
        the folder of exercises that has the copy, for `supervisor.run_check`.
    """
    target = target.resolve()
    copy = target / exercise.path
    shutil.copytree(contents.folder() / exercise.path, copy, ignore=_NOT_COPIED)
    if files is None:
        return target
    for file in exercise.files:
        if (files / file).is_file():
            shutil.copyfile(files / file, copy / file)
        elif complete:
            (copy / file).unlink(missing_ok=True)
    return target
