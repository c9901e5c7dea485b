"""What the verbs print with: plain text, colour where it is wanted, tables, progress, JSON.

Results go to stdout; progress goes to stderr, so that a pipe carries results only. In a terminal progress is drawn by
rich, elsewhere it is a few lines; either way only once a step takes long enough to make a person wonder, so that what
is done at once neither flickers nor waits for rich to be imported (0.1 s).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import textwrap
import threading
import time
from typing import TYPE_CHECKING, Any, TextIO

from lab.numbers import decimal, whole
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_PATIENCE_SECONDS = 0.7
_LINES_EVERY_SECONDS = 5.0
_WIDEST_PARAGRAPH = 100
_WIDEST_FILLED = 110
_NARROWEST = 20
_LEAST_OF_THE_LAST_COLUMN = 24


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
    _print(text, sys.stdout)


def _print(text: str, stream: TextIO) -> None:
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        if not _goes_on_unheard:
            raise
        hush(stream)


_goes_on_unheard = False


@contextlib.contextmanager
def going_on_unheard() -> Generator[None]:
    """Let a reader that goes away (`| head`) stop nothing: what changes something must come to its end."""
    global _goes_on_unheard  # noqa: PLW0603  (stdout and stderr are the process's too)
    before, _goes_on_unheard = _goes_on_unheard, True
    try:
        yield
    finally:
        _goes_on_unheard = before


def hush(stream: TextIO) -> None:
    """Let what is still printed to `stream` go nowhere: what Python holds for a reader that has gone fails again."""
    with contextlib.suppress(OSError):  # a stream without a file of its own, as in tests
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def say_paragraph(text: str) -> None:
    """Print running text, indented and broken into lines that are easy to read."""
    say(textwrap.fill(text, min(width(), _WIDEST_PARAGRAPH), initial_indent="  ", subsequent_indent="  "))


def fill(text: str, columns: int | None = None) -> str:
    """Return running text broken into lines of so many columns (default: the terminal's), between words.

    What is indented, such as code, stays as it is; and so does everything where nobody looks (a pipe, a file).
    """
    if columns is None and not sys.stdout.isatty():
        return text
    room = max(min(columns or width(), _WIDEST_FILLED), _NARROWEST)
    return "\n".join(
        line if line.startswith(" ") else textwrap.fill(line, room, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )


def say_json(value: Any) -> None:
    """Print a value for a program: indented JSON, whatever JSON lacks (Decimal, time) as text."""
    say(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say_json_line(value: Any) -> None:
    """Print a value as one line of JSON: for what has no end, or many entries."""
    say(json.dumps(value, ensure_ascii=False, default=str))


def note(text: str) -> None:
    """Print a line beside the result (to stderr): what is going on, not what came out."""
    _print(text, sys.stderr)


def width() -> int:
    """Return the columns there are to write in; plenty where nobody looks (a pipe, a file)."""
    if not sys.stdout.isatty():
        return 10_000
    return shutil.get_terminal_size().columns


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, indent: int = 2) -> None:
    """Print rows in aligned columns; where they do not fit, each row as lines of its own, so that nothing is lost.

    Only the last column may be cut at the edge of the terminal, and only where enough of it is left to see.

    Args:
        headings: one per column.
        rows: cells, told as text; a line break in a cell becomes a space.
        indent: columns left free at the left.
    """
    cells = [[" ".join(str(cell).splitlines()) for cell in row] for row in rows]
    lines = [list(headings), *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    room = width()
    if indent + sum(size + 2 for size in widths[:-1]) + min(widths[-1], _LEAST_OF_THE_LAST_COLUMN) > room:
        _stacked(headings, cells, room - indent, " " * indent)
        return
    for number, line in enumerate(lines):
        padded = "  ".join(cell.ljust(size) for cell, size in zip(line, widths, strict=True))
        text = (" " * indent + padded).rstrip()
        text = text if len(text) <= room else text[: room - 1] + "…"
        say(styled(text, "bold") if number == 0 else text)


def _stacked(headings: Sequence[str], rows: Sequence[Sequence[str]], room: int, margin: str) -> None:
    """Print each row as lines of a heading and a cell; what is too long goes on in the next line."""
    longest = max(map(len, headings))
    for number, row in enumerate(rows):
        if number:
            say()
        for heading, cell in zip(headings, row, strict=True):
            first, *others = textwrap.wrap(cell, max(room - longest - 2, 1), break_on_hyphens=False) or [""]
            say(f"{margin}{styled(heading.ljust(longest), 'bold')}  {first}".rstrip())
            for other in others:
                say(f"{margin}{' ' * longest}  {other}")
    if not rows:
        say(margin + styled(", ".join(headings), "bold"))


class Progress:
    """How far a step has come; made by `progress`. May be told from any thread."""

    def __init__(self, title: str, total: int | None) -> None:
        self._title = title
        self._total = total
        self._done = 0
        self._drawing: _Bar | _Lines | None = None
        self._ended = False
        self._lock = threading.Lock()

    def advance(self, amount: int = 1) -> None:
        """Say that `amount` more is done."""
        with self._lock:
            self._done += amount
            if self._drawing:
                self._drawing.update(self._title, self._done)

    def describe(self, title: str) -> None:
        """Say what is being done now."""
        with self._lock:
            self._title = title
            if self._drawing:
                self._drawing.update(title, self._done)

    def appear(self) -> None:
        """Begin to draw."""
        with self._lock:
            if not self._ended:
                self._drawing = (_Bar if is_live(sys.stderr) else _Lines)(self._title, self._total)
                self._drawing.update(self._title, self._done)

    def end(self, *, done: bool) -> None:
        """Draw no more; `done` says whether the step came to its end."""
        with self._lock:
            self._ended = True
            if self._drawing:
                self._drawing.end(done=done)


@contextlib.contextmanager
def progress(title: str, total: int | None = None, *, silent: bool = False) -> Generator[Progress]:
    """Show that something is going on, how far it has come and for how long, once it takes long enough to wonder.

    Args:
        title: what is being done, with an ellipsis: `Sending events …`.
        total: how much there is to do; None where nobody can know.
        silent: show nothing (a program reads our output). `LAB_PROGRESS=none` in the environment says so, too.
    """
    shown = Progress(title, total)
    timer = threading.Timer(_PATIENCE_SECONDS, shown.appear)
    timer.daemon = True
    if not silent and os.environ.get("LAB_PROGRESS") != "none":
        timer.start()
    done = False
    try:
        yield shown
        done = True
    finally:
        timer.cancel()
        shown.end(done=done)


class _Bar:
    """A bar, or without a total a spinner, that is gone when the step has ended."""

    def __init__(self, title: str, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )
        from rich.progress import Progress as RichProgress

        bar = () if total is None else (BarColumn(), MofNCompleteColumn())
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), *bar, TimeElapsedColumn())
        self._progress = RichProgress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task(title, total=total)
        self._progress.start()

    def update(self, title: str, done: int) -> None:
        self._progress.update(self._task, description=title, completed=done)

    def end(self, *, done: bool) -> None:  # noqa: ARG002  (the bar is gone either way)
        self._progress.stop()


class _Lines:
    """Lines for a file or a pipe: one when something new begins, a few on the way."""

    def __init__(self, title: str, total: int | None) -> None:
        self._title = title
        self._total = total
        self._started = self._told = time.monotonic()
        note(title)

    def update(self, title: str, done: int) -> None:
        now = time.monotonic()
        if title != self._title:
            self._title = title
            note(title)
        elif self._total and now - self._told >= _LINES_EVERY_SECONDS:
            self._told = now
            note("  " + _("{done} of {total}").format(done=whole(done), total=whole(self._total)))

    def end(self, *, done: bool) -> None:
        if done:
            note("  " + _("done after {seconds} s").format(seconds=decimal(time.monotonic() - self._started)))
