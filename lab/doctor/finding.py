"""What was looked at, how it is, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["ok", "warn", "wrong"]
"""Well; not as it should be, or to be known; or something that will fail."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    about: str
    """A word or two that stay the same: `python`, `pulumi-cli`."""
    verdict: Verdict
    what: str
    """How it is."""
    next_step: str = ""
    """What to do, where something is to be done."""


def ok(about: str, what: str) -> Finding:
    """Return that something is well."""
    return Finding(about, "ok", what)


def warn(about: str, what: str, next_step: str = "") -> Finding:
    """Return that something is not as it should be, or that one should know of it."""
    return Finding(about, "warn", what, next_step)


def wrong(about: str, what: str, next_step: str) -> Finding:
    """Return that something will fail."""
    return Finding(about, "wrong", what, next_step)
