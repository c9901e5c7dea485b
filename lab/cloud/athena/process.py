"""Processes that answer queries: started when somebody asks, ended when nobody has for a while.

DuckDB and sqlglot live there and never here: who runs no query pays no memory, a copy of the cloud (which is how its
state is saved) finds no threads of theirs, a query that is stopped is killed with its process, and SQL of others meets
an interpreter without the cloud's stores. Two queries run at a time; the others are QUEUED.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING, Any

from lab.cloud.athena.failures import SYSTEM, QueryFailure
from lab.cloud.athena.wire import LENGTH, Message, decode_header, encode

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Awaitable, Callable

    Answer = Callable[[Message], Awaitable[tuple[Any, list[bytes]]]]
    """Answers what a query process asks: a value and blobs; raises QueryFailure."""

MOST_AT_ONCE = 2
IDLE_SECONDS = 60.0
"""How long a process waits for the next query."""
QUERY_SECONDS = 1800.0
"""Athena's own limit."""


class QueryProcesses:
    """Runs statements, a process each."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._idle: list[Process] = []
        self._all: set[Process] = set()
        self._ending: asyncio.TimerHandle | None = None

    async def run(
        self, query: str, database: str, answer: Answer, started: Callable[[], None]
    ) -> tuple[list[dict[str, Any]], bytes]:
        """Run a statement; cancelling it kills its process.

        Args:
            query: the statement.
            database: where names without a database are looked up.
            answer: answers what the process asks.
            started: called when it is its turn.

        Returns:
            the result's columns, and the file that holds it.

        Raises:
            QueryFailure: it failed.
        """
        async with self._places:
            started()
            process = await self._take()
            try:
                async with asyncio.timeout(QUERY_SECONDS):
                    said, blobs = await _converse(process, {"query": query, "database": database}, answer)
            except TimeoutError:
                await self._end(process)
                raise QueryFailure("EXCEEDED_TIME_LIMIT: Query exceeded maximum time limit of 30.00m") from None
            except (OSError, EOFError) as error:
                await self._end(process)
                raise QueryFailure("GENERIC_INTERNAL_ERROR: the query's process ended", SYSTEM) from error
            except BaseException:
                await self._end(process)
                raise
            self._give_back(process)
        if failed := said.get("failed"):
            raise QueryFailure(failed["message"], failed["category"])
        return said["done"]["columns"], blobs[0]

    async def stop(self) -> None:
        """End every process."""
        if self._ending:
            self._ending.cancel()
        for process in list(self._all):
            await self._end(process)

    async def _take(self) -> Process:
        while self._idle:
            process = self._idle.pop()
            if process.returncode is None:
                return process
            self._all.discard(process)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "lab.cloud.athena.sql",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._all.add(process)
        return process

    def _give_back(self, process: Process) -> None:
        self._idle.append(process)
        if self._ending:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        for process in self._idle:
            assert process.stdin  # noqa: S101
            process.stdin.close()  # it ends by itself
            self._all.discard(process)
        self._idle.clear()

    async def _end(self, process: Process) -> None:
        self._all.discard(process)
        if process in self._idle:
            self._idle.remove(process)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _converse(process: Process, statement: Message, answer: Answer) -> tuple[Message, list[bytes]]:
    """Send a statement and answer questions until it is done."""
    await _say(process, encode(statement))
    while True:
        message, blobs = await _hear(process)
        if "ask" not in message:
            return message, blobs
        try:
            value, answered = await answer(message)
        except QueryFailure as failure:
            await _say(process, encode({"failed": {"message": failure.message, "category": failure.category}}))
        else:
            await _say(process, encode({"answer": value}, answered))


async def _say(process: Process, data: bytes) -> None:
    assert process.stdin  # noqa: S101
    process.stdin.write(data)
    await process.stdin.drain()


async def _hear(process: Process) -> tuple[Message, list[bytes]]:
    assert process.stdout  # noqa: S101
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    message, sizes = decode_header(await process.stdout.readexactly(length))
    return message, [await process.stdout.readexactly(size) for size in sizes]
