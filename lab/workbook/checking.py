"""A check in the background, of which only the newest counts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.workbook.supervisor import Check
from lab.workbook.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.workbook.contents import Exercise


class BackgroundCheck:
    """Checks an exercise in a thread; a new check ends the one before.

    Args:
        done: called in that thread when there is a verdict.
    """

    def __init__(self, done: Callable[[], None]) -> None:
        self._done = done
        self._check: Check | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.verdict: Verdict | None = None

    @property
    def is_running(self) -> bool:
        """Whether a verdict is still to come."""
        return self._check is not None

    def begin(self, exercise: Exercise) -> None:
        """Check an exercise from its beginning."""
        self.end()
        check = self._check = Check(exercise)
        self.verdict = None
        self._thread = threading.Thread(target=self._run, args=(check,), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """End the check that is running, if one is, and wait until nothing of it is left."""
        with self._lock:
            check, self._check = self._check, None
        if check:
            check.cancel()
        if self._thread:
            self._thread.join()

    def _run(self, check: Check) -> None:
        try:
            verdict = check.run()
        except LabError as error:
            verdict = Verdict(passed=False, failure="check", what=error.what, why=error.why, next=error.next_step)
        except OSError as error:  # a full disk, no more processes
            verdict = Verdict(passed=False, failure="check", what=str(error))
        with self._lock:
            if self._check is not check:
                return
            self._check, self.verdict = None, verdict
        self._done()
