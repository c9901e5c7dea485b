"""Lesson purchases: changes of the table's items; documents in the bucket out of them."""

from __future__ import annotations

import heapq
import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handlers.shared.failures import PermanentFailure
from handlers.shared.payload import read_json_object
from lab.errors import UsageError
from lab.lessons.telling import tell_of_older_ones
from lab.numbers import decimal, whole
from lab.purchases import Write, purchase_writes
from lab.sending import Sent
from lab.terminal import say, styled, table
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client

    from lab.lessons.contract import Order
    from lab.target import Target

PREFIX = "compras/"
DOCUMENT_KEY = re.compile(
    r"compras/(?P<tenant>[^/]+)/(?P<day>\d{4}/\d\d/\d\d)/(?P<kind>insert|modify|remove)_(?P<purchase>.+)"
    r"_(?P<time>\d{8}_\d{6})_(?P<number>\d+)\.json",
    re.ASCII,
)
_READS_AT_ONCE = 8


def sender(target: Target, outputs: Mapping[str, Any], advanced: Callable[[int], None]) -> TableSender:
    """Return what buys, changes and removes in the table."""
    return TableSender(target.clients.dynamodb, outputs, advanced)


def outcome(target: Target, outputs: Mapping[str, Any], *, limit: int) -> Documents:
    """Read the bucket."""
    return read_documents(target.clients.s3, outputs["BucketName"], newest=limit)


class TableSender:
    """Writes to the table, one write after the other: so what happens to a purchase happens in order."""

    def __init__(self, dynamodb: DynamoDBClient, outputs: Mapping[str, Any], advanced: Callable[[int], None]) -> None:
        self.place: str = outputs["DynamoDBTableName"]
        self.sent = Sent()
        self._dynamodb = dynamodb
        self._outputs = outputs
        self._advanced = advanced

    def send(self, order: Order) -> None:
        """Send all of it.

        Raises:
            UsageError: the text given is not an item of this table.
        """
        started = time.monotonic()
        for number, write in enumerate(self._writes(order)):
            if order.rate is not None:
                time.sleep(max(0.0, started + number / order.rate - time.monotonic()))
            self._write(write)
            self.sent.without_shard += 1
            self._advanced(1)

    def _writes(self, order: Order) -> Iterator[Write]:
        if order.data is not None:
            write = _given(order.data)
            return (write for _number in range(order.count))
        return purchase_writes(
            order.count,
            tenants=self._outputs["Tenants"][: order.keys],
            time_to_live=self._outputs["TimeToLiveAttribute"],
            poison=order.poison,
        )

    def _write(self, write: Write) -> None:
        from boto3.dynamodb.types import TypeSerializer

        serialize: Callable[[Any], Any] = TypeSerializer().serialize
        key = {"tenant_id": {"S": write.tenant_id}, "compra_id": {"S": write.compra_id}}
        attributes = {name: serialize(value) for name, value in write.attributes.items()}
        match write.kind:
            case "insert":
                self._dynamodb.put_item(TableName=self.place, Item={**key, **attributes})
            case "remove":
                self._dynamodb.delete_item(TableName=self.place, Key=key)
            case _:
                self._dynamodb.update_item(
                    TableName=self.place,
                    Key=key,
                    UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
                    ExpressionAttributeNames={f"#{name}": name for name in attributes},
                    ExpressionAttributeValues={f":{name}": value for name, value in attributes.items()},
                )


def _given(text: str) -> Write:
    """Return the write that puts a person's own item.

    Raises:
        UsageError: the text is not one.
    """
    try:
        item = read_json_object(text.encode())
        why = ""
    except PermanentFailure as failure:
        item, why = {}, failure.reason
    tenant_id, compra_id = item.pop("tenant_id", None), item.pop("compra_id", None)
    if not (isinstance(tenant_id, str) and isinstance(compra_id, str)):
        raise UsageError(
            _("An item of this table is a JSON object with the texts tenant_id and compra_id."),
            why=why,
            next_step=_("For example: {example}").format(
                example="""lab send purchases --data '{"tenant_id": "empresa_postman", "compra_id": "abc123"}'"""
            ),
        )
    return Write("insert", tenant_id, compra_id, item)


@dataclass(frozen=True)
class Documents:
    """The documents of the bucket."""

    bucket: str
    count: int
    bytes: int
    by_day: dict[tuple[str, str], Counter[str]]
    """Tenant and day (`2026/11/22`, UTC): how many of each kind, insert, modify, remove."""
    newest: list[dict[str, Any]]
    """Some of them, newest first: `key`, and the `document` itself."""
    by_shard: None = None
    """A document does not say which shard its change came from."""

    def as_data(self) -> dict[str, Any]:
        """Return them for a program."""
        return {
            "documents": {
                "count": self.count,
                "bytes": self.bytes,
                "by_day": [
                    {"tenant": tenant, "day": day, **{kind: kinds[kind] for kind in _KINDS}}
                    for (tenant, day), kinds in sorted(self.by_day.items())
                ],
                "newest": self.newest,
            }
        }

    def tell(self) -> None:
        """Print how many there are of each tenant and day, and the newest ones."""
        text = ngettext("{count} document in bucket {bucket}", "{count} documents in bucket {bucket}", self.count)
        say(styled(text.format(count=whole(self.count), bucket=self.bucket), "bold"))
        if not self.count:
            say("  " + _("Nothing has arrived yet. Send something: lab send purchases"))
            return
        rows = [
            (tenant, day, *(whole(kinds[kind]) for kind in _KINDS))
            for (tenant, day), kinds in sorted(self.by_day.items())
        ]
        table((_("tenant"), _("day (UTC)"), *_KINDS), rows)
        say()
        table((_("changed at"), _("kind"), "compra_id", _("total"), _("products")), map(_row, self.newest))
        if self.count > len(self.newest):
            tell_of_older_ones(self.count - len(self.newest))


_KINDS = ("insert", "modify", "remove")


def document_keys(s3: S3Client, bucket: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the key of each document, taken apart, and its size in bytes."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX):
        for entry in page.get("Contents", []):
            if found := DOCUMENT_KEY.fullmatch(entry.get("Key", "")):
                yield found, entry.get("Size", 0)


def read_documents(s3: S3Client, bucket: str, *, newest: int) -> Documents:
    """List all documents of a bucket; read the `newest` ones."""
    by_day: dict[tuple[str, str], Counter[str]] = {}
    count = total_bytes = 0

    def counted() -> Iterator[re.Match[str]]:
        nonlocal count, total_bytes
        for found, size_bytes in document_keys(s3, bucket):
            count += 1
            total_bytes += size_bytes
            by_day.setdefault((found["tenant"], found["day"]), Counter())[found["kind"]] += 1
            yield found

    kept = heapq.nlargest(newest, counted(), key=lambda key: (key["time"], key["number"].zfill(40)))

    def read(found: re.Match[str]) -> dict[str, Any]:
        return {"key": found[0], "document": json.loads(s3.get_object(Bucket=bucket, Key=found[0])["Body"].read())}

    with ThreadPoolExecutor(_READS_AT_ONCE) as threads:
        return Documents(bucket, count, total_bytes, by_day, list(threads.map(read, kept)))


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    document: dict[str, Any] = entry["document"]
    summary, metadata = document["resumen"], document["metadata"]
    kind = metadata["event_name"].lower() + (" (TTL)" if metadata["removed_by_ttl"] else "")
    products = ", ".join(f"{product['cantidad']} × {product['nombre']}" for product in document["productos"])
    return (
        metadata["changed_at"],
        kind,
        document["compra_id"],
        f"{decimal(summary['total_precio'], 2)} {summary['moneda']}",
        products,
    )
