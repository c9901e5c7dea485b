"""What AWS's errors mean, and how they are told to a person."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

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


@contextlib.contextmanager
def undone_on_failure(undo: Callable[[], object]) -> Generator[None]:
    """Take back what was made when a later step of making it fails, so that nothing is left that nobody knows of."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):  # the first error is the one to tell
            undo()
        raise


def explain(error: Exception, endpoint: str) -> str:
    """Return an exception as a sentence for a person: no traceback, and no value that may be a secret."""
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
