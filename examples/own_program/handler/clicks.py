"""Logs clicks, in order, and stops at the first record that is none."""

import base64
import json
from typing import Any


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return which record failed first: Lambda tries from there on again, and in the end tells the queue of it."""
    for record in event["Records"]:
        try:
            print("click on", json.loads(base64.b64decode(record["kinesis"]["data"]))["page"])  # noqa: T201
        except (ValueError, KeyError, TypeError):
            return {"batchItemFailures": [{"itemIdentifier": record["kinesis"]["sequenceNumber"]}]}
    return {"batchItemFailures": []}
