"""Tokens of paged answers: opaque texts that say where the next page begins and what was asked."""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import Any

from lab.cloud.kinesis.errors import KinesisError, invalid
from lab.json_values import as_object

LIFE_SECONDS = 300
"""AWS's tokens are good for 300 seconds ("ListShards")."""


def encode(kind: str, **fields: Any) -> str:
    """Return a token.

    Args:
        kind: the operation that gives and takes it.
        fields: what the next page needs to know.
    """
    return base64.urlsafe_b64encode(json.dumps([kind, time.time(), fields]).encode()).decode()


def decode(kind: str, token: str) -> dict[str, Any]:
    """Return what a token holds.

    Raises:
        KinesisError: it is of another kind, damaged, or too old.
    """
    try:
        found, made, fields = json.loads(base64.urlsafe_b64decode(token))
        age = time.time() - made
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise invalid("NextToken is invalid.") from error
    if found != kind or not isinstance(fields, dict):
        raise invalid("NextToken is invalid.")
    if not 0 <= age <= LIFE_SECONDS:
        raise KinesisError(
            "ExpiredNextTokenException", f"NextToken has expired: it was good for {LIFE_SECONDS} seconds."
        )
    return as_object(fields)
