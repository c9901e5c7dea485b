"""An exercise in another folder, with somebody else's files in place of the learner's."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from lab.workbook import contents

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lab.workbook.contents import Exercise

_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.bak*")


def copy_with(exercise: Exercise, layers: Sequence[Path], target: Path, *, complete: bool = False) -> Path:
    """Copy an exercise, and into the copy the files of its learner that lie in other folders.

    Args:
        exercise: which; its check, its texts and what else belongs to the workbook are those of this clone.
        layers: folders with the learner's files; each is laid over those before it, and over the files as they are
            here. Anything else in them is left alone.
        target: an empty folder.
        complete: whether a file that is in none of them is missing in the copy, too; else it stays as it is here.

    Returns:
        the folder of exercises that has the copy, for `supervisor.run_check`.
    """
    target = target.resolve()
    copy = target / exercise.path
    shutil.copytree(contents.folder() / exercise.path, copy, ignore=_NOT_COPIED)
    for file in exercise.files:
        found = [layer / file for layer in layers if (layer / file).is_file()]
        if found:
            shutil.copyfile(found[-1], copy / file)
        elif complete:
            (copy / file).unlink(missing_ok=True)
    return target
