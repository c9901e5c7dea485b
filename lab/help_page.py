"""The help pages: what `--help` prints, in the person's language, narrow enough for any terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from typer.core import TyperArgument, TyperOption

from lab.terminal import styled, width
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from typer.core import TyperCommand

LAST_PARTS = "\f"
"""Stands between the examples and the shape of the JSON in what Typer calls a command's epilog."""

_WIDEST = 100
_WIDEST_NAME = 30


def of_verb(verb: TyperCommand, context: Any) -> str:
    """Return the page of one verb: how it is called, what it does, its arguments and options, examples."""
    arguments = [parameter for parameter in verb.params if isinstance(parameter, TyperArgument)]
    options = [parameter for parameter in verb.params if isinstance(parameter, TyperOption) and not parameter.hidden]
    examples, _separator, json_shape = (verb.epilog or "").partition(LAST_PARTS)
    words = [context.command_path, *map(_argument_in_usage, arguments), _("[OPTIONS]")]
    blocks = [
        _usage(" ".join(words)),
        paragraph(verb.short_help or ""),
        *(paragraph(part) for part in (verb.help or "").split("\n\n")),
        _list(_("Arguments"), [(_argument_name(argument), argument.help or "") for argument in arguments]),
        _list(_("Options"), [*map(_option, options), ("--help", _("Show this page."))]),
        _lines(_("Examples"), examples.splitlines()),
        _lines(_("What --json prints"), json_shape.splitlines()),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def of_group(context: Any, summary: str, sections: Sequence[tuple[str, Mapping[str, str]]]) -> str:
    """Return the page of a group of verbs.

    Args:
        context: Typer's, for the name the group was called by.
        summary: one sentence about the group.
        sections: heading ("" for the plain one) and the verbs under it, each with its one sentence.
    """
    blocks = [
        _usage(" ".join((context.command_path, _("COMMAND"), "…"))),
        paragraph(summary),
        *(_list(heading or _("Commands"), verbs.items()) for heading, verbs in sections),
        paragraph(
            _("`{command} COMMAND --help` explains a command, with examples.").format(command=context.command_path)
        ),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _usage(line: str) -> str:
    return styled(_("Usage:"), "bold") + f" {line}"


def _argument_name(argument: TyperArgument) -> str:
    return argument.metavar or argument.name.upper()


def _argument_in_usage(argument: TyperArgument) -> str:
    name = _argument_name(argument) + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _option(option: TyperOption) -> tuple[str, str]:
    name = ", ".join(option.opts) + (f" {option.metavar}" if option.metavar else "")
    shown = "" if option.is_flag or option.default is None else _("[default: {value}]").format(value=option.default)
    return name, f"{option.help or ''} {shown}".strip()


def paragraph(text: str) -> str:
    """Return running text, indented and broken into lines."""
    return textwrap.fill(text, min(width(), _WIDEST), initial_indent="  ", subsequent_indent="  ")


def _list(heading: str, entries: Iterable[tuple[str, str]]) -> str:
    entries = list(entries)
    if not entries:
        return ""
    column = min(max(len(name) for name, _text in entries), _WIDEST_NAME) + 4
    lines = [styled(f"{heading}:", "bold")]
    for name, text in entries:
        room = max(min(width(), _WIDEST) - column, 20)
        first, *others = textwrap.wrap(text, room) or [""]
        lines.append(
            f"  {name}".ljust(column) + first if len(name) <= _WIDEST_NAME else f"  {name}\n{' ' * column}{first}"
        )
        lines.extend(" " * column + other for other in others)
    return "\n".join(lines)


def _lines(heading: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return "\n".join((styled(f"{heading}:", "bold"), *(f"  {line}" for line in lines)))
