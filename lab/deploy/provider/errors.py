"""What AWS's errors mean, and how they are told to a person."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

_MISSING = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "EntityNotFoundException",
        "NoSuchBucket",
        "NoSuchEntity",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFound",
        "ResourceNotFoundException",
    }
)
"""The codes by which the services say that something does not exist."""

_SERVER_ERROR = 500
"""From here on a status of HTTP says that the service broke, not that it refused."""


def code_of(error: BaseException) -> str:
    """Return the code of an AWS error, "" for any other exception."""
    # By shape, because importing botocore for its ClientError would cost every command 0.4 s.
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def is_missing(error: BaseException) -> bool:
    """Say whether AWS answered that the thing asked for does not exist."""
    return code_of(error) in _MISSING


@contextlib.contextmanager
def missing_is_fine() -> Generator[None]:
    """Pass over an error that says that the thing does not exist."""
    try:
        yield
    except Exception as error:
        if not is_missing(error):
            raise


class GivenUpError(LabError):
    """Something took too long, or the deployment was cancelled: what was asked for may yet come true."""


class HalfDoneError(Exception):
    """Something was made before the error that is this one's cause, and is still there.

    Args:
        cause: the error to tell a person.
    """

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def is_refusal(error: Exception) -> bool:
    """Say whether an error that ends a create means that nothing was made.

    It does when it is our own, or a service's first answer to the request. A connection that is lost or times out, or a
    service that breaks (5xx), may have made it all the same; and when the request was sent again, the answer to the
    second (such as "it exists already") says nothing about the first.
    """
    if isinstance(error, LabError):
        return not isinstance(error, GivenUpError)
    if not code_of(error):
        return type(error).__name__ == "ParamValidationError"  # botocore's own, before anything is sent
    response: Mapping[str, Any] = getattr(error, "response", {})
    answer: Mapping[str, Any] = response.get("ResponseMetadata", {})
    broken = answer.get("HTTPStatusCode", 0) >= _SERVER_ERROR
    return not broken and not answer.get("RetryAttempts")


@contextlib.contextmanager
def undone_on_failure(undo: Callable[[], object]) -> Generator[None]:
    """Take back what was made when a later step of making it fails, so that nothing is left that nobody knows of.

    Raises:
        HalfDoneError: it could not be taken back.
    """
    try:
        yield
    except BaseException as error:
        try:
            with missing_is_fine():
                undo()
        except Exception:  # noqa: BLE001 - whatever it is, something is left
            if isinstance(error, Exception):
                raise HalfDoneError(error) from error  # the first error is the one to tell
        raise


@contextlib.contextmanager
def kept_on_failure() -> Generator[None]:
    """Leave what was made where it is when a look at it fails.

    Raises:
        HalfDoneError: the look failed.
    """
    try:
        yield
    except Exception as error:
        raise HalfDoneError(error) from error


def explain(error: Exception, endpoint: str) -> str:
    """Return an exception as a sentence for a person: no traceback, and no value that may be a secret."""
    if isinstance(error, HalfDoneError):
        return explain(error.cause, endpoint)
    if code := code_of(error):
        message = error.response["Error"].get("Message", "")  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        return f"{message} ({code})" if message else code
    kind = type(error).__name__
    if kind in {"EndpointConnectionError", "ConnectionClosedError", "ConnectTimeoutError", "ReadTimeoutError"}:
        return _("the local cloud at {endpoint} does not answer").format(endpoint=endpoint)
    if kind == "ParamValidationError":
        # botocore quotes the value it refuses, and an environment variable may be a password.
        return re.sub(r", value: .*?, type: ", ", type: ", str(error), flags=re.DOTALL).replace("\n", " ")
    if isinstance(error, (LabError, OSError, ValueError)):
        return str(error)
    return f"{kind}: {error}"
