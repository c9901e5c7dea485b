"""Draws a deployment: a line for each resource that changes, what is under way below them, and what came of it.

In a terminal the lines under way are drawn again until they are done (by rich, imported only then); elsewhere each
resource is a line when it is done.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Self, cast

from lab.errors import LabError
from lab.failures import StoppedError
from lab.numbers import decimal, whole
from lab.terminal import is_live, say, say_json, styled
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from rich.live import Live
    from rich.table import Table

    from lab.deploy.engine.changes import PropertyChange
    from lab.deploy.engine.events import Event, Result

RESULT_SHAPE = '{"ok": true, "counts": {"create": 3, …}, "outputs": {LESSON: {NAME: VALUE}}, "seconds": 1.2}'
"""What a deployment's `--json` prints; `counts` by create, update, replace, delete, same, failed …"""

_STACK_TYPE = "pulumi:pulumi:Stack"
_QUIET_KINDS = ("same", "read")
"""What changes nothing is counted, not listed."""
_MARKS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "failed": "!", "skipped": "·"}
_COLOURS = {
    "create": "green",
    "update": "yellow",
    "replace": "yellow",
    "delete": "red",
    "failed": "red",
    "skipped": "dim",
}
_DRAWN_PER_SECOND = 8
_WORTH_TELLING_SECONDS = 0.005
_LONGEST_VALUE = 60
_BEFORE_THE_DIFFERENCE = 20
"""How much is shown of what two long values have in common, where only that would fit."""


class Drawing:
    """Draws a run of the engine; used as a context, its `show` given to the engine.

    Args:
        preview: whether the events only say what would happen.
        silent: draw nothing (a program reads our output).
    """

    def __init__(self, *, preview: bool = False, silent: bool = False) -> None:
        self._preview = preview
        self._silent = silent
        self._under_way: dict[str, tuple[Event, float]] = {}
        self._lock = threading.Lock()  # the engine tells from several threads
        self._live: Live | None = None
        self._stack_line = ""

    def __enter__(self) -> Self:
        """Begin to draw."""
        if not self._silent and is_live(sys.stdout):
            from rich.live import Live

            self._live = Live(
                get_renderable=self._lines_under_way, refresh_per_second=_DRAWN_PER_SECOND, transient=True
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; what was under way is not drawn any more."""
        if self._live:
            self._live.stop()

    def show(self, event: Event) -> None:
        """Draw one event."""
        if self._silent:
            return
        with self._lock:
            if not event.finished:
                self._under_way[event.urn] = (event, time.monotonic())
                return
            self._under_way.pop(event.urn, None)
        if event.kind == "log":
            self._print(_log_line(event))
        elif event.name and event.kind not in _QUIET_KINDS:
            if event.type == _STACK_TYPE and event.kind == "create":
                # A program that refuses its settings has this one behind it already, and nobody wants to hear of it.
                self._stack_line = self._line(event)
                return
            self.tell_stack()
            self._print(self._line(event))  # without a name it is the program that failed: told at the end
            if self._preview:
                for change in event.differences:
                    self._print(_difference_line(change))

    def tell_stack(self) -> None:
        """Draw that the stack itself was created, which comes first and is kept back until something follows."""
        line, self._stack_line = self._stack_line, ""
        if line:
            self._print(line)

    def _print(self, text: str) -> None:
        if self._live:
            self._live.refresh()  # else what has just been done would be drawn as under way once more
        # While rich draws, it takes over stdout and keeps what is printed above its own lines.
        say(text)

    def _line(self, event: Event) -> str:
        mark = styled(f"{_MARKS[event.kind]} {_word(event.kind, preview=self._preview):<11}", _COLOURS[event.kind])
        line = f"  {mark} {_short_type(event.type):<36} {event.name}"
        if event.kind in ("failed", "skipped"):
            return line
        if event.changes and not (self._preview and event.differences):
            line += styled(f"  [{', '.join(event.changes)}]", "dim")
        return (
            line
            if self._preview or event.seconds < _WORTH_TELLING_SECONDS
            else line + styled(f"  {decimal(event.seconds, 2)} s", "dim")
        )

    def _lines_under_way(self) -> Table:
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 1))
        now = time.monotonic()
        with self._lock:
            for event, since in self._under_way.values():
                text = f"{_doing(event.kind):<11} {_short_type(event.type):<36} {event.name}  {decimal(now - since)} s"
                grid.add_row(Text(" "), Spinner("dots", text=Text(text, style="dim")))
            if not self._under_way:
                grid.add_row(Text(" "), Spinner("dots", text=Text(_("working …"), style="dim")))
        return grid


def run_and_tell(
    work: Callable[[Callable[[Event], None]], Result], *, preview: bool = False, as_json: bool = False
) -> Result:
    """Run the engine, draw what happens, and tell how it ended.

    Args:
        work: what to run; it is given what to call with each event.
        preview: whether nothing is changed.
        as_json: print the result for a program instead.

    Raises:
        LabError: not everything could be done.
    """
    try:
        with Drawing(preview=preview, silent=as_json) as drawing:
            result = work(drawing.show)
            if not result.refused:
                drawing.tell_stack()
    except KeyboardInterrupt:
        again = _("Run the same command again: it goes on from here.")
        raise StoppedError(_("Stopped."), next_step=again) from None
    if as_json:
        say_json(
            {"ok": result.ok, "counts": dict(result.counts), "outputs": dict(result.outputs), "seconds": result.seconds}
        )
    elif not result.refused:
        say(summary(result, preview=preview))
    raise_unless_done(result, preview=preview)
    return result


def raise_unless_done(result: Result, *, preview: bool) -> None:
    """Do nothing where all is well.

    Raises:
        LabError: not everything could be done, or the program went no further.
    """
    if result.refused:
        what, _line_break, why = "\n".join(result.errors).partition("\n")
        raise LabError(what, why=why)
    if not result.ok:
        raise LabError(
            _("The preview failed.") if preview else _("Not everything could be done."),
            why="\n".join(result.errors),
            next_step="" if preview else _("Mend the cause and run the same command again: it goes on from here."),
        )


def summary(result: Result, *, preview: bool = False) -> str:
    """Return in one line how many resources were changed, and how long it took."""
    counts = result.counts
    changes = [
        ngettext("{count} created", "{count} created", counts.get("create", 0)).format(
            count=whole(counts.get("create", 0))
        ),
        ngettext("{count} updated", "{count} updated", counts.get("update", 0)).format(
            count=whole(counts.get("update", 0))
        ),
        ngettext("{count} replaced", "{count} replaced", counts.get("replace", 0)).format(
            count=whole(counts.get("replace", 0))
        ),
        ngettext("{count} deleted", "{count} deleted", counts.get("delete", 0)).format(
            count=whole(counts.get("delete", 0))
        ),
        ngettext("{count} unchanged", "{count} unchanged", counts.get("same", 0)).format(
            count=whole(counts.get("same", 0))
        ),
        ngettext("{count} failed", "{count} failed", counts.get("failed", 0)).format(
            count=whole(counts.get("failed", 0))
        ),
    ]
    kinds = ("create", "update", "replace", "delete", "same", "failed")
    told = ", ".join(change for kind, change in zip(kinds, changes, strict=True) if counts.get(kind))
    heading = _("It would be:") if preview else _("Done:")
    if not told:
        told = _("nothing to do")
    return f"{styled(heading, 'bold')} {told}  ({decimal(result.seconds)} s)"


def tell_outputs(outputs: Mapping[str, Any]) -> None:
    """Print the outputs, lesson by lesson."""
    for lesson, values in sorted(outputs.items()):
        say(styled(f"{lesson}:", "bold"))
        if not isinstance(values, dict):
            say(f"  {values}")
            continue
        entries = cast("dict[str, Any]", values)
        longest = max(map(len, entries), default=0)
        for name, value in entries.items():
            say(f"  {name:<{longest}}  {_told(value)}".rstrip())


def _told(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[Any]", value)))
    return "" if value is None else str(value)


def _short_type(kind: str) -> str:
    """Return a resource's type as Pulumi shows it: `aws:kinesis:Stream` for `aws:kinesis/stream:Stream`."""
    package, _colon, rest = kind.partition(":")
    module, _colon, name = rest.partition(":")
    return f"{package}:{module.partition('/')[0]}:{name}" if name else kind


def _log_line(event: Event) -> str:
    colour = {"warning": "yellow", "error": "red"}.get(event.severity, "dim")
    source = f"{event.name}: " if event.name else ""
    return styled("\n".join(f"  {source}{line}" for line in event.message.splitlines()), colour)


def _difference_line(change: PropertyChange) -> str:
    """Return what a preview says of one property: added, removed, or before and after."""
    if change.old is None and change.new is None:
        return f"      {styled('~', 'yellow')} {change.path}"
    if change.old is None:
        return f"      {styled('+', 'green')} {change.path}: {_value(change.new)}"
    if change.new is None:
        return f"      {styled('-', 'red')} {change.path}: {_value(change.old)}"
    pairs = zip(_plain(change.old), _plain(change.new), strict=False)
    same = sum(1 for _pair in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    start = max(same - _BEFORE_THE_DIFFERENCE, 0) if same >= _LONGEST_VALUE - 1 else 0
    return f"      {styled('~', 'yellow')} {change.path}: {_value(change.old, start)} → {_value(change.new, start)}"


def _plain(value: Any) -> str:
    plain = isinstance(value, str) and value.isprintable() and value.strip() == value != ""
    return value if plain else json.dumps(value, ensure_ascii=False)


def _value(value: Any, start: int = 0) -> str:
    """Return a property's value on part of a line; of a long one only what fits, from `start` on."""
    text = f"…{_plain(value)[start:]}" if start else _plain(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _word(kind: str, *, preview: bool) -> str:
    words = {
        "create": (_("created"), _("create")),
        "update": (_("updated"), _("update")),
        "replace": (_("replaced"), _("replace")),
        "delete": (_("deleted"), _("delete")),
        "failed": (_("failed"), _("failed")),
        "skipped": (_("skipped"), _("skipped")),
    }
    return words[kind][preview]


def _doing(kind: str) -> str:
    words = {"create": _("creating"), "update": _("updating"), "replace": _("replacing"), "delete": _("deleting")}
    return words.get(kind, _("reading"))
