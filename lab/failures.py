"""Failures told in words: what happened, why, what to do next; never a traceback.

A `LabError` says it itself. What botocore raises is told by its error code, what a full or a read-only disk raises by
its path. Anything else is a fault of the lab: one sentence, and the file with the details (`LAB_DEBUG=1` prints them
instead).
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import sys
import traceback
from typing import Any

from lab import workspace
from lab.errors import LabError
from lab.terminal import going_on_unheard, hush, note, styled
from languages import gettext as _

INTERRUPTED = 130
NOBODY_READS = 141
_DETAILS_KEPT = 20
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
"""The codes by which AWS's services say that temporary keys are too old."""
_NO_KEYS = {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"}
"""The classes of botocore's errors that nobody could sign a request."""
_NO_ANSWER = {"ConnectionError", "HTTPClientError"}
"""The classes of botocore's errors of a request that got no answer."""


class StoppedError(LabError):
    """The person pressed Ctrl-C."""

    exit_code = INTERRUPTED


def tell(error: BaseException) -> int:
    """Print an exception to stderr as a person should read it, and return the exit code."""
    if isinstance(error, BrokenPipeError):
        for stream in (sys.stdout, sys.stderr):  # nothing more is said, and nobody can tell which of them it was
            hush(stream)
        return NOBODY_READS
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, KeyboardInterrupt):
        error = StoppedError(_("Stopped."))
    if isinstance(error, StoppedError):
        _print("")  # the line where the terminal shows ^C
    elif os.environ.get("LAB_DEBUG"):
        traceback.print_exception(error)
    told = told_of(error)
    _print(styled(told.what, "red", sys.stderr))
    for sentence in (told.why, told.next_step):
        if sentence:
            _print(sentence)
    return told.exit_code


def told_of(error: BaseException) -> LabError:
    """Return an exception as a person should read it."""
    return error if isinstance(error, LabError) else _of_aws(error) or _of_the_disk(error) or _of_a_fault(error)


def _print(text: str) -> None:
    with going_on_unheard():  # with the reader gone too, the exit code still tells
        note(text)


def speak_any_encoding() -> None:
    """Let a terminal that knows only a few letters show `?` instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a test's stream may have none
        if reconfigure:
            reconfigure(errors="replace")


def _of_aws(error: BaseException) -> LabError | None:
    """Return what botocore raised, told by its kind; botocore is not imported for it."""
    if not type(error).__module__.startswith("botocore."):
        return None
    response: dict[str, Any] = getattr(error, "response", {})
    details = response.get("Error", {})
    code, message = str(details.get("Code", "")), str(details.get("Message", "") or error)
    operation = str(getattr(error, "operation_name", ""))
    if type(error).__name__ in _NO_KEYS:
        return LabError(
            _("There are no keys of an AWS account."),
            why=str(error),
            next_step=_("Set them: aws configure (in a Learner Lab: AWS Details, Show, into ~/.aws/credentials)"),
        )
    if not response and _NO_ANSWER.isdisjoint(base.__name__ for base in type(error).__mro__):
        return LabError(_("The request could not be sent."), why=str(error))  # a value, credentials or a profile
    if not response:
        return LabError(
            _("The cloud does not answer."),
            why=str(error),
            next_step=_("See whether it runs: lab cloud status. Start it: lab cloud start"),
        )
    if "NotFound" in code or "NonExistent" in code or code.startswith("NoSuch"):
        return LabError(
            _("Something that was deployed is not there any more ({operation}).").format(operation=operation),
            why=message,
            next_step=_("Take over what is really there, then make again what is missing: lab refresh, lab up"),
        )
    if code in _EXPIRED:
        return LabError(
            _("The keys of your AWS account have expired."),
            why=message,
            next_step=_("Get new ones (in a Learner Lab: AWS Details, Show), set them, and run the command again."),
        )
    if "AccessDenied" in code or code in ("UnrecognizedClientException", "InvalidClientTokenId", "NotAuthorized"):
        return LabError(
            _("{operation} was refused: these credentials may not do that.").format(operation=operation),
            why=message,
            next_step=_("See which credentials are in use: aws sts get-caller-identity"),
        )
    if "Throttl" in code or code == "ProvisionedThroughputExceededException":
        return LabError(
            _("{operation} was called too often.").format(operation=operation),
            why=message,
            next_step=_("Wait a few seconds and run the command again."),
        )
    return LabError(
        _("{operation} failed: {code}").format(operation=operation, code=code),
        why=message,
        next_step=_("Look at what is deployed: lab outputs"),
    )


def _of_the_disk(error: BaseException) -> LabError | None:
    """Return what a disk raised that is full, or on which we may not write."""
    if not isinstance(error, OSError):
        return None
    path = error.filename or workspace.lab_folder()  # what is full is told without the file, and all of ours lies there
    match error.errno:
        case errno.EROFS | errno.EACCES:
            next_step = _("Make it writable for you, or keep the lab's files in another folder: LAB_HOME=FOLDER")
        case errno.ENOSPC | errno.EDQUOT:
            next_step = _("Make room on that disk, then run the same command again.")
        case _:
            return None
    return LabError(_("{path} cannot be used.").format(path=path), why=error.strerror or "", next_step=next_step)


def _of_a_fault(error: BaseException) -> LabError:
    """Return what a person is told of a fault in the lab itself; the details go into a file."""
    summary = f"{type(error).__name__}: {error}".splitlines()[0]
    try:
        folder = workspace.lab_folder() / "log"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"failure-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
        file.write_text("".join(["lab ", " ".join(sys.argv[1:]), "\n\n", *traceback.format_exception(error)]))
        for old in sorted(folder.glob("failure-*.txt"))[:-_DETAILS_KEPT]:
            old.unlink(missing_ok=True)
        why = _("The details are in {file}.").format(file=file)
        next_step = _("Run the command once more; if it fails again, open an issue with that file.")
    except OSError:
        why = _("The details could not be written.")
        next_step = _("Run the command once more with LAB_DEBUG=1 before it, and open an issue with what it prints.")
    return LabError(
        _("This should not have happened; it is a fault of the lab: {summary}").format(summary=summary),
        why=why,
        next_step=next_step,
    )
