"""Requests and answers on the wire: JSON 1.1, and CBOR, which AWS's Java and C++ libraries speak to Kinesis."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, NoReturn

from lab.cloud.kinesis import cbor
from lab.cloud.kinesis.records import KinesisRecord
from lab.cloud.kinesis.validation import serialization_error

if TYPE_CHECKING:
    from lab.cloud.emulator.app import Answer
    from lab.cloud.kinesis.errors import KinesisError

_JSON_TYPE = "application/x-amz-json-1.1"
_CBOR_TYPE = "application/x-amz-cbor-1.1"


def is_cbor(headers: dict[str, str]) -> bool:
    """Say whether a request is CBOR; its answer is then too."""
    return "cbor" in headers.get("content-type", "")


def content_type(*, as_cbor: bool) -> str:
    """Return the type of what `encode` makes."""
    return _CBOR_TYPE if as_cbor else _JSON_TYPE


def decode(body: bytes, *, as_cbor: bool) -> Any:
    """Return what a body holds.

    Raises:
        KinesisError: SerializationException: nothing that can be read.
    """
    try:
        return cbor.decode(body) if as_cbor else json.loads(body, parse_constant=_refuse)
    # A body may nest deeper than the interpreter can follow.
    except (ValueError, RecursionError) as error:
        raise serialization_error() from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are no JSON


def encode(values: dict[str, Any], *, as_cbor: bool) -> bytes:
    """Return the body of an answer; bytes in it are blobs, its `Records` may be records as they are read."""
    records = values.get("Records")
    if records and isinstance(records[0], KinesisRecord):
        rest = {name: value for name, value in values.items() if name != "Records"}
        if not as_cbor:
            # Ten thousand of them take a third of the time this way.
            return b'{"Records":[%s],%s' % (_records_in_json(records), encode(rest, as_cbor=False)[1:])
        values = rest | {"Records": [record_members(record) for record in records]}
    if as_cbor:
        return cbor.encode(values)
    return json.dumps(values, default=_blob, separators=(",", ":")).encode()


def record_members(record: KinesisRecord) -> dict[str, Any]:
    """Return a record by the names that the API has for its members."""
    return {
        "SequenceNumber": record.sequence_number,
        "ApproximateArrivalTimestamp": cbor.Timestamp(record.arrived),
        "Data": record.data,
        "PartitionKey": record.partition_key,
    }


def _records_in_json(records: list[KinesisRecord]) -> bytes:
    quoted, in_base64 = json.encoder.encode_basestring_ascii, binascii.b2a_base64
    return ",".join(
        [
            f'{{"SequenceNumber":"{number}","ApproximateArrivalTimestamp":{arrived!r},'
            f'"Data":"{in_base64(data, newline=False).decode()}","PartitionKey":{quoted(key)}}}'
            for number, arrived, key, data in records
        ]
    ).encode()


def _blob(value: Any) -> str:
    return base64.b64encode(value).decode()


def answer(values: dict[str, Any] | None, *, as_cbor: bool = False, status: int = 200) -> Answer:
    """Return the answer to a call; None is the empty body with which AWS answers calls that tell nothing."""
    body = b"" if values is None else encode(values, as_cbor=as_cbor)
    return status, {"Content-Type": content_type(as_cbor=as_cbor)}, body


def error_answer(error: KinesisError, *, as_cbor: bool) -> Answer:
    """Return the answer that an error is."""
    values = {"__type": error.code} | ({"message": error.message} if error.message is not None else {})
    status, headers, body = answer(values, as_cbor=as_cbor, status=error.status)
    return status, headers | {"x-amzn-ErrorType": error.code}, body
