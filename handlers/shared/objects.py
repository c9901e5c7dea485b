"""Objects into an S3 bucket, and keys that are safe whatever a producer wrote.

The same content under the same key is the same object: what a replay writes changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from handlers.shared.aws_errors import failure_of
from handlers.shared.clients import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_s3.service_resource import Bucket, S3ServiceResource

_LETTERS_KEPT = "-_"


@dataclass(frozen=True)
class StoredObject:
    """An object to store."""

    key: str
    body: bytes
    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    """US-ASCII names and values, 2 KB together."""


def open_bucket(name: str) -> Bucket:
    """Return the bucket; called once, when the function starts."""
    s3: S3ServiceResource = boto3.resource("s3", config=PATIENCE)  # pyright: ignore[reportUnknownMemberType]
    return s3.Bucket(name)


def put_objects(bucket: Bucket, objects: Sequence[StoredObject], *, keep_first: bool = False) -> None:
    """Put the objects into the bucket, in order.

    Args:
        bucket: where they go.
        objects: what they are.
        keep_first: leave an object whose key is there already as it is, because its content tells when it was made;
            else it is overwritten.

    Raises:
        Failure: one could not be stored; all before its position are.
    """
    for position, stored in enumerate(objects):
        try:
            _put(bucket, stored, keep_first=keep_first)
        except (ClientError, BotoCoreError) as error:
            raise failure_of(error, position=position) from error


def _put(bucket: Bucket, stored: StoredObject, *, keep_first: bool) -> None:
    only_new: Any = {"IfNoneMatch": "*"} if keep_first else {}
    try:
        bucket.put_object(
            Key=stored.key,
            Body=stored.body,
            ContentType=stored.content_type,
            Metadata=dict(stored.metadata),
            **only_new,
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "PreconditionFailed":
            raise


def safe_segment(text: str) -> str:
    """Return a text that is one segment of a key, whatever it holds: no `/`, no `..`, ASCII only, never empty.

    Different texts give different segments: what is not a letter, a digit, `-` or `_` is written as `%` and two hex
    digits for each byte (RFC 3986), `.` too, because a segment of dots means a folder to many a tool.
    """
    return quote(text, safe=_LETTERS_KEPT).replace(".", "%2E").replace("~", "%7E") or "%"
