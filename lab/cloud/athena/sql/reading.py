"""Objects to rows: Hive's JSON SerDes, with the types that Glue declares.

A document is one line. Pretty-printed JSON fails, as on AWS; openx' `ignore.malformed.json` makes a row of NULLs of a
line that is no JSON. Numbers keep every digit that is written.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NoReturn

from sqlglot import exp

from lab.cloud.athena.failures import QueryFailure, not_supported
from lab.json_values import as_object, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.cloud.athena.sql.catalog import Table

OPENX = "org.openx.data.jsonserde.JsonSerDe"
HIVE = "org.apache.hive.hcatalog.data.JsonSerDe"
_HIVE_NAMES = {HIVE, "org.apache.hadoop.hive.serde2.JsonSerDe"}
_Type = exp.DataType.Type
_INTEGERS = {_Type.TINYINT: 7, _Type.SMALLINT: 15, _Type.INT: 31, _Type.BIGINT: 63}
_HIVE_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")
_DIGITS = Context(prec=76, rounding=ROUND_HALF_UP)
"""Twice what a decimal may have: nothing is lost on the way."""
_WHOLE = re.compile(r"[+-]?\d+")
_LINE_END = re.compile(r"\r\n|\r|\n")
"""What ends a line to Hadoop's reader; str.splitlines() knows more, which JSON may hold as they are."""


class JsonSerDe:
    """Reads a table's objects.

    Args:
        table: says which SerDe, its properties, and the columns.
    """

    def __init__(self, table: Table) -> None:
        serde = as_object(table.storage.get("SerdeInfo"))
        name: str = serde.get("SerializationLibrary") or ""
        if name not in {OPENX, *_HIVE_NAMES}:
            raise not_supported(f"the SerDe {name or '(none)'} of table {table.full_name}: only the two for JSON")
        properties: dict[str, str] = serde.get("Parameters") or {}
        openx = name == OPENX
        self._openx = openx
        self._skips_malformed = openx and properties.get("ignore.malformed.json", "").lower() == "true"
        mapped = {key[8:].lower(): value for key, value in properties.items() if openx and key.startswith("mapping.")}
        self._columns = [
            (column.name, mapped.get(column.name, column.name).lower(), column.type) for column in table.columns
        ]

    def rows(self, key: str, body: bytes) -> Iterator[dict[str, Any]]:
        """Yield an object's rows: texts of scalars, dicts of structs and maps, lists.

        Args:
            key: the object's key; `.gz` is unpacked.
            body: what is in it.

        Raises:
            QueryFailure: a line is no JSON object, or a value not of its column's type.
        """
        for line in _LINE_END.split(_unpacked(key, body)):
            if line.strip():
                yield self._row(line)

    def _row(self, line: str) -> dict[str, Any]:
        try:
            document = json.loads(line, parse_float=Decimal, parse_constant=_refuse)
            if not is_object(document):
                raise ValueError("A JSONObject text must begin with '{' at 1 [character 2 line 1]")  # noqa: TRY301
        except (ValueError, RecursionError, InvalidOperation) as error:
            if self._skips_malformed:
                return {}
            raise QueryFailure(
                f"HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: {_why(line, error)}"
            ) from error
        members = {name.lower(): value for name, value in document.items()}
        return {
            name: self._value(members.get(member), type_, index)
            for index, (name, member, type_) in enumerate(self._columns)
        }

    def _value(self, value: Any, type_: exp.DataType, index: int) -> Any:
        """Return a value in its type; every scalar is a text that DuckDB can cast without loss."""
        if value is None:
            return None
        kind = type_.this
        if kind is _Type.STRUCT:
            return self._struct(value, type_, index)
        if kind is _Type.ARRAY:
            return [self._value(each, type_.expressions[0], index) for each in self._of(list, value, index)]
        if kind is _Type.MAP:
            members = self._of(dict, value, index)
            return {key: self._value(each, type_.expressions[1], index) for key, each in members.items()}
        try:
            return self._scalar(value, type_)
        except (ValueError, ArithmeticError, TypeError) as error:
            _bad(value, index, error)

    def _struct(self, value: Any, type_: exp.DataType, index: int) -> dict[str, Any]:
        members = {name.lower(): each for name, each in self._of(dict, value, index).items()}
        return {
            field.this.name.lower(): self._value(members.get(field.this.name.lower()), field.args["kind"], index)
            for field in type_.expressions
        }

    @staticmethod
    def _of(kind: type, value: Any, index: int) -> Any:
        if not isinstance(value, kind):
            _bad(value, index, None)
        return value

    def _scalar(self, value: Any, type_: exp.DataType) -> str | None:
        kind = type_.this
        if kind in _INTEGERS:
            return _integer(value, _INTEGERS[kind])
        if kind is _Type.DECIMAL:
            return _decimal(value, type_)
        if kind in {_Type.DOUBLE, _Type.FLOAT}:
            return repr(float(value))
        if kind is _Type.BOOLEAN:
            return "true" if str(value).lower() == "true" else "false"
        if kind is _Type.DATE:
            return date.fromisoformat(value).isoformat()
        if kind in {_Type.TIMESTAMP, _Type.TIMESTAMPNTZ, _Type.TIMESTAMPLTZ}:
            return _timestamp(value, lenient=self._openx)
        return _text(value)


def _unpacked(key: str, body: bytes) -> str:
    try:
        return (gzip.decompress(body) if key.endswith(".gz") else body).decode("utf-8", "replace")
    except (OSError, EOFError, zlib.error) as error:
        raise QueryFailure(f"HIVE_CURSOR_ERROR: Failed to read file: {key}: {error}") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _why(line: str, error: Exception) -> str:
    if line.strip() in {"{", "["} or (isinstance(error, json.JSONDecodeError) and error.pos >= len(line.rstrip())):
        end = len(line.strip()) + 1
        return f"A JSONObject text must end with '}}' at {end} [character {end + 1} line 1]"
    if not line.lstrip().startswith("{"):
        return "A JSONObject text must begin with '{' at 1 [character 2 line 1]"
    return str(error)


def _bad(value: Any, index: int, error: Exception | None) -> NoReturn:
    text = _text(value)
    raise QueryFailure(
        f"HIVE_BAD_DATA: Error parsing field value '{text}' for field {index}: For input string: \"{text}\""
    ) from error


def _integer(value: Any, bits: int) -> str:
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, str) and _WHOLE.fullmatch(value))):
        raise ValueError(value)
    number = int(value)
    if not -(2**bits) <= number < 2**bits:
        raise ValueError(value)
    return str(number)


def _decimal(value: Any, type_: exp.DataType) -> str | None:
    """Return a number with its column's digits; Hive rounds half up, and makes NULL of what is too large."""
    if isinstance(value, bool):
        raise TypeError(value)
    precision, scale = (int(each.name) for each in type_.expressions)
    number = Decimal(value)
    if number.adjusted() > precision:
        return None
    number = number.quantize(Decimal(1).scaleb(-scale), context=_DIGITS)
    return None if abs(number) >= Decimal(10) ** (precision - scale) else format(number, "f")


def _timestamp(value: Any, *, lenient: bool) -> str:
    if lenient and isinstance(value, int | Decimal) and not isinstance(value, bool):
        # openx takes a number for milliseconds when it has 13 digits, for seconds when it is smaller.
        seconds = float(value) / (1000 if abs(value) >= 10**11 else 1)
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(" ")
    if not isinstance(value, str) or not (lenient or _HIVE_TIMESTAMP.fullmatch(value)):
        raise ValueError(value)
    moment = datetime.fromisoformat(value)
    return (moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment).isoformat(" ")


def _text(value: Any) -> str:
    if isinstance(value, str | Decimal):
        return str(value)
    return json.dumps(value, default=float, separators=(",", ":"), ensure_ascii=False)
