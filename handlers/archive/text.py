"""Payloads that are text, and those that are not."""

from __future__ import annotations


def as_text(data: bytes) -> str | None:
    """Return the text that the bytes are in UTF-8; None for bytes that are no text."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
