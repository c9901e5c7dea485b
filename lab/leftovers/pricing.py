"""What a thing that nobody uses costs: lab/cost's prices, for the settings that AWS tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.cost.prices import PRICES
from lab.cost.resources import FREE, PRICED, Use
from lab.deploy.provider.resources import RESOURCES
from lab.leftovers.kinds import KIND_OF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties
    from lab.leftovers.kinds import Thing
    from lab.leftovers.search import Leftover

HOURS_PER_MONTH = 730
_KEEP_UNTOLD = frozenset({"bucket", "other"})
"""How much these keep, their services do not tell in one answer."""
_PRICED_BY_SETTINGS = frozenset({"mapping", "stream", "table"})
"""What costs more or less by how it is set up."""


class GoneError(Exception):
    """It is being deleted."""


def usd_per_hour(account: Account, thing: Thing) -> float | None:
    """Return what a thing costs while nobody uses it; None where nobody knows.

    Raises:
        GoneError: it is there no more, or not for long.
    """
    if thing.kind in _KEEP_UNTOLD:
        return None
    if thing.kind == "consumer":
        return _of_consumer(account, thing)
    type_ = KIND_OF[thing.kind].type
    if type_ in FREE:
        return 0.0
    settings = _settings(account, type_, thing) if thing.kind in _PRICED_BY_SETTINGS else {}
    stored = _bytes_of_table(account, thing) if thing.kind == "table" else thing.stored_bytes
    items = PRICED[type_](settings, Use(written_bytes=stored or 0))
    return float(sum(PRICES[item.unit] * (item.idle + item.kept) for item in items))


def _settings(account: Account, type_: str, thing: Thing) -> Properties:
    settings = RESOURCES[type_].read(account, thing.id, {})
    if settings is None:
        raise GoneError
    return settings


def _bytes_of_table(account: Account, thing: Thing) -> int:
    return account.dynamodb.describe_table(TableName=thing.name)["Table"].get("TableSizeBytes", 0)


def _of_consumer(account: Account, thing: Thing) -> float:
    stream = thing.belongs_to[0].rpartition("/")[2]
    summary = account.kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    return float(PRICES["kinesis_consumer_shard_hours"] * summary["OpenShardCount"])


@dataclass(frozen=True)
class Bill:
    """What some leftovers cost together."""

    usd_per_hour: float
    is_at_least: bool
    """Whether the price of some is not known."""

    @classmethod
    def of(cls, leftovers: Iterable[Leftover]) -> Bill:
        """Add up."""
        prices = [each.usd_per_hour for each in leftovers]
        return cls(round(sum(price or 0 for price in prices), 6), None in prices)
