"""Layout `record`: each record of the stream becomes an object of its own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from handlers.archive.text import as_text
from handlers.shared.objects import StoredObject, safe_segment
from handlers.shared.times import iso_time

if TYPE_CHECKING:
    from handlers.shared.kinesis import KinesisRecord

LONGEST_SEGMENT = 900
"""Bytes of a key, which may have 1,024, that the partition key may take: the rest is time and sequence number."""


def record_object(record: KinesisRecord) -> StoredObject:
    """Return the object that holds a record: its payload byte for byte, and in the metadata what an audit asks for.

    The key is made from the record alone, so that a record that is delivered again writes the same object. Partition
    key and second do not name a record, many share them: the sequence number does.

    Raises:
        PermanentFailure: the record's data is not base64.
    """
    segment = partition_key_segment(record.partition_key)
    data = record.data
    return StoredObject(
        key=f"{segment}-{record.arrival:%Y-%m-%d-%H%M%S}-{record.sequence_number}.txt",
        body=data,
        content_type="application/octet-stream" if as_text(data) is None else "text/plain; charset=utf-8",
        metadata={
            "partition-key": segment,
            "sequence-number": record.sequence_number,
            "arrival": iso_time(record.arrival),
        },
    )


def partition_key_segment(partition_key: str) -> str:
    """Return a partition key as part of an object's key, other keys giving others.

    256 characters can be 3,072 once they are safe, more than S3 takes. Of those the beginning stays, and after a `~`,
    which no safe segment holds, the MD5: the one that decides the shard.
    """
    segment = safe_segment(partition_key)
    if len(segment) <= LONGEST_SEGMENT:
        return segment
    digest = hashlib.md5(partition_key.encode(), usedforsecurity=False).hexdigest()
    return f"{segment[: LONGEST_SEGMENT - len(digest) - 1]}~{digest}"
