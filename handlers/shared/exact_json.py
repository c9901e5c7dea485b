"""JSON whose numbers are exactly the Decimals they come from.

The json module writes a Decimal not at all, or by way of a float, which has no 0.1: money must not go that way.
"""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any


def exact_json(value: Any) -> str:
    """Return a value of DynamoDB's as JSON; a set becomes a sorted list, bytes become base64.

    It is one line, whatever it holds: a line break in a text is escaped, as JSON asks.
    """
    match value:
        case Decimal():
            return str(value)
        case bytes():
            return _text(base64.b64encode(value).decode())
        case dict():
            members = (f"{_text(name)}: {exact_json(part)}" for name, part in value.items())  # pyright: ignore[reportUnknownVariableType]
            return "{" + ", ".join(members) + "}"
        case list():
            return "[" + ", ".join(map(exact_json, value)) + "]"  # pyright: ignore[reportUnknownArgumentType]
        case set():
            return exact_json(sorted(value))  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
