"""Running a Pulumi program in this process, and telling a learner where it failed.

The SDK keeps its settings in context variables, so a program runs in a context of its own, and the next one in another.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator
    from types import TracebackType

    from lab.deploy.engine.run import Project


class ProgramError(LabError):
    """The program ended with an error; the message says which, and where in the program."""


class RefusedError(ProgramError):
    """The program itself says, in its own words, why it goes no further."""


def run(project: Project, monitor: Any, *, preview: bool, parallel: int) -> None:
    """Run a program to its end.

    Args:
        project: the program and its configuration.
        monitor: answers its calls (see `Monitor`).
        preview: what `pulumi.runtime.is_dry_run()` says.
        parallel: how many calls it may have in flight.

    Raises:
        ProgramError: the program failed; resources that failed are not the program's failure.
        KeyboardInterrupt: it was stopped; calls in flight have ended.
    """
    contextvars.copy_context().run(_run, project, monitor, preview, parallel)


def _run(project: Project, monitor: Any, preview: bool, parallel: int) -> None:  # noqa: FBT001 - through Context.run
    import pulumi
    from pulumi.runtime import Settings, configure, run_in_stack
    from pulumi.runtime.config import set_all_config
    from pulumi.runtime.settings import ROOT

    folder = project.program.parent
    settings = Settings(
        project=project.name,
        stack=project.stack,
        monitor=monitor,
        engine=monitor,
        parallel=parallel,
        dry_run=preview,
        organization="organization",
        root_directory=str(folder),
    )
    configure(settings)
    ROOT.set(None)
    set_all_config(dict(project.config), sorted(project.secret_keys))

    def main() -> None:
        runpy.run_path(str(project.program), run_name="__main__")

    origins = Origins()
    try:
        with _place(folder), _event_loop(parallel, origins) as loop, monitor.interruptible():
            loop.run_until_complete(run_in_stack(main))
    except LabError:
        raise
    except pulumi.RunError as error:
        raise RefusedError(str(error)) from error
    except SystemExit as error:
        if error.code:
            raise ProgramError(_("The program ended itself: {code}").format(code=error.code)) from error
    except Exception as error:
        raise ProgramError(describe(error, folder, origins)) from error


class Origins:
    """Where errors first came from.

    Several tasks wait for the same output, and Python forgets an error's traceback when it is raised a second time; so
    every task notes it the first time.
    """

    def __init__(self) -> None:
        self._noted: dict[int, tuple[BaseException, TracebackType | None]] = {}

    def task_factory(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        """Make a task that notes the error it ends with."""
        return asyncio.Task(self._noting(coroutine), loop=loop, **options)

    async def _noting(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        try:
            return await coroutine
        except Exception as error:
            # The error is kept with its traceback, so that its id stays its own.
            self._noted.setdefault(id(error), (error, error.__traceback__))
            raise

    def of(self, error: BaseException) -> TracebackType | None:
        """Return the traceback an error came with."""
        return self._noted.get(id(error), (error, error.__traceback__))[1]


@contextlib.contextmanager
def _place(folder: Path) -> Generator[None]:
    """Be in the program's folder, and find its modules there first, as Pulumi arranges it for a program."""
    before, modules = Path.cwd(), set(sys.modules)
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path.remove(str(folder))
        # What the program's own modules keep belongs to this run; another run in this process begins anew.
        for name in set(sys.modules) - modules:
            if _is_of_program(getattr(sys.modules[name], "__file__", None), folder):
                del sys.modules[name]


@contextlib.contextmanager
def _event_loop(parallel: int, origins: Origins) -> Generator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    threads = ThreadPoolExecutor(parallel, thread_name_prefix="resource")
    loop.set_default_executor(threads)
    loop.set_task_factory(origins.task_factory)
    # What a task that nobody awaits leaves behind is told already, by the SDK, through the first that failed.
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        # What is being created now is also noted: a run that is stopped forgets nothing.
        threads.shutdown(wait=True, cancel_futures=True)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        asyncio.set_event_loop(None)
        loop.close()


def describe(error: BaseException, folder: Path, origins: Origins) -> str:
    """Return an error as one line: the place in the learner's files where it came from, its kind and its message."""
    kind, message = type(error).__name__, str(error)
    if isinstance(error, SyntaxError) and error.filename:
        place, message = (Path(error.filename), error.lineno or 0), error.msg
    else:
        place = _place_of(error, folder, origins)
    # The SDK raises many errors as plain `Exception`, which says nothing to anybody.
    text = message if kind == "Exception" and message else f"{kind}: {message}" if message else kind
    if place is None:
        return text
    path, line = place
    with contextlib.suppress(ValueError):
        path = path.relative_to(folder)
    return f"{path}:{line}: {text}"


def _place_of(error: BaseException, folder: Path, origins: Origins) -> tuple[Path, int] | None:
    """Return the innermost line of the learner's own files, in the error or in what caused it."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        # Where it came from may be the SDK's own task; then the line that waited for it is the learner's.
        frames = [*traceback.extract_tb(current.__traceback__), *traceback.extract_tb(origins.of(current))]
        for frame in reversed(frames):
            if _is_of_program(frame.filename, folder):
                return Path(frame.filename), frame.lineno or 0
        current = current.__cause__ or current.__context__
    return None


def _is_of_program(file: str | None, folder: Path) -> bool:
    """Say whether a file belongs to the program, and neither to its libraries nor to this tool, which lie beside it."""
    if file is None:
        return False
    path = Path(file)
    tools = (Path(__file__).resolve().parents[2], Path(sys.prefix).resolve())
    return path.is_relative_to(folder) and not any(path.is_relative_to(tool) for tool in tools)
