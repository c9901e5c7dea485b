"""Times as people type them: `10m`, `2h`, `2026-11-22T04:12`."""

from __future__ import annotations

import contextlib
import datetime as dt
import re

from lab.errors import UsageError
from languages import gettext as _

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, *, option: str) -> dt.datetime:
    """Return the moment a person means: so long ago (`90s`, `10m`, `2h`, `1d`), or in ISO 8601 (UTC unless it says).

    Args:
        text: what was typed.
        option: the option it was typed for, named in the error.

    Raises:
        UsageError: it is neither.
    """
    if ago := re.fullmatch(r"(\d+)([smhdw])", text):
        return dt.datetime.now(dt.UTC) - dt.timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        parsed = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            _("{option} {text}: this is no time.").format(option=option, text=text),
            next_step=_("Say how long ago (10m, 2h, 1d), or a time in UTC such as 2026-05-31T18:30."),
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)


def duration_seconds(text: str, *, option: str) -> float:
    """Return how long a person means: `30s`, `5m`, `1.5s`, or plain seconds.

    Raises:
        UsageError: it is no duration.
    """
    if (found := re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)) and (amount := float(found[1])):
        with contextlib.suppress(OverflowError):  # more than three million years
            return dt.timedelta(**{_UNITS[found[2] or "s"]: amount}).total_seconds()
    raise UsageError(
        _("{option} {text}: this is no duration.").format(option=option, text=text),
        next_step=_("Say how long: 30s, 5m, 1h."),
    )


def shown(when: dt.datetime) -> str:
    """Return a time as all verbs show it: ISO 8601, UTC, milliseconds."""
    return f"{when.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"
