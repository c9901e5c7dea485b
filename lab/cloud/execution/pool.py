"""All execution environments of a cloud: which one serves an invocation, when one is started, when one ends.

As on AWS ("Understanding Lambda function scaling"), every invocation that runs at the same time has an environment of
its own; idle ones serve the next invocation of the same version, the last used one first. A laptop cannot run the
thousand environments that an account may have, so beyond `Limits.environments` an idle environment of another version
is ended; when all are busy, invocations wait, first come first served, and are throttled only when they have waited
`Limits.wait_seconds` (a function that waits for another one of its kind would otherwise wait for ever).

To start an environment takes a processor some tenths of a second, so no more than `Limits.starts` are started at once:
sixty-four would all be ready when the last one is. Meanwhile those that have become ready serve whoever waits, so that
a burst of short invocations needs only a few of them, and one of long invocations still gets one each.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, cast

from lab.cloud.execution.code_store import UnreadablePackage
from lab.cloud.execution.environment import Environment, InitTooLongError, Invocation
from lab.cloud.execution.launcher import Launcher, World
from lab.cloud.execution.outcome import Outcome, Throttled, error_payload

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from lab.cloud.execution.function import FunctionVersion

START_PAUSE_SECONDS = 0.02
"""After a start: so long may whoever waits be served by what is ready now, before another one is started."""
ACCOUNT_LIMIT = "ConcurrentInvocationLimitExceeded"
"""The `Reason` of a throttle that is not about one function (API reference, TooManyRequestsException)."""


def _environments_for_this_machine() -> int:
    """Return how many environments may live at once: half of the memory, at 64 MB each, between 8 and 100."""
    try:
        memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    except (OSError, ValueError):
        return 32
    return max(8, min(100, memory_mb // 128))


@dataclass(frozen=True, slots=True)
class Limits:
    """How many environments there may be, and for how long.

    Attributes:
        environments: all together.
        per_function: of one version of a function; None for as many as all together.
        idle_seconds: an environment that nobody used for so long ends.
        wait_seconds: how long an invocation waits for its turn before it is throttled.
        starts: how many are started at once.
        start_seconds: an initialization that takes longer does not wait for a processor, and holds nobody up.
    """

    environments: int = field(default_factory=_environments_for_this_machine)
    per_function: int | None = None
    idle_seconds: float = 300.0
    wait_seconds: float = 10.0
    starts: int = field(default_factory=lambda: os.cpu_count() or 1)
    start_seconds: float = 1.0


@dataclass(eq=False, slots=True)
class _Group:
    """The environments of one version of a function, as it is configured now."""

    function: FunctionVersion
    idle: list[Environment] = field(default_factory=list[Environment])
    count: int = 0
    """Idle, busy and being started."""


class _Start:
    """The right to start an environment: one of a few at once, until it is initialized or that takes too long."""

    def __init__(self, seconds: float, over: Callable[[], None]) -> None:
        self._over: Callable[[], None] | None = over
        self._timer = asyncio.get_running_loop().call_later(seconds, self.over)

    def over(self) -> None:
        """Let another one start."""
        self._timer.cancel()
        if self._over:
            over, self._over = self._over, None
            over()


@dataclass(eq=False, slots=True)
class _Turn:
    """An invocation that waits: its future gives an environment, or the right to start one."""

    group: _Group
    granted: asyncio.Future[Environment | _Start]


def _admit_all(function: FunctionVersion, running: int) -> str | None:
    del function, running


class Environments:
    """Execution environments of all functions; make it, use it and close it on one event loop.

    Args:
        world: what surrounds every environment.
        limits: how many there may be.
        admit: asked before every invocation, with the function and how many of its invocations (of all versions) run
            now; answers None, or the reason of a throttle such as `ReservedFunctionConcurrentInvocationLimitExceeded`.
    """

    def __init__(
        self,
        world: World,
        limits: Limits | None = None,
        admit: Callable[[FunctionVersion, int], str | None] = _admit_all,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._launcher = Launcher(world)
        self._limits = limits or Limits()
        self._admit = admit
        self._groups: dict[tuple[str, str], _Group] = {}
        self._all: dict[Environment, _Group] = {}
        self._count = 0
        self._starting = 0
        self._running: Counter[str] = Counter()
        self._turns: deque[_Turn] = deque()
        self._reaper: asyncio.TimerHandle | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that owns the environments."""
        return self._loop

    def running(self, arn: str) -> int:
        """Return how many invocations of a function (ARN without a qualifier) run or wait now."""
        return self._running[arn]

    async def invoke(
        self,
        function: FunctionVersion,
        payload: bytes,
        *,
        request_id: str | None = None,
        invoked_arn: str | None = None,
        client_context: dict[str, Any] | None = None,
        trace_header: str | None = None,
    ) -> Outcome:
        """Run a function once.

        Args:
            function: the version to run.
            payload: the event, JSON text.
            request_id: the invocation's id, a new one by default.
            invoked_arn: the ARN the caller used, the function's by default.
            client_context: the caller's ClientContext, decoded.
            trace_header: the value of `_X_AMZN_TRACE_ID`.

        Returns:
            How it ended; a failure of the function is an outcome too.

        Raises:
            Throttled: there is no environment for it.
            RoleCannotBeAssumed: Lambda may not assume the function's role.
        """
        invocation = Invocation(
            request_id or str(uuid.uuid4()), payload, invoked_arn or function.arn, client_context, trace_header
        )
        if self._closed:
            raise Throttled(ACCOUNT_LIMIT)
        reason = self._admit(function, self._running[function.arn])
        if reason is not None:
            raise Throttled(reason)
        self._running[function.arn] += 1
        try:
            return await self._invoke(function, invocation)
        finally:
            self._running[function.arn] -= 1
            if not self._running[function.arn]:
                del self._running[function.arn]

    def forget(self, arn: str) -> None:
        """End a function's environments, because it was deleted: idle ones now, busy ones after their invocation."""
        for key in [key for key in self._groups if key[0] == arn]:
            self._retire(self._groups.pop(key))
        self._grant_turns()

    def forget_all(self) -> None:
        """End every environment, because the cloud was reset: idle ones now, busy ones after their invocation."""
        for group in self._groups.values():
            self._retire(group)
        self._groups.clear()
        self._grant_turns()

    async def close(self) -> None:
        """End every environment at once and remove what they leave."""
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
        for turn in self._turns:
            if not turn.granted.done():
                turn.granted.set_exception(Throttled(ACCOUNT_LIMIT))
        for environment in self._all:
            environment.end()
        await self._launcher.close()

    # --- finding an environment --------------------------------------------------------------------------------------

    async def _invoke(self, function: FunctionVersion, invocation: Invocation) -> Outcome:
        group = self._group(function)
        environment: Environment | None = None
        granted = await self._take(group)
        try:
            if isinstance(granted, Environment):
                environment = granted
                return await environment.invoke(invocation)
            try:
                environment = await self._start(group)
                return await environment.invoke(invocation, granted.over)
            except InitTooLongError:
                self._drop(cast("Environment", environment))
                environment = None
                self._count_in(group)
                environment = await self._start(group, init_in_invocation=True)
                return await environment.invoke(invocation)
        except UnreadablePackage as error:
            return _unreadable(invocation, error)
        finally:
            if isinstance(granted, _Start):
                granted.over()
            if environment is not None:
                self._give_back(environment)

    def _group(self, function: FunctionVersion) -> _Group:
        """Return the version's group; one that was configured differently ends."""
        key = (function.arn, function.version)
        group = self._groups.get(key)
        if group is None or (group.function is not function and group.function != function):
            if group is not None:
                self._retire(group)
            group = self._groups[key] = _Group(function)
        return group

    async def _take(self, group: _Group) -> Environment | _Start:
        """Return an idle environment, or the right to start another one (which has been counted)."""
        while group.idle:
            environment = group.idle.pop()
            if environment.usable:
                return environment
            self._drop(environment)
        if not self._turns and self._may_start() and self._make_room(group):
            return self._begin_start(group)
        turn = _Turn(group, self._loop.create_future())
        self._turns.append(turn)
        self._grant_turns()
        timer = self._loop.call_later(self._limits.wait_seconds, self._wait_is_over, turn)
        try:
            return await turn.granted
        except asyncio.CancelledError:
            if turn.granted.done() and not turn.granted.cancelled() and turn.granted.exception() is None:
                self._refuse(group, turn.granted.result())
            raise
        finally:
            timer.cancel()
            if turn in self._turns:
                self._turns.remove(turn)

    def _refuse(self, group: _Group, granted: Environment | _Start) -> None:
        """Pass on what was granted to an invocation that nobody waits for any more."""
        if isinstance(granted, Environment):
            self._give_back(granted)
        else:
            self._count_out(group)
            granted.over()
            self._grant_turns()

    def _wait_is_over(self, turn: _Turn) -> None:
        if turn.granted.done():
            return
        if self._make_room(turn.group):
            turn.granted.set_result(self._begin_start(turn.group))  # the machine is slow, but there is room
        else:
            turn.granted.set_exception(Throttled(ACCOUNT_LIMIT))

    def _may_start(self) -> bool:
        return self._starting < self._limits.starts

    def _begin_start(self, group: _Group) -> _Start:
        self._count_in(group)
        self._starting += 1
        return _Start(self._limits.start_seconds, self._start_is_over)

    def _start_is_over(self) -> None:
        self._loop.call_later(START_PAUSE_SECONDS, self._start_may_follow)

    def _start_may_follow(self) -> None:
        self._starting -= 1
        self._grant_turns()

    def _make_room(self, group: _Group) -> bool:
        """Say whether another environment of the group may be started; an idle one of others is ended for it."""
        if self._is_full(group):
            return False
        if self._count < self._limits.environments:
            return True
        idle = [environment for other in self._groups.values() for environment in other.idle]
        if not idle:
            return False
        oldest = min(idle, key=lambda environment: environment.idle_since)
        self._all[oldest].idle.remove(oldest)
        self._drop(oldest)
        return True

    async def _start(self, group: _Group, *, init_in_invocation: bool = False) -> Environment:
        """Start an environment that has been counted."""
        try:
            environment = await self._launcher.start(group.function, init_in_invocation=init_in_invocation)
        except BaseException:
            self._count_out(group)
            self._grant_turns()
            raise
        self._all[environment] = group
        if self._closed:
            environment.end()
        return environment

    # --- after an invocation -----------------------------------------------------------------------------------------

    def _give_back(self, environment: Environment) -> None:
        group = self._all[environment]
        current = self._groups.get((group.function.arn, group.function.version)) is group
        if not (current and environment.usable) or self._closed:
            self._drop(environment)
            self._grant_turns()
            return
        for turn in self._turns:
            if turn.group is group and not turn.granted.done():
                self._turns.remove(turn)
                turn.granted.set_result(environment)
                return
            if not turn.granted.done() and not self._is_full(turn.group) and self._count >= self._limits.environments:
                break  # who waits longest for another function gets the place
        environment.idle_since = self._loop.time()
        group.idle.append(environment)
        self._grant_turns()
        if self._reaper is None:
            self._reaper = self._loop.call_later(self._limits.idle_seconds / 2, self._reap)

    def _is_full(self, group: _Group) -> bool:
        return self._limits.per_function is not None and group.count >= self._limits.per_function

    def _grant_turns(self) -> None:
        """Let those who wait start an environment, as far as there is room, in their order."""
        for turn in list(self._turns):
            if turn.granted.done() or self._is_full(turn.group):
                continue
            if not self._may_start() or not self._make_room(turn.group):
                return
            self._turns.remove(turn)
            turn.granted.set_result(self._begin_start(turn.group))

    def _count_in(self, group: _Group) -> None:
        group.count += 1
        self._count += 1

    def _count_out(self, group: _Group) -> None:
        group.count -= 1
        self._count -= 1

    def _drop(self, environment: Environment) -> None:
        environment.end()
        self._count_out(self._all.pop(environment))

    def _retire(self, group: _Group) -> None:
        idle, group.idle = group.idle, []
        for environment in idle:
            self._drop(environment)

    def _reap(self) -> None:
        """End what nobody has used for long."""
        self._reaper = None
        oldest = self._loop.time() - self._limits.idle_seconds
        for group in list(self._groups.values()):
            for environment in [found for found in group.idle if found.idle_since <= oldest]:
                group.idle.remove(environment)
                self._drop(environment)
        self._grant_turns()
        if any(group.idle for group in self._groups.values()):
            self._reaper = self._loop.call_later(self._limits.idle_seconds / 2, self._reap)


def _unreadable(invocation: Invocation, error: UnreadablePackage) -> Outcome:
    """Tell of a function whose code cannot be unpacked; it never had a log."""
    return Outcome(
        request_id=invocation.request_id,
        payload=error_payload("Runtime.InvalidPackage", f"RequestId: {invocation.request_id} Error: {error}"),
        function_error="Unhandled",
        error_type="Runtime.InvalidPackage",
        timed_out=False,
        log_tail="",
        duration_ms=0.0,
        billed_ms=0,
        max_memory_mb=0,
        init_ms=None,
    )
