"""Why a record could not be processed: what a retry can mend and what it cannot."""

from __future__ import annotations


class Failure(Exception):  # noqa: N818 - not an error of the program: an outcome that a stream consumer lives with
    """A record that could not be processed.

    Args:
        reason: what is wrong, for the log; never a piece of the payload.
        position: which one of the things given, counted from 0, is the first that was not processed.
    """

    kind: str

    def __init__(self, reason: str, *, position: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


class PermanentFailure(Failure):
    """No retry can mend it: it is not JSON, it has the wrong shape, it is too large."""

    kind = "permanent"


class TransientFailure(Failure):
    """A retry may well succeed: a throttle, a timeout, a service that cannot be reached."""

    kind = "transient"
