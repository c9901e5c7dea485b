"""Rules about streams and who reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Inputs = Mapping[str, Any]

MOST_SHARDS = 2
RETENTION_HOURS = 24
ENDLESS = -1
"""Lambda's word for: until the record expires."""


def shards(inputs: Inputs) -> Iterator[str]:
    """Ask for few: they are paid by the hour, used or not."""
    count = inputs.get("shardCount")
    if isinstance(count, int | float) and count > MOST_SHARDS:
        yield ngettext(
            "{count} shard, where {most} are enough to learn: each is paid by the hour, used or not.",
            "{count} shards, where {most} are enough to learn: each is paid by the hour, used or not.",
            round(count),
        ).format(count=round(count), most=MOST_SHARDS)
    if _part(inputs, "streamModeDetails").get("streamMode") == "ON_DEMAND":
        yield _("On demand, an idle stream costs more than two shards. Choose it where nobody knows what will come.")


def retention(inputs: Inputs) -> Iterator[str]:
    """Ask for the first day only, which is in the price of a shard."""
    hours = inputs.get("retentionPeriod")
    if isinstance(hours, int | float) and hours > RETENTION_HOURS:
        yield _(
            "Records are kept for {hours} hours; more than {free} are paid, by the shard and hour, whether records "
            "come or not."
        ).format(hours=round(hours), free=RETENTION_HOURS)


def failures(inputs: Inputs) -> Iterator[str]:
    """Ask where a record ends that cannot be processed."""
    if "startingPosition" not in inputs:
        return  # it reads a queue, which has a dead-letter queue of its own
    if not _part(_part(inputs, "destinationConfig"), "onFailure").get("destinationArn"):
        yield _(
            "No on-failure destination: of records that Lambda gives up nobody ever hears. Name a queue in "
            "destinationConfig.onFailure."
        )
    if inputs.get("maximumRetryAttempts", ENDLESS) == inputs.get("maximumRecordAgeInSeconds", ENDLESS) == ENDLESS:
        yield _(
            "A batch that fails is tried again until it expires, and nothing behind it in its shard moves: one broken "
            "record stops it for a day. Set maximumRetryAttempts or maximumRecordAgeInSeconds."
        )


def encryption_at_rest(inputs: Inputs) -> Iterator[str]:
    """Ask for what AWS does by itself everywhere but here."""
    if inputs.get("encryptionType", "NONE") == "NONE":
        yield _("Its records are stored as they are. With encryptionType KMS and alias/aws/kinesis they are encrypted.")


def _part(inputs: Inputs, name: str) -> Inputs:
    part = inputs.get(name)
    return part if isinstance(part, dict) else {}  # pyright: ignore[reportUnknownVariableType]
