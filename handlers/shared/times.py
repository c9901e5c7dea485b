"""Times as texts."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def iso_time(moment: datetime) -> str:
    """Return a time as ISO 8601 text, in UTC with milliseconds: texts of this form sort as the times do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
