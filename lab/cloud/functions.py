"""Invoking functions: execution environments of ours, for MiniStack's API and for event source mappings alike."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from lab.cloud import emulator
from lab.cloud.emulator import functions as records
from lab.cloud.emulator.function_roles import checked_roles
from lab.cloud.emulator.invocations import checked_invocations
from lab.cloud.event_source_mappings.delivery import Answer
from lab.cloud.execution import Environments, RoleCannotBeAssumed, Throttled
from lab.cloud.execution.launcher import World
from lab.cloud.execution.outcome import failed_by_fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.cloud.execution.function import FunctionVersion
    from lab.cloud.execution.log_lines import LogEvent
    from lab.cloud.faults import Faults

_log = logging.getLogger("lab.functions")


class Functions:
    """The functions of a cloud.

    Args:
        folder: the cloud's state folder; unpacked code lies below it.
        port: where the cloud listens.
        faults: what was asked to go wrong.
        on_log: told of everything that a function's log got.
    """

    def __init__(
        self, folder: Path, port: int, faults: Faults, on_log: Callable[[FunctionVersion, list[LogEvent]], None]
    ) -> None:
        self._faults = faults
        self._world = World(
            folder=folder / "functions",
            endpoint_url=f"http://127.0.0.1:{port}",
            credentials=records.role_credentials,
            logs=emulator.CloudWatchLogs(on_log),
            warn=_log.warning,
        )
        self._environments: Environments | None = None

    async def start(self) -> None:
        """Begin; on the event loop that will run everything."""
        self._environments = Environments(self._world)
        records.install(self._environments, self._faults)
        emulator.wrap_service("lambda", checked_invocations)
        emulator.wrap_service("lambda", checked_roles)

    async def stop(self) -> None:
        """End every environment."""
        if self._environments:
            await self._environments.close()

    async def reset(self) -> None:
        """End the environments of functions that are gone."""
        if self._environments:
            self._environments.forget_all()

    async def invoke(self, function_arn: str, event: bytes) -> Answer:
        """Invoke a function for an event source mapping."""
        # Who waits may be cancelled, when its mapping stops; the function runs to its end all the same, as on AWS.
        return await asyncio.shield(self._invoke(function_arn, event))

    async def _invoke(self, function_arn: str, event: bytes) -> Answer:
        function = records.find_function(function_arn)
        if function is None or self._environments is None:
            return Answer(throttled=True)  # deleted: the mapping waits, as it does on AWS, until it is deleted too
        slot = records.acquire_concurrency(function)
        if slot is None:
            return Answer(throttled=True)
        try:
            if delay := self._faults.delay(function.name):
                await asyncio.sleep(delay)
            version = records.function_version(function.record, function.config)
            outcome = await self._environments.invoke(version, event, invoked_arn=function_arn)
        except Throttled:
            emulator.measure_throttle(function.name)
            return Answer(throttled=True)
        except RoleCannotBeAssumed:
            return Answer(function_error="Unhandled")
        finally:
            records.release_concurrency(slot)
        if (reason := self._faults.failure(function.name, event)) and not outcome.function_error:
            outcome = failed_by_fault(outcome, reason)
        emulator.measure_invocation(function.name, outcome.duration_ms, failed=bool(outcome.function_error))
        return Answer(outcome.payload, outcome.function_error, executed_version=version.version)
