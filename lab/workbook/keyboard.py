"""Single keys of a terminal, and everything else that may wake who waits for them: a resize, a thread that has done."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
import tty
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

_ESCAPE = "\x1b"
_LONGEST_KEY_BYTES = 64
END = "\x04"
"""The key that stands for a keyboard that is gone: the terminal was closed."""


class Keyboard:
    """A terminal that gives keys as they are pressed; made by `open_keyboard`."""

    def __init__(self) -> None:
        self._input = sys.stdin.fileno()
        self._waking, self._woken = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waking, False)
        self.came_back = False
        """Whether the terminal was somebody else's in between (Ctrl-Z): what stands on it is theirs."""

    def wake(self) -> None:
        """Let `key` return now; from any thread, and from a signal handler."""
        with contextlib.suppress(BlockingIOError):  # it is about to wake anyway
            os.write(self._woken, b"\0")

    def key(self, seconds: float) -> str:
        """Wait for a key, so long at most, or until woken; empty where none was pressed.

        Arrows and the like, which terminals send as several characters, are no keys of ours: empty, too.
        """
        ready, _writable, _failed = select.select([self._input, self._waking], [], [], seconds)
        if self._waking in ready:
            with contextlib.suppress(BlockingIOError):
                while os.read(self._waking, _LONGEST_KEY_BYTES):
                    pass
        if self._input not in ready:
            return ""
        pressed = os.read(self._input, _LONGEST_KEY_BYTES).decode(errors="ignore")
        if not pressed:
            return END
        return "" if pressed.startswith(_ESCAPE) else pressed[0].lower()

    def close(self) -> None:
        """Give back what waking needs."""
        os.close(self._waking)
        os.close(self._woken)


@contextlib.contextmanager
def open_keyboard() -> Generator[Keyboard]:
    """Take keys without Enter and without echo; the terminal is as before afterwards, whatever happens.

    A resize, and coming back after Ctrl-Z, wake it.
    """
    keyboard = Keyboard()
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def take(_number: int, _frame: Any) -> None:
        tty.setcbreak(descriptor)
        keyboard.came_back = True
        keyboard.wake()

    def resized(_number: int, _frame: Any) -> None:
        keyboard.wake()

    def ended(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    handlers = {signal.SIGCONT: take, signal.SIGWINCH: resized, signal.SIGTERM: ended, signal.SIGHUP: ended}
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        tty.setcbreak(descriptor)
        yield keyboard
    finally:
        with contextlib.suppress(termios.error, OSError):  # the terminal may be gone
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        for number, handler in previous.items():
            signal.signal(number, handler)
        keyboard.close()
