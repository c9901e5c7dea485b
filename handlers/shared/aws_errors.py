"""Which of AWS's errors a retry can mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from handlers.shared.failures import Failure, PermanentFailure, TransientFailure

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError

# The answers that say that the thing itself is wrong: too large, an attribute or a name that is not accepted. All
# others, a refused permission too, are somebody's to mend while the records wait.
_REFUSALS = ("ValidationException", "SerializationException", "EntityTooLarge", "KeyTooLongError", "InvalidArgument")


def is_refusal(error: ClientError) -> bool:
    """Say whether AWS refuses what it was given, and always will."""
    return error.response.get("Error", {}).get("Code") in _REFUSALS


def failure_of(error: ClientError | BotoCoreError, *, position: int = 0) -> Failure:
    """Return what a failed call means for the record at `position`."""
    if not isinstance(error, ClientError):
        return TransientFailure(type(error).__name__, position=position)
    details = error.response.get("Error", {})
    kind = PermanentFailure if is_refusal(error) else TransientFailure
    return kind(f"{details.get('Code', 'unknown error')}: {details.get('Message', '')}", position=position)
