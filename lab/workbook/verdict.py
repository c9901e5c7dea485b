"""What came of a check, as it passes from the check's process to whoever tells it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Verdict:
    """Passed, or the first thing that is not right yet.

    Attributes:
        passed: whether all is right.
        failure: key of the failure, empty when passed.
        what: what happened: called what, came back what, expected what.
        why: why AWS, or Python, behaves so.
        next: what to do now: file and line, or one command.
        details: the traceback of the learner's code, for `--why`.
        notes: remarks beside it, such as what a prediction missed.
        printed: what the learner's code printed, its end where it was much.
        seconds: how long the check took.
    """

    passed: bool
    failure: str = ""
    what: str = ""
    why: str = ""
    next: str = ""
    details: str = ""
    notes: list[str] = field(default_factory=list[str])
    printed: str = ""
    seconds: float = 0.0
