"""One execution environment: it is initialized once, then serves one invocation after the other until it ends.

Behaviour from "Understanding the Lambda execution environment lifecycle" and "Troubleshoot invocation issues in
Lambda": an exception in the handler leaves it alive; a timeout, too much memory or an exit ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from lab.cloud.execution.billing import billed_milliseconds
from lab.cloud.execution.memory import WATCH_SECONDS, MemoryGauge
from lab.cloud.execution.outcome import Outcome, error_payload
from lab.cloud.execution.process import Exit, Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.execution.credentials import Credentials
    from lab.cloud.execution.function import FunctionVersion
    from lab.cloud.execution.log_lines import Log
    from lab.cloud.execution.process import EnvironmentProcess

INIT_SECONDS = 10.0
"""The time of the init phase; what takes longer is begun again within the invocation's own time."""

SIGNAL_NAMES = {
    signal.SIGABRT: "aborted",
    signal.SIGALRM: "alarm clock",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
}
"""What Lambda, a Go program, calls the signals."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What is asked of an environment.

    Attributes:
        request_id: the invocation's id.
        payload: the event, JSON text.
        invoked_arn: the ARN the caller used, with its qualifier.
        client_context: the caller's ClientContext, decoded.
        trace_header: the value of `_X_AMZN_TRACE_ID`, None for none.
    """

    request_id: str
    payload: bytes
    invoked_arn: str
    client_context: dict[str, Any] | None = None
    trace_header: str | None = None


class InitTooLongError(Exception):
    """The init phase was given up; the environment has ended."""


class _Cause(Enum):
    """Why we ended the process ourselves."""

    TIMEOUT = "timeout"
    MEMORY = "memory"


class Environment:
    """A process that runs one version of a function.

    Args:
        function: the version.
        process: its process, just started.
        log: its log.
        credentials: what its process was given.
        init_in_invocation: the init phase has once been given up and is now part of the first invocation.
    """

    def __init__(
        self,
        function: FunctionVersion,
        process: EnvironmentProcess,
        log: Log,
        credentials: Credentials,
        *,
        init_in_invocation: bool,
    ) -> None:
        self.function = function
        self.process = process
        self.idle_since = 0.0
        self._log = log
        self._credentials = credentials
        self._init_in_invocation = init_in_invocation
        self._loop = asyncio.get_running_loop()
        self._gauge = MemoryGauge(process.pid)
        self._began = time.perf_counter()
        self._ready = False
        self._cause: _Cause | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._max_memory_kib = 0

    @property
    def usable(self) -> bool:
        """Whether another invocation may begin here."""
        return (
            self._ready
            and self._cause is None
            and not self.process.ended.done()
            and self._credentials.last_for(self.function.timeout_seconds)
        )

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._ready = False
        self.process.kill()

    def closed(self) -> None:
        """Let go of what is left once the process has ended."""
        self._gauge.close()
        self._log.finish()
        self._log.deliver()

    async def invoke(self, invocation: Invocation, initialized: Callable[[], None] | None = None) -> Outcome:
        """Serve one invocation; the first one waits for the initialization.

        Args:
            invocation: what is asked.
            initialized: called when the initialization has ended, well or not.

        Raises:
            InitTooLongError: the init phase took too long; the invocation has not begun.
        """
        try:
            self._log.begin()
            init_ms = None
            if not self._ready and not self._init_in_invocation:
                reply = await self._reply(INIT_SECONDS)
                init_ms = self._elapsed_ms(self._began)
                if initialized:
                    initialized()
                if self._cause is _Cause.TIMEOUT:
                    self._log.line(self._log.lines.init_report(init_ms, "timeout"))
                    raise InitTooLongError
                if isinstance(reply, Exit) or reply.kind != "R" or self._cause:
                    return self._init_failed(invocation, reply, init_ms)
                self._ready = True
            return await self._run(invocation, init_ms)
        except asyncio.CancelledError:
            self.end()  # nobody waits any more, and a busy environment cannot be used again
            raise
        finally:
            self._log.deliver()

    # --- one invocation -----------------------------------------------------------------------------------------

    async def _run(self, invocation: Invocation, init_ms: float | None) -> Outcome:
        began = time.perf_counter()
        seconds = float(self.function.timeout_seconds)
        self._log.line(self._log.lines.start(invocation.request_id, self.function.version))
        if not self._ready:
            reply = await self._reply(seconds)
            if not isinstance(reply, Frame) or reply.kind != "R" or self._cause:
                return self._ended(invocation, reply, self._elapsed_ms(began), None)
            self._ready = True
            seconds = max(0.001, seconds - (time.perf_counter() - began))
        header = {
            "request_id": invocation.request_id,
            "remaining_ms": int(seconds * 1000),
            "invoked_arn": invocation.invoked_arn,
            "client_context": invocation.client_context,
            "trace_id": invocation.trace_header,
        }
        self.process.send(json.dumps(header).encode(), invocation.payload)
        reply = await self._reply(seconds)
        duration_ms = self._elapsed_ms(began)
        self._measure(reply)
        if self._max_memory_kib > self.function.memory_mb * 1024 and self._cause is None:
            self._stop(_Cause.MEMORY)  # it went over the limit and came back between two looks
        if isinstance(reply, Exit) or self._cause:
            return self._ended(invocation, reply, duration_ms, init_ms)
        error_type = str(_error_of(reply).get("errorType")) if reply.kind == "E" else None
        return self._outcome(invocation, reply.payload, error_type, duration_ms, init_ms)

    async def _reply(self, seconds: float) -> Frame | Exit:
        """Wait for the process, at most so many seconds, and watch its memory meanwhile."""
        self.process.listen()
        deadline = self._loop.call_later(seconds, self._stop, _Cause.TIMEOUT)
        self._watch = self._loop.call_later(WATCH_SECONDS, self._look)
        try:
            return await self.process.reply()
        finally:
            deadline.cancel()
            self._watch.cancel()
            self.process.stop_listening()

    def _look(self) -> None:
        used = self._gauge.now_kib()
        self._max_memory_kib = max(self._max_memory_kib, used)
        if used > self.function.memory_mb * 1024:
            self._stop(_Cause.MEMORY)
        else:
            self._watch = self._loop.call_later(WATCH_SECONDS, self._look)

    def _stop(self, cause: _Cause) -> None:
        if self._cause is None:
            self._cause = cause
        self.end()

    def _measure(self, reply: Frame | Exit) -> None:
        if isinstance(reply, Frame):
            self._max_memory_kib = max(self._max_memory_kib, self._gauge.peak_kib(reply.peak_kib))

    # --- how it ended -------------------------------------------------------------------------------------------

    def _init_failed(self, invocation: Invocation, reply: Frame | Exit, init_ms: float) -> Outcome:
        self._measure(reply)
        failure = _error_of(reply)
        status = f"error\tError Type: {failure.get('errorType', 'Runtime.ExitError')}"
        self._log.finish()
        self._log.line(self._log.lines.init_report(init_ms, status))
        self._log.line(self._log.lines.start(invocation.request_id, self.function.version))
        return self._ended(invocation, reply, init_ms, None)

    def _ended(self, invocation: Invocation, reply: Frame | Exit, duration_ms: float, init_ms: float | None) -> Outcome:
        """Tell of an invocation that its environment did not survive."""
        self.end()
        request_id = invocation.request_id
        if self._cause is _Cause.TIMEOUT:
            seconds = self.function.timeout_seconds
            payload = error_payload(
                "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
            )
            said = self._log.lines.timed_out(request_id, seconds)
            error_type, failure, duration_ms = "Sandbox.Timedout", "Status: timeout", seconds * 1000.0
        elif (error := _error_of(reply)) and isinstance(reply, Frame) and reply.kind == "I" and self._cause is None:
            error["requestId"] = request_id
            payload, said = json.dumps(error, ensure_ascii=False).encode(), None
            error_type = str(error.get("errorType"))
            failure = f"Status: error\tError Type: {error_type}"
        else:
            status = reply.status if isinstance(reply, Exit) and self._cause is None else -signal.SIGKILL
            if self._cause is _Cause.MEMORY:
                self._max_memory_kib = max(self._max_memory_kib, self.function.memory_mb * 1024)
            error_type = "Runtime.ExitError"
            message = f"RequestId: {request_id} Error: {_exit_message(status)}"
            payload, said = error_payload(error_type, message), f"{message}\n{error_type}"
            failure = f"Status: error\tError Type: {error_type}"
        self._log.finish()
        if said:
            self._log.line(said)
        return self._outcome(invocation, payload, error_type, duration_ms, init_ms, failure)

    def _outcome(
        self,
        invocation: Invocation,
        payload: bytes,
        error_type: str | None,
        duration_ms: float,
        init_ms: float | None,
        failure: str = "",
    ) -> Outcome:
        used_mb = -(-self._max_memory_kib // 1024)
        if self._cause is _Cause.MEMORY:
            used_mb = self.function.memory_mb  # AWS never reports more than there is
        self._log.finish()
        self._log.line(self._log.lines.end(invocation.request_id))
        self._log.line(
            self._log.lines.report(
                invocation.request_id, duration_ms, self.function.memory_mb, used_mb, init_ms, failure
            )
        )
        return Outcome(
            request_id=invocation.request_id,
            payload=payload,
            function_error="Unhandled" if error_type else None,
            error_type=error_type,
            timed_out=self._cause is _Cause.TIMEOUT,
            log_tail=self._log.tail(),
            duration_ms=duration_ms,
            billed_ms=billed_milliseconds(duration_ms, init_ms),
            max_memory_mb=used_mb,
            init_ms=init_ms,
        )

    @staticmethod
    def _elapsed_ms(began: float) -> float:
        return (time.perf_counter() - began) * 1000


def _error_of(reply: Frame | Exit) -> dict[str, Any]:
    """Return the error object in a frame, an empty one when there is none."""
    if isinstance(reply, Frame) and reply.payload:
        with contextlib.suppress(ValueError):
            error: dict[str, Any] = json.loads(reply.payload)
            return error
    return {}


def _exit_message(status: int) -> str:
    if status < 0:
        return f"Runtime exited with error: signal: {SIGNAL_NAMES.get(signal.Signals(-status), str(-status))}"
    if status > 0:
        return f"Runtime exited with error: exit status {status}"
    return "Runtime exited without providing a reason"
