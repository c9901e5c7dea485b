"""What a thing that nobody uses costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.leftovers.search import Leftover

HOURS_PER_MONTH = 730
_FREE = frozenset({"mapping", "api", "function", "workgroup", "database", "queue", "topic", "role"})
"""What costs nothing while nobody uses it."""


def usd_per_hour(leftover: Leftover) -> float | None:
    """Return what a leftover costs while nobody uses it; None where nobody knows."""
    return 0.0 if leftover.thing.kind in _FREE else None


@dataclass(frozen=True)
class Bill:
    """What some leftovers cost together."""

    usd_per_hour: float
    is_at_least: bool
    """Whether the price of some is not known."""

    @classmethod
    def of(cls, leftovers: Iterable[Leftover]) -> Bill:
        """Add up."""
        prices = [usd_per_hour(each) for each in leftovers]
        return cls(round(sum(price or 0 for price in prices), 6), None in prices)
