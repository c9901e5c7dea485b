"""PutRecord and PutRecords.

Plain requests, which nearly all are, are checked by a glance; whatever else comes goes through AWS's constraints.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any, NamedTuple

from lab.cloud.kinesis.errors import KinesisError, internal_failure, invalid, not_found
from lab.cloud.kinesis.sequence_numbers import parse
from lab.cloud.kinesis.validation import validation_error
from lab.hash_keys import HASH_KEYS, hash_key

if TYPE_CHECKING:
    from lab.cloud.kinesis.call import Call
    from lab.cloud.kinesis.model import Shard, Stream

MOST_RECORDS = 500
MOST_BYTES = 10 * 1024 * 1024
"""What one PutRecords call takes, partition keys included."""
_LONGEST_KEY = 256
_KIB = 1024
_RECORD_MEMBERS = frozenset({"Data", "PartitionKey"})
_PLAIN = _RECORD_MEMBERS | {"StreamName", "StreamARN"}
_PLAIN_BATCH = frozenset({"Records", "StreamName", "StreamARN"})
_THROTTLED = "ProvisionedThroughputExceededException"


class _Put(NamedTuple):
    data: bytes
    key: str
    explicit_hash: str | None = None

    @property
    def size(self) -> int:
        """What counts against limits."""
        return len(self.data) + len(self.key.encode("utf-8", "surrogatepass"))


def put_record(call: Call) -> dict[str, Any]:
    """Store a record."""
    request = call.request
    stream = call.glance()
    put = _plain_put(request) if stream and request.keys() <= _PLAIN else None
    if stream is None or put is None:
        call.validate()
        stream = call.stream()
        _check_ordering(call, stream)
        put = _put(call.request, "partitionKey")
    _check_writable(stream)
    _check_size(stream, put, "data")
    shard = _shard_for(stream, put)
    limits = call.world.limits
    if limits.on_writes_to(stream.arn) and not limits.allow_write((stream.created, shard.number), put.size):
        raise KinesisError(_THROTTLED, rate_exceeded(stream, shard))
    if call.get("DryRun"):
        raise KinesisError("DryRunOperationException", "The request would have succeeded, but DryRun is set.")
    stamp = call.world.store.put(stream, [(shard, put.key, put.data)])
    shard.bell.ring()
    if call.world.forward:
        call.world.forward(stream.arn, [(put.key, put.data)])
    answer = {"ShardId": shard.shard_id, "SequenceNumber": shard.number_of(stamp)}
    return answer | {"EncryptionType": "KMS"} if stream.encrypted else answer


def put_records(call: Call) -> dict[str, Any]:
    """Store up to 500 records; each is answered by itself."""
    request = call.request
    stream = call.glance()
    puts = (
        _plain_puts(request["Records"]) if stream and request.keys() <= _PLAIN_BATCH and "Records" in request else None
    )
    if stream is None or puts is None:
        call.validate()
        stream = call.stream()
        puts = [
            _put(record, f"records.{number}.member.partitionKey")
            for number, record in enumerate(call.request["Records"], 1)
        ]
    _check_writable(stream)
    sizes = 0
    for number, put in enumerate(puts, 1):
        sizes += _check_size(stream, put, f"records.{number}.member.data")
    if sizes > MOST_BYTES:
        raise invalid("Records size exceeds 10 MB limit.")
    if call.get("DryRun"):
        raise KinesisError("DryRunOperationException", "The request would have succeeded, but DryRun is set.")
    return _store(call, stream, puts)


def _store(call: Call, stream: Stream, puts: list[_Put]) -> dict[str, Any]:
    shards = [_shard_for(stream, put) for put in puts]
    limits = call.world.limits
    accepted = [True] * len(puts)
    if limits.on_writes_to(stream.arn):
        accepted = [
            limits.allow_write((stream.created, shard.number), put.size)
            for shard, put in zip(shards, puts, strict=True)
        ]
    stored = [(shard, put.key, put.data) for shard, put, taken in zip(shards, puts, accepted, strict=True) if taken]
    try:
        stamp = call.world.store.put(stream, stored) if stored else 0
    except KinesisError:
        return _all_failed(len(puts))
    for shard in set(shards):
        shard.bell.ring()
    if call.world.forward:
        call.world.forward(stream.arn, [(key, data) for _shard, key, data in stored])
    answers: list[dict[str, str]] = []
    for shard, taken in zip(shards, accepted, strict=True):
        if taken:
            answers.append({"SequenceNumber": shard.number_of(stamp), "ShardId": shard.shard_id})
            stamp += 1
        else:
            answers.append({"ErrorCode": _THROTTLED, "ErrorMessage": rate_exceeded(stream, shard)})
    answer = {"FailedRecordCount": len(puts) - len(stored), "Records": answers}
    return answer | {"EncryptionType": "KMS"} if stream.encrypted else answer


def _all_failed(count: int) -> dict[str, Any]:
    """Return what PutRecords answers when nothing could be written down: the caller sends the records again."""
    failure = internal_failure()
    answer = {"ErrorCode": failure.code, "ErrorMessage": failure.message}
    return {"FailedRecordCount": count, "Records": [answer] * count}


def rate_exceeded(stream: Stream, shard: Shard) -> str:
    """Return AWS's words for a shard whose limit is reached."""
    return f"Rate exceeded for shard {shard.shard_id} in stream {stream.name} under account {stream.account}."


# --- reading the request ---------------------------------------------------------------------------------------------


def _plain_put(record: Any) -> _Put | None:
    """Return a record that is good at a glance: data and partition key, nothing unusual."""
    data, key = record.get("Data"), record.get("PartitionKey")
    if type(key) is not str or not 0 < len(key) <= _LONGEST_KEY:
        return None
    if type(data) is str:
        try:
            return _Put(binascii.a2b_base64(data, strict_mode=True), key)
        except (binascii.Error, ValueError):
            return None  # the closer look says what is wrong with it
    return _Put(data, key) if type(data) is bytes else None


def _plain_puts(records: Any) -> list[_Put] | None:
    if type(records) is not list or not 0 < len(records) <= MOST_RECORDS:  # pyright: ignore[reportUnknownArgumentType]
        return None
    puts: list[_Put] = []
    for record in records:  # pyright: ignore[reportUnknownVariableType]
        plain = type(record) is dict and record.keys() <= _RECORD_MEMBERS  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType, reportUnknownVariableType]
        put = _plain_put(record) if plain else None
        if put is None:
            return None
        puts.append(put)
    return puts


def _put(record: dict[str, Any], place_of_key: str) -> _Put:
    """Return a record of a request that was checked."""
    key = record.get("PartitionKey")
    if key is None:
        raise validation_error(
            [f"Value null at '{place_of_key}' failed to satisfy constraint: Member must not be null"]
        )
    return _Put(record["Data"], key, record.get("ExplicitHashKey"))


def _shard_for(stream: Stream, put: _Put) -> Shard:
    if put.explicit_hash is None:
        return stream.shard_for(hash_key(put.key))
    explicit = int(put.explicit_hash)
    if explicit >= HASH_KEYS:
        raise invalid(
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {put.explicit_hash}"
        )
    return stream.shard_for(explicit)


def _check_writable(stream: Stream) -> None:
    if stream.status == "CREATING":
        raise not_found(f"Stream {stream.name} under account {stream.account} not found.")


def _check_size(stream: Stream, put: _Put, place: str) -> int:
    """Refuse a record that is too large for its stream, partition key included; return its size."""
    most = stream.max_record_kib * _KIB
    size = put.size
    if size > most:
        raise validation_error(
            [f"Value at '{place}' failed to satisfy constraint: Member must have length less than or equal to {most}"]
        )
    return size


def _check_ordering(call: Call, stream: Stream) -> None:
    """SequenceNumberForOrdering must be a number of this stream; numbers grow with time in any case."""
    number = call.get("SequenceNumberForOrdering")
    if number is None:
        return
    place = parse(number)
    if place is None or place.stream != stream.created or place.stamp > call.world.store.ticker.last:
        raise invalid(
            f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream {stream.name} "
            f"under account {stream.account} is invalid."
        )
