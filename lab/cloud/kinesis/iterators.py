"""Shard iterators: opaque texts that say by themselves where a read begins, so that nothing need be remembered."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import NamedTuple

LIFE_MILLISECONDS = 300_000
"""An iterator is good for five minutes ("GetShardIterator")."""
_VERSION = "1"


class Iterator(NamedTuple):
    """Where a read begins.

    Attributes:
        stream_arn: the stream.
        stream: the stream's own stamp: a stream that was deleted and made again is another one.
        shard: number of the shard.
        after: the stamp behind which records are read.
        made_ms: when the iterator was made, milliseconds since the epoch.
    """

    stream_arn: str
    stream: int
    shard: int
    after: int
    made_ms: int


def encode(iterator: Iterator) -> str:
    """Return the text of an iterator."""
    fields = (_VERSION, iterator.stream, iterator.shard, iterator.after, iterator.made_ms, iterator.stream_arn)
    payload = "|".join(map(str, fields)).encode()
    # The checksum only tells a damaged text from a whole one; who may read is IAM's matter, asked about this ARN.
    return base64.b64encode(zlib.crc32(payload).to_bytes(4, "big") + payload).decode()


def decode(text: str) -> Iterator | None:
    """Read the text of an iterator; None when it is none of ours."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    payload = raw[4:]
    if len(raw) < 5 or zlib.crc32(payload) != int.from_bytes(raw[:4], "big"):  # noqa: PLR2004
        return None
    try:
        version, stream, shard, after, made_ms, stream_arn = payload.decode().split("|", 5)
        iterator = Iterator(stream_arn, int(stream), int(shard), int(after), int(made_ms))
    except ValueError:
        return None
    return iterator if version == _VERSION else None


def stream_arn(text: str) -> str | None:
    """Return the ARN of the stream an iterator reads, which is what IAM is asked about."""
    iterator = decode(text)
    return iterator.stream_arn if iterator else None
