"""Layout `batch`: the records of a batch become the lines of one compressed object.

S3 is paid by the request, so an object of 500 records costs a five-hundredth of 500 objects. But a batch has no name of
its own: the records of a batch that failed come again in other batches, cut elsewhere (a split, a longer batch after a
crash, a replay from the beginning), and any name made from such a batch is new.

Mechanism: before it writes, the function reads what the archive already has of the shard between the batch's first and
last record, and writes only what is missing; objects are never overwritten. So, however the stream is delivered:

- no record is lost: one is left out only where it was seen in an object;
- a record stands in one object, as long as batches of a shard come one after the other, as Lambda sends them with a
  parallelization factor of 1. Where two run at once (Lambda gave one up that was still running), both may write the
  same record: every line has shard and sequence number, by which a reader can tell.

Scenario: 1-5 are written and the function times out. Lambda splits: 1-2 and 3-5 are found in the object and nothing is
written. Then 4-9 come: 6-9 are written.

The price is one LIST per batch and day, which costs what a PUT does. A key names the last record before the first
because keys are listed in their order: all objects that end at the batch's first record or later come in one answer,
the oldest first. In the usual case there is none, for nothing newer than the batch was ever written.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from handlers.archive.text import as_text
from handlers.shared.aws_errors import failure_of
from handlers.shared.failures import Failure
from handlers.shared.objects import StoredObject, put_objects
from handlers.shared.times import iso_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_s3.service_resource import Bucket

    from handlers.shared.kinesis import KinesisRecord

_SUFFIX = ".ndjson.gz"
_DIGITS = 56
"""Of a sequence number. Keys are listed in the order of text, which is that of numbers where all are as long."""


@dataclass(frozen=True)
class ArchiveLine:
    """A record as it stands in an object."""

    shard: str
    sequence_number: str
    day: str
    """Of its arrival, UTC: `2026-11-22`."""
    json: str

    @property
    def place(self) -> str:
        """What the keys of its shard and day begin with."""
        return f"dt={self.day}/{self.shard}-to-"

    @property
    def padded(self) -> str:
        """The sequence number in the form in which it stands in keys."""
        return self.sequence_number.zfill(_DIGITS)


def archive_line(record: KinesisRecord) -> ArchiveLine:
    """Return the line of a record: the payload as it is where it is text, else base64 under another name.

    Raises:
        PermanentFailure: the record's data is not base64.
    """
    shard = record.event_id.partition(":")[0]
    arrival = iso_time(record.arrival)
    text = as_text(record.data)
    line = {
        "shard": shard,
        "sequence_number": record.sequence_number,
        "partition_key": record.partition_key,
        "arrival": arrival,
        **({"data_base64": record.base64_data} if text is None else {"data": text}),
    }
    return ArchiveLine(shard, record.sequence_number, arrival[:10], json.dumps(line, ensure_ascii=False))


def store_batch(bucket: Bucket, lines: Sequence[ArchiveLine]) -> None:
    """Write the lines that the archive does not have yet; those of one day without a gap become one object.

    Raises:
        Failure: not all of it could be read or written; all before its position is in the archive.
    """
    try:
        present = _archived(bucket, lines)
    except (ClientError, BotoCoreError) as error:
        raise failure_of(error) from error
    runs = list(_missing_runs(lines, present))
    try:
        put_objects(bucket, [_object(run) for _position, run in runs])
    except Failure as failure:
        failure.position = runs[failure.position][0]
        raise


def _archived(bucket: Bucket, lines: Sequence[ArchiveLine]) -> set[str]:
    """Return the sequence numbers in the objects that may hold some of these lines."""
    first, last = lines[0].padded, lines[-1].padded
    present: set[str] = set()
    for place in {line.place for line in lines}:
        listed = bucket.objects.filter(Prefix=place, Marker=f"{place}{first}")
        for found in takewhile(lambda each: _first_of(each.key) <= last, listed):
            content = gzip.decompress(found.get()["Body"].read())
            present.update(json.loads(line)["sequence_number"] for line in content.splitlines())
    return present


def _missing_runs(lines: Sequence[ArchiveLine], present: set[str]) -> Iterator[tuple[int, list[ArchiveLine]]]:
    """Yield the position and the lines of each run that is missing."""
    position = 0
    for (_place, is_present), group in groupby(lines, key=lambda line: (line.place, line.sequence_number in present)):
        run = list(group)
        if not is_present:
            yield position, run
        position += len(run)


def _object(run: Sequence[ArchiveLine]) -> StoredObject:
    first, last = run[0], run[-1]
    return StoredObject(
        key=f"{first.place}{last.padded}-from-{first.padded}{_SUFFIX}",
        # Without the time of packing: the same lines are the same bytes.
        body=gzip.compress("".join(f"{line.json}\n" for line in run).encode(), mtime=0),
        content_type="application/gzip",
        metadata={"records": str(len(run))},
    )


def _first_of(key: str) -> str:
    return key.rpartition("-from-")[2].removesuffix(_SUFFIX)
