"""Sentences that the lessons share when they tell what came out."""

from __future__ import annotations

from lab.numbers import whole
from lab.terminal import say
from languages import ngettext


def tell_of_older_ones(count: int) -> None:
    """Say how many there are that are not shown."""
    text = ngettext(
        "… and {count} older one (--limit shows more).", "… and {count} older ones (--limit shows more).", count
    )
    say("  " + text.format(count=whole(count)))
