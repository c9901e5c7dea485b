"""Asking a person before something is done that cannot be undone."""

from __future__ import annotations

import sys

from lab.errors import UsageError
from languages import gettext as _


def is_confirmed(question: str) -> bool:
    """Ask, and say whether the answer is yes; anything else is no.

    Raises:
        UsageError: there is nobody to ask: the command does not run in a terminal.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            _("This needs a yes, and there is no terminal to ask in."),
            next_step=_("Run it with --yes if you mean it."),
        )
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201
    answer = sys.stdin.readline().strip().casefold()
    return answer in ("y", "yes", "s", "si", "sí", "sim")
