"""The errors of the Kinesis API, by AWS's names."""

from __future__ import annotations


class KinesisError(Exception):
    """An answer that is an error.

    Args:
        code: AWS's error type.
        message: AWS's words.
        status: the HTTP status; AWS answers 400 to whatever the caller can mend.
    """

    def __init__(self, code: str, message: str | None, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def not_found(message: str) -> KinesisError:
    """Return a ResourceNotFoundException."""
    return KinesisError("ResourceNotFoundException", message)


def invalid(message: str) -> KinesisError:
    """Return an InvalidArgumentException."""
    return KinesisError("InvalidArgumentException", message)


def in_use(message: str) -> KinesisError:
    """Return a ResourceInUseException."""
    return KinesisError("ResourceInUseException", message)


def limit_exceeded(message: str) -> KinesisError:
    """Return a LimitExceededException."""
    return KinesisError("LimitExceededException", message)


def internal_failure() -> KinesisError:
    """Return what AWS answers when it could not store a record; the caller may try again."""
    return KinesisError("InternalFailure", "Internal service failure.", 500)
