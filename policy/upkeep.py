"""Rules about what is forgotten: logs that nobody deletes, things that nobody knows the owner of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from languages import gettext as _
from policy import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Inputs = Mapping[str, Any]

LONGEST_LOG_DAYS = 7
OWNER_TAGS = ("project", "student")


def log_retention(inputs: Inputs) -> Iterator[str]:
    """Ask for an end: CloudWatch keeps a log for ever unless it is told otherwise."""
    days = inputs.get("retentionInDays", 0)
    if days == 0:
        yield _("The log is kept, and paid, for ever. Set retentionInDays.")
    elif isinstance(days, int | float) and days > LONGEST_LOG_DAYS:
        yield _("The log is kept for {days} days; {enough} are enough to learn.").format(
            days=round(days), enough=LONGEST_LOG_DAYS
        )


def own_log(inputs: Inputs) -> Iterator[str]:
    """Ask for a log group of the stack: one that Lambda makes stays when the stack goes."""
    config = inputs.get("loggingConfig")
    if not (isinstance(config, dict) and config.get("logGroup")):  # pyright: ignore[reportUnknownMemberType]
        yield _(
            "It names no log group, so Lambda makes one that is kept for ever and stays when the stack goes. Make one "
            "and name it in loggingConfig."
        )


def owner(inputs: Inputs) -> Iterator[str]:
    """Ask whose it is: without tags, nobody dares to delete what is left."""
    if missing := [tag for tag in OWNER_TAGS if tag not in _tags(inputs)]:
        yield _("It has no tag {names}, so nobody can tell whose it is, and `lab leftovers` may not find it.").format(
            names=", ".join(missing)
        )


def expiry(inputs: Inputs) -> Iterator[str]:
    """Ask from which day on it may go."""
    expires = _tags(inputs).get("expires")
    if expires is None:
        yield _(
            "It has no tag expires: whoever looks after the account cannot know from which day on it may go. Set "
            "streamlab:expires."
        )
    elif expires != UNKNOWN and not re.fullmatch(r"\d{4}-\d\d-\d\d", str(expires)):
        yield _("Its tag expires is {value}, which is no day such as {example}.").format(
            value=expires, example="2027-06-30"
        )


def _tags(inputs: Inputs) -> dict[str, Any]:
    tags = inputs.get("tags")
    return tags if isinstance(tags, dict) else {}  # pyright: ignore[reportUnknownVariableType]
