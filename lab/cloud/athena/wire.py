"""What the cloud and its query processes say to each other: a JSON header, and blobs behind it."""

from __future__ import annotations

import json
import struct
from typing import Any

LENGTH = struct.Struct(">I")

Message = dict[str, Any]


def encode(message: Message, blobs: list[bytes] | None = None) -> bytes:
    """Return a message as it goes through the pipe: the header's length, the header, the blobs."""
    blobs = blobs or []
    header = json.dumps({"message": message, "sizes": [len(blob) for blob in blobs]}).encode()
    return b"".join([LENGTH.pack(len(header)), header, *blobs])


def decode_header(header: bytes) -> tuple[Message, list[int]]:
    """Return a header's message and the sizes of the blobs that follow."""
    decoded = json.loads(header)
    return decoded["message"], decoded["sizes"]
