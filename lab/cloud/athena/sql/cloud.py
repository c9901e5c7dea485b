"""The query process's side of the pipe: asking the cloud for the catalogue and for objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from lab.cloud.athena.failures import QueryFailure
from lab.cloud.athena.wire import LENGTH, decode_header, encode

if TYPE_CHECKING:
    from typing import BinaryIO

    from lab.cloud.athena.wire import Message

READ_TOGETHER = 200
"""How many objects are asked for at once."""


class CloudAsked:
    """The cloud as a query sees it.

    Args:
        receive: what the cloud says.
        send: what we say.
    """

    def __init__(self, receive: BinaryIO, send: BinaryIO) -> None:
        self._in = receive
        self._out = send

    def next_message(self) -> tuple[Message, list[bytes]]:
        """Return what the cloud says next.

        Raises:
            EOFError: the cloud is gone.
        """
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        message, sizes = decode_header(self._exactly(length))
        return message, [self._exactly(size) for size in sizes]

    def _exactly(self, size: int) -> bytes:
        data = self._in.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def say(self, message: Message, blobs: list[bytes] | None = None) -> None:
        """Send a message."""
        self._out.write(encode(message, blobs))
        self._out.flush()

    def _ask(self, message: Message) -> tuple[Any, list[bytes]]:
        self.say(message)
        answer, blobs = self.next_message()
        if failed := answer.get("failed"):
            raise QueryFailure(failed["message"], failed["category"])
        return answer.get("answer"), blobs

    def glue(self, operation: str, **request: Any) -> dict[str, Any] | None:
        """Call Glue as the person who asks; None when what is named does not exist.

        Raises:
            QueryFailure: they may not, or Glue refuses.
        """
        answer, _ = self._ask({"ask": "glue", "operation": operation, "request": request})
        return answer

    def list_objects(self, location: str) -> list[str]:
        """Return the keys of the objects below an S3 location."""
        bucket, prefix = split_location(location)
        answer, _ = self._ask({"ask": "list", "bucket": bucket, "prefix": prefix})
        return answer

    def read_objects(self, bucket: str, keys: list[str]) -> list[bytes]:
        """Return the bodies of objects; they count as scanned."""
        bodies: list[bytes] = []
        for start in range(0, len(keys), READ_TOGETHER):
            _, blobs = self._ask({"ask": "read", "bucket": bucket, "keys": keys[start : start + READ_TOGETHER]})
            bodies += blobs
        return bodies


def split_location(location: str) -> tuple[str, str]:
    """Return the bucket and the prefix of an S3 location; the prefix ends with a slash.

    Raises:
        QueryFailure: it is none.
    """
    scheme, _, rest = location.partition("://")
    if scheme not in {"s3", "s3a", "s3n"} or not rest:
        _no_location(location)
    bucket, _, prefix = rest.partition("/")
    return bucket, prefix if not prefix or prefix.endswith("/") else prefix + "/"


def _no_location(location: str) -> NoReturn:
    raise QueryFailure(f"HIVE_METASTORE_ERROR: Invalid S3 location: {location!r}")
