"""The Pulumi programs of the workbook's exercises, which are switched on by name as lessons are."""

from __future__ import annotations

import os
import re
from pathlib import Path

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def program_of(name: str) -> Path | None:
    """Return the program of an exercise (`exercises/<lesson>/<number>_<name>/program.py`), None where there is none.

    The variable LAB_EXERCISES names another folder than `exercises`.
    """
    folder = Path(os.environ.get("LAB_EXERCISES") or Path(__file__).resolve().parent.parent / "exercises")
    if not _NAME.fullmatch(name):
        return None
    return next(iter(folder.glob(f"[0-9][0-9]_*/[0-9][0-9]_{name}/program.py")), None)
