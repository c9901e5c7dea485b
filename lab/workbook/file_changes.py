"""Whether files have changed: asked again and again, which works on every disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

State = tuple[tuple[int, int, int] | None, ...]


class FileChanges:
    """Changes of some files, each told once, when whoever writes them has finished.

    An editor may write in place, in two steps, or save a new file over the old one: each is a change of time, size or
    inode, and it counts once the next look finds the same again. A file that is gone for a moment is one that is being
    replaced.

    Args:
        files: which; asked for at each look, because another exercise has others.
    """

    def __init__(self, files: Callable[[], Sequence[Path]]) -> None:
        self._files = files
        self._known = self._pending = self._state()

    def begin(self) -> None:
        """Take the files as they are now for known."""
        self._known = self._pending = self._state()

    def happened(self) -> bool:
        """Look, and say whether there is a change that has not been told yet."""
        state, before = self._state(), self._pending
        self._pending = state
        if state == self._known or state != before:
            return False
        self._known = state
        return True

    def _state(self) -> State:
        return tuple(_state_of(file) for file in self._files())


def _state_of(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
