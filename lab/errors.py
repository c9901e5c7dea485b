"""What a person is told when something cannot be done: what happened, why, and what to do next."""

from __future__ import annotations


class LabError(Exception):
    """A failure a person can act on; the command prints it without a traceback and exits with `exit_code`.

    Args:
        what: what happened, one sentence.
        why: the cause, where it is known.
        next_step: what to do now, best one command.
    """

    exit_code = 1

    def __init__(self, what: str, *, why: str = "", next_step: str = "") -> None:
        super().__init__(" ".join(part for part in (what, why, next_step) if part))
        self.what = what
        self.why = why
        self.next_step = next_step


class UsageError(LabError):
    """The command was used wrongly (exit code 2)."""

    exit_code = 2
