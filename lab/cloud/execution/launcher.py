"""Starts environments: brings together the interpreter, the code, the credentials and a folder, and cleans up after."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab.cloud.execution import log_lines
from lab.cloud.execution.code_store import CodeStore
from lab.cloud.execution.environment import Environment
from lab.cloud.execution.interpreter import Interpreters
from lab.cloud.execution.process import EnvironmentProcess
from lab.cloud.execution.runtime_packages import runtime_packages
from lab.cloud.execution.stragglers import kill_stragglers
from lab.cloud.execution.variables import Folders, search_path, variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.execution.credentials import CredentialsSource
    from lab.cloud.execution.function import FunctionVersion

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")


@dataclass(frozen=True, slots=True)
class World:
    """What surrounds every environment.

    Attributes:
        folder: where code, packages and private folders are kept; nobody else's.
        endpoint_url: where this cloud listens.
        credentials: assumes execution roles.
        logs: takes log events.
        warn: told what a person should know, such as a missing interpreter.
    """

    folder: Path
    endpoint_url: str
    credentials: CredentialsSource
    logs: log_lines.LogSink
    warn: Callable[[str], None]


class Launcher:
    """Starts environments and removes what they leave.

    Args:
        world: what surrounds them.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._interpreters = Interpreters(world.warn)
        self._code = CodeStore(world.folder / "code")
        self._private = world.folder / "run"
        shutil.rmtree(self._private, ignore_errors=True)  # of a server that was killed
        self._private.mkdir(parents=True)
        self._runtime = runtime_packages(world.folder / "runtime")
        self._cleaning: set[asyncio.Task[None]] = set()

    async def start(self, function: FunctionVersion, *, init_in_invocation: bool = False) -> Environment:
        """Start an environment; its initialization goes on while this returns.

        Raises:
            RoleCannotBeAssumed: Lambda may not assume the function's role.
            UnreadablePackage: the code or a layer cannot be unpacked.
        """
        credentials = self._world.credentials(function)
        interpreter = await self._interpreters.find(function.runtime)
        held: list[Path] = []
        try:
            for package in function.packages:
                held.append(await self._code.acquire(package))  # noqa: PERF401 -- what is held must be known on failure
            environment_id = secrets.token_hex(16)
            folders = Folders(held[0], tuple(held[1:]), self._runtime, self._private / environment_id[:12])
            folders.private.mkdir()
            log = log_lines.Log(function, log_lines.stream_name(function.version, environment_id), self._world.logs)
            log.line(log.lines.init_start(function.runtime, interpreter.version))
            own = dict(function.environment)
            process = EnvironmentProcess(
                [interpreter.path, "-I", "-S", "-X", "utf8", str(BOOTSTRAP)],
                search_path(folders, interpreter.version, own.get("PYTHONPATH")),
                variables(function, folders, credentials, self._world.endpoint_url, log.stream),
                folders.task,
                log.output,
            )
        except BaseException:
            for package, _ in zip(function.packages, held, strict=False):
                self._code.release(package)
            raise
        environment = Environment(function, process, log, credentials, init_in_invocation=init_in_invocation)
        task = asyncio.create_task(self._clean(environment, folders.private, log.stream))
        self._cleaning.add(task)
        task.add_done_callback(self._cleaning.discard)
        return environment

    async def close(self) -> None:
        """Wait until everything that ended environments leave behind is gone."""
        await asyncio.gather(*self._cleaning, return_exceptions=True)
        await self._code.close()

    async def _clean(self, environment: Environment, private: Path, stream: str) -> None:
        await environment.process.ended
        environment.closed()
        await asyncio.to_thread(_remove_remains, private, stream)
        for package in environment.function.packages:
            self._code.release(package)


def _remove_remains(private: Path, stream: str) -> None:
    kill_stragglers(f"AWS_LAMBDA_LOG_STREAM_NAME={stream}")
    shutil.rmtree(private, ignore_errors=True)
