"""Values and types as Athena prints them."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlglot import exp

from lab.json_values import is_list, is_object

_Type = exp.DataType.Type
_PRECISIONS = {"boolean": 0, "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "float": 17, "double": 17,
               "varchar": 2_147_483_647, "date": 0, "timestamp": 3, "timestamp with time zone": 3, "time": 3,
               "varbinary": 1_073_741_824}  # fmt: skip
_NAMES = {
    _Type.BOOLEAN: "boolean",
    _Type.TINYINT: "tinyint",
    _Type.UTINYINT: "smallint",
    _Type.SMALLINT: "smallint",
    _Type.USMALLINT: "integer",
    _Type.INT: "integer",
    _Type.UINT: "bigint",
    _Type.BIGINT: "bigint",
    _Type.UBIGINT: "bigint",
    _Type.INT128: "bigint",
    _Type.UINT128: "bigint",
    _Type.FLOAT: "float",
    _Type.DOUBLE: "double",
    _Type.DECIMAL: "decimal",
    _Type.DATE: "date",
    _Type.TIME: "time",
    _Type.TIMESTAMPTZ: "timestamp with time zone",
    _Type.VARBINARY: "varbinary",
    _Type.STRUCT: "row",
    _Type.ARRAY: "array",
    _Type.LIST: "array",
    _Type.MAP: "map",
    _Type.JSON: "json",
    _Type.INTERVAL: "interval day to second",
}


def type_name(kind: exp.DataType) -> str:
    """Return what Athena calls a type in a result's metadata."""
    if kind.this in _NAMES:
        return _NAMES[kind.this]
    return "timestamp" if "TIMESTAMP" in kind.this.name else "varchar"


def column_info(name: str, kind: exp.DataType) -> dict[str, Any]:
    """Return what GetQueryResults says of a column."""
    type_ = type_name(kind)
    digits = [int(each.name) for each in kind.expressions] if type_ == "decimal" else []
    precision, scale = digits if len(digits) == 2 else (_PRECISIONS.get(type_, 0), 0)  # noqa: PLR2004
    return text_column(name, type_) | {"Precision": precision, "Scale": scale}


def text_column(name: str, type_: str = "string") -> dict[str, Any]:
    """Return the same of a column of what a definition or SHOW prints."""
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": type_,
        "Precision": 0,
        "Scale": 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": type_ in {"varchar", "char"},
    }


def as_text(value: Any) -> str:  # noqa: C901
    """Return a value as Athena prints it."""
    match value:
        case None:
            return "null"
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return java_double(value)
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("milliseconds")
        case timedelta():
            return _interval(value)
        case bytes():
            return value.hex(" ")
        case _:
            return _nested(value)


def _nested(value: Any) -> str:
    if is_object(value):  # a row or a map
        return "{" + ", ".join(f"{key}={as_text(each)}" for key, each in value.items()) + "}"
    return f"[{', '.join(map(as_text, value))}]" if is_list(value) else str(value)


def _interval(value: timedelta) -> str:
    seconds = value.seconds
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{value.days} {clock}.{value.microseconds // 1000:03d}"


def java_double(value: float) -> str:
    """Return a number as Java's Double.toString does."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:  # noqa: PLR2004
        digits = format(Decimal(repr(value)), "f")
        return digits if "." in digits else digits + ".0"
    sign, numbers, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)  # noqa: S101
    digits = "".join(map(str, numbers))
    return f"{'-' if sign else ''}{digits[0]}.{digits[1:] or '0'}E{exponent + len(digits) - 1}"


def csv_line(values: list[str | None]) -> str:
    """Return a line of a result: everything in quotes but NULL, which is nothing."""
    return ",".join("" if value is None else '"' + value.replace('"', '""') + '"' for value in values) + "\n"
