"""The folder of one cloud's state: one cloud at a time, and a mark that says whether what is in it is whole."""

from __future__ import annotations

import fcntl
import os
import shutil
from typing import TYPE_CHECKING

from lab.cloud.identity import Identity
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

CONTENTS = ("services", "objects", "kinesis", "snapshot.json", "unsaved")
"""What holds the resources; the rest (identity, logs, unpacked code) outlives a reset."""


def is_taken(path: Path) -> bool:
    """Say whether a cloud has a state folder."""
    try:
        with (path / "lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


class StateFolder:
    """The folder, taken for this process.

    Args:
        path: the folder; made if it is not there.

    Raises:
        LabError: it cannot be written, or another cloud has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: TextIO
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = (path / "lock").open("a+")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.identity = self._open()
        except BlockingIOError:
            raise LabError(
                _("A local cloud is already running with the state folder {folder}.").format(folder=path),
                next_step=_("See it with: lab cloud status. Stop it with: lab cloud stop."),
            ) from None
        except OSError as error:
            raise LabError(
                _("The state folder {folder} cannot be used.").format(folder=path),
                why=str(error),
                next_step=_("Name another one: lab cloud serve --state-dir FOLDER."),
            ) from error

    def _open(self) -> Identity:
        identity = Identity.load(self.path)
        if self._in_use.exists():
            # The last cloud here was killed. Its last picture is consistent, but what was deployed after it is gone.
            if not (self.path / "snapshot.json").exists():
                self._remove_contents()
                identity = identity.next_epoch()
            elif (self.path / "unsaved").exists():
                identity = identity.interrupted()
            identity.save(self.path)
        # What a killed process left in its temporary folder goes; nothing of ours lies in the system's.
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir()
        return identity

    @property
    def _in_use(self) -> Path:
        """Lies there from the moment things may change until everything has been saved."""
        return self.path / "in-use"

    def is_ours(self) -> bool:
        """Say whether the folder is still the one that was taken: somebody may have removed it, and made another."""
        try:
            there, taken = (self.path / "lock").stat(), os.fstat(self._lock.fileno())
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (taken.st_dev, taken.st_ino)

    def begin(self) -> None:
        """Note that from now on things change; until here a start that is broken off has cost nothing."""
        self._in_use.touch()

    def end(self) -> None:
        """Note that everything has been saved."""
        self._in_use.unlink(missing_ok=True)

    @property
    def temporary(self) -> Path:
        """The folder for temporary files."""
        return self.path / "temporary"

    def lose_everything(self) -> None:
        """Remove the resources' state; the cloud begins a new epoch."""
        self._remove_contents()
        self.identity = self.identity.next_epoch()
        self.identity.save(self.path)

    def _remove_contents(self) -> None:
        for name in CONTENTS:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the folder back."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self._lock.close()
