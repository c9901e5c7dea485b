"""Lesson archive: the text's events into the stream; objects of the bucket out of it."""

from __future__ import annotations

import gzip
import heapq
import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lab.errors import LabError, UsageError
from lab.hash_keys import hash_key, shard_of
from lab.lessons.stream import StreamSender
from lab.lessons.telling import tell_of_older_ones
from lab.numbers import whole
from lab.sending import Event
from lab.stream_reading import all_shards
from lab.terminal import say, styled, table
from lab.times import shown
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mypy_boto3_kinesis.type_defs import ShardTypeDef
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

    from lab.lessons.contract import Order
    from lab.target import Target

_TEXTS_FIRST = "hello kinesis"
_BATCHES = "dt="
"""How the keys of objects with many records begin."""
_RECORD_KEY = re.compile(r"(?P<partition_key>.+)-(?P<arrival>\d{4}-\d\d-\d\d-\d{6})-(?P<number>\d+)\.txt", re.ASCII)
_READS_AT_ONCE = 8


def sender(target: Target, outputs: Mapping[str, Any], advanced: Callable[[int], None]) -> StreamSender:
    """Return what sends the text's events to the stream."""
    return StreamSender(target, outputs["KinesisStreamName"], text_events, advanced, text_key="PartitionKey1")


def text_events(order: Order) -> Iterable[Event]:
    """Make up events like the text's two: keys PartitionKey1, PartitionKey2, …, in turn.

    Raises:
        UsageError: some of them should be poison.
    """
    if order.poison:
        raise UsageError(
            _("Lesson archive keeps whatever bytes it is given: there is no poison for it."),
            next_step=_("Let its function fail instead: lab fault fail archive"),
        )
    return (
        Event(
            key=f"PartitionKey{number % order.keys + 1}",
            payload=(f"event {number + 1}" if number else _TEXTS_FIRST).encode(),
        )
        for number in range(order.count)
    )


def outcome(target: Target, outputs: Mapping[str, Any], *, limit: int) -> Objects:
    """Read the bucket."""
    shards = all_shards(target.clients.kinesis, outputs["KinesisStreamName"])
    return read_objects(target.clients.s3, outputs["BucketName"], shards, newest=limit)


def detail(target: Target, outputs: Mapping[str, Any], key: str) -> WholeObject:
    """Read one object.

    Raises:
        LabError: there is no such object.
    """
    from botocore.exceptions import ClientError

    s3, bucket = target.clients.s3, str(outputs["BucketName"])
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchKey":
            raise
        raise LabError(
            _("There is no object {key} in bucket {bucket}.").format(key=key, bucket=bucket),
            next_step=_("See which there are: lab show archive"),
        ) from None
    content = found["Body"].read()
    return WholeObject(key, found["ContentType"], found["Metadata"], _unpacked(key, content))


@dataclass(frozen=True)
class ArchiveObject:
    """An object of the archive."""

    key: str
    bytes: int
    stored: str
    records: int


@dataclass(frozen=True)
class Objects:
    """The objects of the bucket."""

    bucket: str
    count: int
    records: int
    """Different ones."""
    more_than_once: int
    """How many records stand in more than one object."""
    newest: list[ArchiveObject]
    by_shard: Counter[str]

    def as_data(self) -> dict[str, Any]:
        """Return them for a program."""
        return {
            "objects": {
                "count": self.count,
                "records": self.records,
                "more_than_once": self.more_than_once,
                "newest": [asdict(each) for each in self.newest],
            }
        }

    def tell(self) -> None:
        """Print them as a table."""
        text = ngettext("{count} object in bucket {bucket}", "{count} objects in bucket {bucket}", self.count)
        records = ngettext("{count} record", "{count} records", self.records).format(count=whole(self.records))
        say(styled(f"{text.format(count=whole(self.count), bucket=self.bucket)}, {records}", "bold"))
        if not self.newest:
            say("  " + _("Nothing has arrived yet. Send something: lab send archive"))
            return
        rows = [(each.stored, whole(each.records), whole(each.bytes), each.key) for each in self.newest]
        table((_("stored"), _("records"), _("bytes"), _("key")), rows)
        if self.count > len(self.newest):
            tell_of_older_ones(self.count - len(self.newest))
        if self.more_than_once:
            text = ngettext(
                "{count} record stands in more than one object; shard and sequence number tell which.",
                "{count} records stand in more than one object; shard and sequence number tell which.",
                self.more_than_once,
            )
            say("  " + text.format(count=whole(self.more_than_once)))
        say("  " + _("Look into one: lab show archive KEY"))


@dataclass(frozen=True)
class WholeObject:
    """One object and what is in it, unpacked."""

    key: str
    content_type: str
    metadata: Mapping[str, str]
    content: bytes

    def as_data(self) -> dict[str, Any]:
        """Return it for a program; bytes that are no text as JSON writes them."""
        return {
            "key": self.key,
            "content_type": self.content_type,
            "metadata": self.metadata,
            "content": self._text(),
        }

    def tell(self) -> None:
        """Print it."""
        say(styled(self.key, "bold"))
        for name, value in {"content-type": self.content_type, **self.metadata}.items():
            say(f"  {name}: {value}")
        say()
        say(self._text().rstrip("\n"))

    def _text(self) -> str:
        return self.content.decode("utf-8", "backslashreplace")


def read_objects(s3: S3Client, bucket: str, shards: list[ShardTypeDef], *, newest: int) -> Objects:
    """List the whole bucket (a lesson's bucket is small), read what holds many records, keep the `newest` objects."""
    records: Counter[tuple[str, str]] = Counter()
    found: list[ArchiveObject] = []
    for entry, held in _with_records(s3, bucket, shards):
        records.update(held)
        stored = shown(entry["LastModified"]) if "LastModified" in entry else ""
        found.append(ArchiveObject(entry.get("Key", ""), entry.get("Size", 0), stored, len(held)))
    by_shard = Counter(shard for shard, _number in records if shard)
    return Objects(
        bucket,
        count=len(found),
        records=len(records),
        more_than_once=sum(times > 1 for times in records.values()),
        newest=heapq.nlargest(newest, found, key=lambda each: (each.stored, each.key)),
        by_shard=by_shard,
    )


def _with_records(
    s3: S3Client, bucket: str, shards: list[ShardTypeDef]
) -> Iterator[tuple[ObjectTypeDef, list[tuple[str, str]]]]:
    """Yield the objects, each with the shard and sequence number of its records."""

    def held(entry: ObjectTypeDef) -> list[tuple[str, str]]:
        key = entry.get("Key", "")
        if not key.startswith(_BATCHES):
            return _record_of(key, shards)
        lines = _unpacked(key, s3.get_object(Bucket=bucket, Key=key)["Body"].read()).splitlines()
        return [(record["shard"], record["sequence_number"]) for record in map(json.loads, lines)]

    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    with ThreadPoolExecutor(_READS_AT_ONCE) as threads:
        for page in pages:
            entries = page.get("Contents", [])
            yield from zip(entries, threads.map(held, entries), strict=True)


def _record_of(key: str, shards: list[ShardTypeDef]) -> list[tuple[str, str]]:
    """Return the one record of an object named after it; none where somebody else put the object there."""
    named = _RECORD_KEY.fullmatch(key)
    if not named:
        return []
    start, _mark, md5 = named["partition_key"].partition("~")  # the end of a key that was too long
    partition = int(md5, 16) if md5 else hash_key(unquote(start))
    return [(shard_of(partition, shards, sequence_number=int(named["number"])) or "", named["number"])]


def _unpacked(key: str, content: bytes) -> bytes:
    return gzip.decompress(content) if key.endswith(".gz") else content
