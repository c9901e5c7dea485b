"""The errors of Athena's API, by AWS's names."""

from __future__ import annotations


class AthenaError(Exception):
    """An answer that is an error.

    Args:
        message: AWS's words.
        code: AWS's error type.
        details: what else is in the answer.
    """

    def __init__(self, message: str, code: str = "InvalidRequestException", **details: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.details = details


def invalid(message: str, athena_code: str = "INVALID_INPUT") -> AthenaError:
    """Return an InvalidRequestException."""
    return AthenaError(message, AthenaErrorCode=athena_code)
