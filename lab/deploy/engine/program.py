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
    from collections.abc import Generator

    from lab.deploy.engine.run import Project


class ProgramError(LabError):
    """The program ended with an error; the message says which, and where in the program."""


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

    try:
        with _place(folder), _event_loop(parallel) as loop:
            loop.run_until_complete(run_in_stack(main))
    except pulumi.RunError as error:
        raise ProgramError(str(error)) from error
    except LabError as error:
        raise ProgramError(str(error)) from error
    except SystemExit as error:
        if error.code:
            raise ProgramError(_("the program ended itself: {code}").format(code=error.code)) from error
    except Exception as error:
        raise ProgramError(describe(error, folder)) from error


@contextlib.contextmanager
def _place(folder: Path) -> Generator[None]:
    """Be in the program's folder, and find its modules there first, as Pulumi arranges it for a program."""
    before = Path.cwd()
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path.remove(str(folder))


@contextlib.contextmanager
def _event_loop(parallel: int) -> Generator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    threads = ThreadPoolExecutor(parallel, thread_name_prefix="resource")
    loop.set_default_executor(threads)
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


def describe(error: BaseException, folder: Path) -> str:
    """Return an error as one line: the place in the learner's files where it came from, its kind and its message."""
    kind, message = type(error).__name__, str(error)
    if isinstance(error, SyntaxError) and error.filename:
        place, message = (Path(error.filename), error.lineno or 0), error.msg
    else:
        place = _place_of(error, folder)
    # The SDK raises many errors as plain `Exception`, which says nothing to anybody.
    text = message if kind == "Exception" and message else f"{kind}: {message}" if message else kind
    if place is None:
        return text
    path, line = place
    with contextlib.suppress(ValueError):
        path = path.relative_to(folder)
    return f"{path}:{line}: {text}"


def _place_of(error: BaseException, folder: Path) -> tuple[Path, int] | None:
    """Return the innermost line of the project's own files, in the error or in what caused it."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        for frame in reversed(traceback.extract_tb(current.__traceback__)):
            path = Path(frame.filename)
            if path.is_relative_to(folder) and "site-packages" not in path.parts and "lab" not in path.parts[-4:-1]:
                return path, frame.lineno or 0
        current = current.__cause__ or current.__context__
    return None
