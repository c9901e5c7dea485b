"""CBOR (RFC 8949) as AWS uses it for Kinesis: maps, lists, texts, bytes, numbers, and times as tagged milliseconds."""

from __future__ import annotations

import math
import struct
from typing import Any

from lab.json_values import as_object

_MOST_DEPTH = 50
_BREAK = object()
_FLOATS = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}
_SIMPLE: dict[int, Any] = {20: False, 21: True, 22: None, 23: None}
_TIME_TAG = 1
_BIGNUM_TAGS = (2, 3)


class Timestamp(float):
    """Seconds since the epoch; in JSON a number, in CBOR a tagged integer of milliseconds."""

    __slots__ = ()


def decode(content: bytes) -> Any:
    """Return the one value that some bytes hold.

    Raises:
        ValueError: they hold none.
    """
    reader = _Reader(content)
    value = reader.value(0)
    if reader.position != len(content) or value is _BREAK:
        raise ValueError("CBOR: there is more than one value")
    return value


def encode(value: Any) -> bytes:
    """Return the bytes of a value."""
    parts: list[bytes] = []
    _write(value, parts)
    return b"".join(parts)


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self.position = 0

    def _take(self, length: int) -> bytes:
        end = self.position + length
        if end > len(self._content):
            raise ValueError("CBOR: the value is cut off")
        taken = self._content[self.position : end]
        self.position = end
        return taken

    def _length(self, low: int) -> int | None:
        """Return the number that follows a head; None: until a break."""
        if low < 24:  # noqa: PLR2004
            return low
        if low <= 27:  # noqa: PLR2004
            return int.from_bytes(self._take(1 << (low - 24)), "big")
        if low == 31:  # noqa: PLR2004
            return None
        raise ValueError("CBOR: reserved length")

    def value(self, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            raise ValueError("CBOR: nested too deep")
        head = self._take(1)[0]
        major, low = head >> 5, head & 31
        if major == 7:  # noqa: PLR2004
            return self._simple(low)
        length = self._length(low)
        match major:
            case 0 | 1 if length is not None:
                return length if major == 0 else -1 - length
            case 2:
                return self._chunks(length, depth)
            case 3:
                return self._chunks(length, depth).decode()
            case 4:
                return self._members(length, depth)
            case 5:
                return self._pairs(length, depth)
            case 6 if length is not None:
                return self._tagged(length, self.value(depth + 1))
            case _:
                raise ValueError("CBOR: a number without a length")

    def _simple(self, low: int) -> Any:
        if low in _FLOATS:
            form, size = _FLOATS[low]
            return struct.unpack(form, self._take(size))[0]
        if low == 31:  # noqa: PLR2004
            return _BREAK
        if low not in _SIMPLE:
            raise ValueError("CBOR: unknown simple value")
        return _SIMPLE[low]

    def _chunks(self, length: int | None, depth: int) -> bytes:
        if length is not None:
            return self._take(length)
        chunks: list[bytes] = []
        while (chunk := self.value(depth + 1)) is not _BREAK:
            if isinstance(chunk, str):
                chunk = chunk.encode()
            if not isinstance(chunk, bytes):
                raise ValueError("CBOR: a chunk of another type")  # noqa: TRY004
            chunks.append(chunk)
        return b"".join(chunks)

    def _members(self, length: int | None, depth: int) -> list[Any]:
        members: list[Any] = []
        while length is None or len(members) < length:
            member = self.value(depth + 1)
            if member is _BREAK:
                if length is None:
                    return members
                raise ValueError("CBOR: a break too early")
            members.append(member)
        return members

    def _pairs(self, length: int | None, depth: int) -> dict[str, Any]:
        members = self._members(None if length is None else 2 * length, depth)
        keys = members[::2]
        if len(members) % 2 or not all(isinstance(key, str) for key in keys):
            raise ValueError("CBOR: a map's keys are texts")
        return dict(zip(keys, members[1::2], strict=True))

    @staticmethod
    def _tagged(tag: int, value: Any) -> Any:
        if tag == _TIME_TAG:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            # AWS's libraries write milliseconds, where the standard has seconds.
            if not number or not math.isfinite(value) or abs(value) > 2**63:
                raise ValueError("CBOR: a time is a number")
            return Timestamp(value / 1000)
        if tag in _BIGNUM_TAGS and isinstance(value, bytes):
            number = int.from_bytes(value[:64], "big")
            return number if tag == _BIGNUM_TAGS[0] else -1 - number
        return value


def _head(major: int, number: int) -> bytes:
    if number < 24:  # noqa: PLR2004
        return bytes([major << 5 | number])
    for low, size in ((24, 1), (25, 2), (26, 4)):
        if number < 1 << (8 * size):
            return bytes([major << 5 | low]) + number.to_bytes(size, "big")
    return bytes([major << 5 | 27]) + number.to_bytes(8, "big")


def _write(value: Any, parts: list[bytes]) -> None:  # noqa: C901  (one case a type)
    match value:
        case None:
            parts.append(b"\xf6")
        case bool():
            parts.append(b"\xf5" if value else b"\xf4")
        case int():
            parts.append(_head(0, value) if value >= 0 else _head(1, -1 - value))
        case Timestamp():
            parts.append(b"\xc1" + _head(0, max(0, round(value * 1000))))
        case float():
            parts.append(b"\xfb" + struct.pack(">d", value))
        case bytes():
            parts += (_head(2, len(value)), value)
        case str():
            text = value.encode("utf-8", "replace")
            parts += (_head(3, len(text)), text)
        case dict():
            pairs = as_object(value)
            parts.append(_head(5, len(pairs)))
            for key, each in pairs.items():
                _write(key, parts)
                _write(each, parts)
        case _:
            members: list[Any] = list(value)
            parts.append(_head(4, len(members)))
            for each in members:
                _write(each, parts)
