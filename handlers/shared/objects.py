"""Objects into an S3 bucket, and keys that are safe whatever a producer wrote.

The same content under the same key is the same object: what a replay writes changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
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


def put_objects(bucket: Bucket, objects: Sequence[StoredObject]) -> None:
    """Put the objects into the bucket, in order; an object whose key is there already is overwritten.

    Raises:
        Failure: one could not be stored; all before its position are.
    """
    for position, stored in enumerate(objects):
        try:
            bucket.put_object(
                Key=stored.key,
                Body=stored.body,
                ContentType=stored.content_type,
                Metadata=dict(stored.metadata),
            )
        except (ClientError, BotoCoreError) as error:
            raise failure_of(error, position=position) from error


def safe_segment(text: str) -> str:
    """Return a text that is one segment of a key, whatever it holds: no `/`, no `..`, ASCII only, never empty.

    Different texts give different segments: what is not a letter, a digit, `-` or `_` is written as `%` and two hex
    digits for each byte (RFC 3986), `.` too, because a segment of dots means a folder to many a tool.
    """
    return quote(text, safe=_LETTERS_KEPT).replace(".", "%2E").replace("~", "%7E") or "%"
