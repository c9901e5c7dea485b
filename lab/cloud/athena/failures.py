"""What ends a query in the state FAILED: Athena's words, and whose fault it is."""

from __future__ import annotations

USER = 2
"""AthenaError's ErrorCategory of what the person who asks can mend."""
SYSTEM = 1


class QueryFailure(Exception):  # noqa: N818  (Athena's word is failure)
    """A query that fails; its text is the execution's StateChangeReason.

    Args:
        message: Trino's error name and words, as Athena passes them on.
        category: whose fault it is.
    """

    def __init__(self, message: str, category: int = USER) -> None:
        super().__init__(message)
        self.message = message
        self.category = category


def not_supported(what: str) -> QueryFailure:
    """Return how a statement fails that AWS may know and the local cloud does not."""
    return QueryFailure(f"NOT_SUPPORTED: the local cloud's Athena does not support {what}")
