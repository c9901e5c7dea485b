"""The file that holds a stack's state: written so that it is never half, and by one run at a time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from typing import TYPE_CHECKING

from lab.deploy.engine.state import Deployment
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


class Store:
    """A stack's state file.

    Args:
        path: of the state file; its folder is made when first needed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Deployment:
        """Return what is deployed, nothing when the file does not exist yet.

        Raises:
            LabError: the file cannot be read, or is no state.
        """
        try:
            document = json.loads(self.path.read_bytes())
            return Deployment.from_json(document)
        except FileNotFoundError:
            return Deployment()
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise LabError(
                _("The state in {path} cannot be read.").format(path=self.path),
                why=str(error),
                next_step=_("Restore it from a copy, or reset the local cloud with `lab cloud reset` and remove it."),
            ) from error

    def save(self, deployment: Deployment, *, readable: bool = False) -> None:
        """Replace the file; after this returns, neither kill -9 nor a power cut can take it back.

        Args:
            deployment: what is deployed now.
            readable: whether to indent it, which takes longer: done once, at the end of a run.

        Raises:
            LabError: the file cannot be written.
        """
        document = deployment.to_json()
        text = json.dumps(document, ensure_ascii=False, indent=4 if readable else None)
        temporary = self.path.with_name(f"{self.path.name}.new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
        except OSError as error:
            raise LabError(
                _("The state cannot be written to {path}.").format(path=self.path),
                why=str(error),
                next_step=_("Free some space or mend the folder's permissions, then run the same command again."),
            ) from error

    @contextlib.contextmanager
    def exclusive(self) -> Generator[None]:
        """Keep every other run away from this stack; a killed run's hold ends with it.

        Raises:
            LabError: another run works on the stack.
        """
        path = self.path.with_suffix(".lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                raise LabError(
                    _("Another command (process {pid}) is working on this stack.").format(pid=lock.read() or "?"),
                    next_step=_("Wait until it has ended, then run this command again."),
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
