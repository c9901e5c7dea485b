"""What the verbs print with: plain text, colour where it is wanted, tables, progress, JSON.

Results go to stdout; progress goes to stderr, so that a pipe carries results only. In a terminal progress is drawn by
rich, which is imported only then (0.1 s); elsewhere it is a line where something begins and one where it has ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_PLAIN_PROGRESS_EVERY_SECONDS = 5.0


def is_live(stream: TextIO) -> bool:
    """Say whether lines on `stream` can be drawn again: a terminal that is more than a teletype."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def styled(text: str, style: str, stream: TextIO | None = None) -> str:
    """Return the text in one of the styles (`bold`, `dim`, a colour), or as it is where colour is not wanted.

    Source for `NO_COLOR`: no-color.org.
    """
    if os.environ.get("NO_COLOR") or not is_live(stream or sys.stdout):
        return text
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def say(text: str = "") -> None:
    """Print one line, or several, of a result."""
    print(text, flush=True)  # noqa: T201  (this is the one place that prints results)


def say_json(value: Any) -> None:
    """Print a value for a program: indented JSON, whatever JSON lacks (Decimal, time) as text."""
    say(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say_json_line(value: Any) -> None:
    """Print a value as one line of JSON: for what has no end, or many entries."""
    say(json.dumps(value, ensure_ascii=False, default=str))


def note(text: str) -> None:
    """Print a line beside the result (to stderr): what is going on, not what came out."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def width() -> int:
    """Return the columns there are to write in; plenty where nobody looks (a pipe, a file)."""
    if not sys.stdout.isatty():
        return 10_000
    return shutil.get_terminal_size().columns


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, indent: int = 2) -> None:
    """Print rows in aligned columns; what does not fit into the terminal's width is cut at the end of the line.

    Args:
        headings: one per column.
        rows: cells, told as text; a line break in a cell becomes a space.
        indent: columns left free at the left.
    """
    cells = [[" ".join(str(cell).splitlines()) for cell in row] for row in rows]
    lines = [list(headings), *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    room = width()
    for number, line in enumerate(lines):
        padded = "  ".join(cell.ljust(size) for cell, size in zip(line, widths, strict=True))
        text = (" " * indent + padded).rstrip()
        text = text if len(text) <= room else text[: room - 1] + "…"
        say(styled(text, "bold") if number == 0 else text)


class Progress:
    """How far a step has come; made by `progress`."""

    def advance(self, amount: int = 1) -> None:
        """Say that `amount` more is done."""

    def describe(self, title: str) -> None:
        """Say what is being done now."""


@contextlib.contextmanager
def progress(title: str, total: int | None = None, *, silent: bool = False) -> Generator[Progress]:
    """Show that something is going on, how far it has come (where `total` is known), and for how long.

    Args:
        title: what is being done, with an ellipsis: `Sending events …`.
        total: how much there is to do; None where nobody can know.
        silent: show nothing (a program reads our output).
    """
    if silent:
        yield Progress()
    elif is_live(sys.stderr):
        with _live_progress(total) as bar:
            yield _LiveProgress(bar, bar.add_task(title, total=total))
    else:
        plain = _PlainProgress(title, total)
        yield plain
        plain.end()


def _live_progress(total: int | None) -> RichProgress:
    from rich.console import Console  # noqa: PLC0415  (0.1 s; see the module's first lines)
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as RichProgress  # noqa: PLC0415

    bar = () if total is None else (BarColumn(), MofNCompleteColumn())
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), *bar, TimeElapsedColumn())
    return RichProgress(*columns, console=Console(stderr=True), transient=True)


class _LiveProgress(Progress):
    def __init__(self, bar: RichProgress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def advance(self, amount: int = 1) -> None:
        self._bar.advance(self._task, amount)

    def describe(self, title: str) -> None:
        self._bar.update(self._task, description=title)


class _PlainProgress(Progress):
    """Lines for a file or a pipe: one at the beginning, a few on the way, one at the end."""

    def __init__(self, title: str, total: int | None) -> None:
        self._title = title
        self._total = total
        self._done = 0
        self._started = self._told = time.monotonic()
        note(title)

    def advance(self, amount: int = 1) -> None:
        self._done += amount
        now = time.monotonic()
        if self._total and now - self._told >= _PLAIN_PROGRESS_EVERY_SECONDS:
            self._told = now
            note(_("  {done} of {total}").format(done=self._done, total=self._total))

    def describe(self, title: str) -> None:
        if title != self._title:
            self._title = title
            note(title)

    def end(self) -> None:
        note(_("  done in {seconds:.1f} s").format(seconds=time.monotonic() - self._started))
