"""Where things lie: the project's root and the folder `.lab` that holds everything the lab makes on this machine."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The clone: where `Pulumi.yaml` and `__main__.py` lie."""
HOME_VARIABLE = "LAB_HOME"
"""Names another folder than `.lab`."""
PACKAGES_VARIABLE = "LAB_PACKAGES"
"""Names the folder of the handler packages; a Pulumi program finds them by it, too."""


def lab_folder() -> Path:
    """Return the folder of this clone's state (`.lab`; `LAB_HOME` names another, as the tests do)."""
    return Path(os.environ.get(HOME_VARIABLE) or ROOT / ".lab")


def cloud_folder() -> Path:
    """Return the default state folder of this clone's local cloud."""
    return lab_folder() / "cloud"


def cloud_record() -> Path:
    """Return the file that says where this clone's local cloud listens, as long as it runs."""
    return lab_folder() / "cloud.json"


def stack_file(stack: str) -> Path:
    """Return the file with a stack's state, Pulumi's deployment schema version 3."""
    return lab_folder() / "stacks" / f"{stack}.json"


def packages_folder() -> Path:
    """Return the folder of the built handler packages."""
    return Path(os.environ.get(PACKAGES_VARIABLE) or lab_folder() / "packages")
