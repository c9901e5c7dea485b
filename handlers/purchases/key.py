"""Under which key the document of a change lies: a path that Athena can prune by tenant and day.

The lesson: the day is the UTC day of the change itself. Were it that of the processing, a retry after midnight would
write a second object; were it `fecha`, which has no zone, it would depend on who reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.shared.failures import PermanentFailure
from handlers.shared.objects import safe_segment

if TYPE_CHECKING:
    from handlers.shared.table_changes import TableChange

PREFIX = "compras/"
LONGEST_KEY = 1024
"""Bytes that S3 takes."""


def document_key(change: TableChange, *, tenant_id: str, compra_id: str) -> str:
    """Return `compras/{tenant_id}/{yyyy}/{mm}/{dd}/{insert|modify|remove}_{compra_id}_{time}_{sequence}.json`.

    The same change has the same key at every delivery, and no two changes share one: a second may see several changes
    of one purchase, the sequence number tells them apart.

    Raises:
        PermanentFailure: S3 takes no key so long.
    """
    kind, purchase = change.event_name.lower(), safe_segment(compra_id)
    day, time = f"{change.arrival:%Y/%m/%d}", f"{change.arrival:%Y%m%d_%H%M%S}"
    key = f"{PREFIX}{safe_segment(tenant_id)}/{day}/{kind}_{purchase}_{time}_{change.sequence_number}.json"
    if len(key) > LONGEST_KEY:
        raise PermanentFailure("tenant_id and compra_id together are too long for a key of S3")
    return key
