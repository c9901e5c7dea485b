"""Payloads that must be JSON objects, read into what DynamoDB can hold.

Anything at all may lie in a stream. What cannot be stored exactly as it was sent is a permanent failure; nothing is
rounded, shortened or dropped on the way.
"""

from __future__ import annotations

import decimal
import json
from decimal import Decimal
from typing import Any, NoReturn

from handlers.shared.failures import PermanentFailure

MAXIMUM_DEPTH = 32
"""Levels of nesting in a DynamoDB item (DynamoDB developer guide, "Service quotas", item attributes)."""

# DynamoDB's numbers: 38 significant digits, from 1E-130 to 9.99…E+125. Trailing zeros beyond them (`Rounded`) change
# no value, so they are not trapped; boto3's own context does trap them and would fail on 1 followed by 38 zeros.
_DYNAMODB_NUMBERS = decimal.Context(
    prec=38,
    Emin=-130,
    Emax=125,
    traps=[decimal.InvalidOperation, decimal.Inexact, decimal.Overflow, decimal.Underflow, decimal.Subnormal],
)


def read_json_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object that `data` is, its numbers as Decimal.

    Raises:
        PermanentFailure: it is not UTF-8, not JSON, not an object, or holds what DynamoDB cannot: a number that does
            not fit, NaN, a lone surrogate, deeper nesting. A name that stands twice in one object is refused too,
            because one of its two values would be lost.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            parse_float=_number,
            parse_int=_number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as error:
        raise PermanentFailure("the payload is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise PermanentFailure(f"the payload is not JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise PermanentFailure("the payload is nested too deeply") from error
    if not isinstance(value, dict):
        raise PermanentFailure("the payload is JSON, but not an object")
    _check(value, depth=1)
    return value  # pyright: ignore[reportUnknownVariableType] - JSON's values are of any kind


def _number(text: str) -> Decimal:
    try:
        number = _DYNAMODB_NUMBERS.create_decimal(text)
    except decimal.DecimalException as error:
        raise PermanentFailure("a number has more than 38 digits or is out of DynamoDB's range") from error
    # A zero keeps any exponent (0E-999), and boto3 refuses such exponents.
    return number or Decimal(0)


def _refuse_constant(name: str) -> NoReturn:
    raise PermanentFailure(f"{name} is not a number in JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise PermanentFailure("a name stands twice in one object")
    return value


def _check(value: Any, *, depth: int) -> None:
    if depth > MAXIMUM_DEPTH:
        raise PermanentFailure(f"the payload is nested deeper than {MAXIMUM_DEPTH} levels")
    match value:
        case str():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError as error:
                raise PermanentFailure("a text holds half a character (a lone surrogate)") from error
        case dict():
            for name, part in value.items():  # pyright: ignore[reportUnknownVariableType]
                _check(name, depth=depth)
                _check(part, depth=depth + 1)
        case list():
            for part in value:  # pyright: ignore[reportUnknownVariableType]
                _check(part, depth=depth + 1)
        case _:
            pass
