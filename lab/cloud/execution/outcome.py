"""How an invocation ended, and the two ways in which it does not even begin."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an invocation.

    Attributes:
        request_id: the invocation's id.
        payload: the handler's answer, or the error object, as JSON.
        function_error: None, or `Unhandled` as in the header X-Amz-Function-Error.
        error_type: the error object's `errorType`, None without an error.
        timed_out: the function's timeout ended it.
        log_tail: the last 4 KB of its log, as LogType `Tail` gives it.
        duration_ms: time in the handler.
        billed_ms: what AWS would bill: duration and initialization, rounded up.
        max_memory_mb: the most memory the environment has used so far.
        init_ms: how long the environment's initialization took, None when it was warm.
    """

    request_id: str
    payload: bytes
    function_error: Literal["Unhandled"] | None
    error_type: str | None
    timed_out: bool
    log_tail: str
    duration_ms: float
    billed_ms: int
    max_memory_mb: int
    init_ms: float | None


class Throttled(Exception):  # noqa: N818 -- AWS's word: it is no failure of the function
    """No environment may be started for an invocation: TooManyRequestsException, status 429.

    Attributes:
        reason: AWS's `Reason`, such as `ReservedFunctionConcurrentInvocationLimitExceeded`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("Rate Exceeded.")
        self.reason = reason


class RoleCannotBeAssumed(Exception):  # noqa: N818 -- the state of the role, in AWS's words
    """Lambda may not assume the execution role: AccessDeniedException, status 403."""

    def __init__(self) -> None:
        super().__init__("The role defined for the function cannot be assumed by Lambda.")


def failed_by_fault(outcome: Outcome, reason: str) -> Outcome:
    """Return an outcome as if the function had failed when its work was done (`lab fault fail`)."""
    payload = error_payload("FaultError", reason)
    return replace(outcome, payload=payload, function_error="Unhandled", error_type="FaultError")


def error_payload(error_type: str, message: str) -> bytes:
    """Return the error object of a failure that Lambda itself, not the runtime, reports."""
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()
