"""Athena's SQL in DuckDB's, where sqlglot's own translation keeps the words but not what they mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from lab.cloud.athena.failures import not_supported

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.athena.sql.binding import BoundQuery

_Type = exp.DataType.Type
_DATES = {_Type.DATE}
_WHOLE = exp.DataType.INTEGER_TYPES
_INEXACT = {_Type.DOUBLE, _Type.FLOAT}

MACROS = """
CREATE MACRO athena_divisor(b) AS CASE WHEN b = 0 THEN error('DIVISION_BY_ZERO: Division by zero') ELSE b END;
CREATE MACRO at_timezone(moment, zone) AS moment AT TIME ZONE zone;
CREATE MACRO to_iso8601(moment DATE) AS strftime(moment, '%Y-%m-%d'),
    (moment TIMESTAMP) AS strftime(moment, '%Y-%m-%dT%H:%M:%S.%g'),
    (moment TIMESTAMPTZ) AS strftime(moment, '%Y-%m-%dT%H:%M:%S.%gZ');
CREATE MACRO map_agg(k, v) AS map_from_entries(array_agg({'k': k, 'v': v}) FILTER (WHERE k IS NOT NULL));
"""
"""Functions that DuckDB has by another name or in another form."""

_JAVA_DATES = {"yyyy": "%Y", "YYYY": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S",
               "SSS": "%g", "EEE": "%a", "EEEE": "%A", "MMM": "%b", "MMMM": "%B", "a": "%p", "hh": "%I"}  # fmt: skip
_JAVA_PART = re.compile(r"'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+")


_MATCHES = {"any_match": "list_bool_or", "all_match": "list_bool_and", "none_match": "list_bool_or"}


def translate(query: BoundQuery) -> str:
    """Return a query in DuckDB's SQL."""
    return in_duckdb(query.tree.copy())


def in_duckdb(tree: exp.Expr) -> str:
    """Return an annotated tree of Trino's SQL in DuckDB's; the tree is used up."""
    for unnest in list(tree.find_all(exp.Unnest)):
        _unnest_map(tree, unnest)
    for node in list(tree.walk(bfs=False)):
        if change := _CHANGES.get(type(node)):
            change(node)
    return tree.sql(dialect=DuckDB)


def _unnest_map(tree: exp.Expr, unnest: exp.Unnest) -> None:
    """Trino makes two columns of a map, DuckDB one of its entries."""
    alias = unnest.args.get("alias")
    of = unnest.expressions[0]
    if alias is None or len(alias.columns) != 2 or of.type is None or of.type.this is not _Type.MAP:  # noqa: PLR2004
        return
    members = dict(zip((column.name for column in alias.columns), ("key", "value"), strict=True))
    of.replace(exp.Anonymous(this="map_entries", expressions=[of.copy()]))
    alias.set("columns", [exp.to_identifier("entry")])
    for column in list(tree.find_all(exp.Column)):
        if column.table == alias.name and column.name in members:
            member = exp.to_identifier(members[column.name])
            column.replace(exp.Dot(this=exp.column("entry", alias.name, quoted=True), expression=member))


def _average(node: exp.Expr) -> None:
    """Trino's average of decimals is a decimal of the same digits."""
    kind = node.this.type
    if kind is not None and kind.this is _Type.DECIMAL:
        outer = node
        while isinstance(outer.parent, exp.Window | exp.Filter) and outer.parent.this is outer:
            outer = outer.parent
        # The sum is exact, whatever DuckDB's own average does.
        outer.replace(exp.cast(outer.copy(), kind.copy()))


def _divide(node: exp.Expr) -> None:
    """Trino divides whole numbers to whole ones, decimals to decimals, and by zero not at all."""
    left, right = node.this.type, node.expression.type
    kinds = {side.this for side in (left, right) if side is not None}
    divisor = node.expression
    if kinds & _INEXACT:
        return
    divisor.replace(exp.Anonymous(this="athena_divisor", expressions=[divisor.copy()]))
    if _Type.DECIMAL in kinds:
        scale = max(_scale(side) for side in (left, right))
        node.replace(exp.cast(exp.Paren(this=node.copy()), exp.DataType.build(f"DECIMAL(38,{scale})")))


def _scale(kind: exp.DataType | None) -> int:
    parameters = kind.expressions if kind is not None else []
    return int(parameters[1].name) if len(parameters) > 1 else 0


def _remains_date(node: exp.Expr) -> None:
    """What is done to a date in whole days is a date, to DuckDB a timestamp."""
    kind = node.this.type
    if kind is not None and kind.this in _DATES:
        node.replace(exp.cast(node.copy(), "DATE"))


def _whole_units(node: exp.Expr) -> None:
    """Trino's date_diff counts whole units, DuckDB's the borders between them."""
    unit = exp.Literal.string((node.args.get("unit") or exp.var("DAY")).name.lower())
    node.replace(exp.Anonymous(this="date_sub", expressions=[unit, node.expression.copy(), node.this.copy()]))


def _cast(node: exp.Expr) -> None:
    kind = node.args["to"]
    if kind.this is _Type.DECIMAL and not kind.expressions:
        kind.replace(exp.DataType.build("DECIMAL(38,0)"))


def _anonymous(node: exp.Expr) -> None:
    name = node.name.lower()
    if name == "format_datetime":
        moment, java = node.expressions
        node.replace(exp.Anonymous(this="strftime", expressions=[moment.copy(), _strftime(java)]))
    elif name in _MATCHES:
        each = exp.Anonymous(this="list_transform", expressions=[part.copy() for part in node.expressions])
        found = exp.Anonymous(this=_MATCHES[name], expressions=[each])
        node.replace(exp.not_(found) if name == "none_match" else found)


def _parse_datetime(node: exp.Expr) -> None:
    node.replace(exp.Anonymous(this="strptime", expressions=[node.this.copy(), _strftime(node.args["format"])]))


def _strftime(java: exp.Expr) -> exp.Expr:
    """Return a Java date format, a literal, as DuckDB's."""
    if not (isinstance(java, exp.Literal) and java.is_string):
        raise not_supported("date formats that are not literals")
    said = ""
    for part in _JAVA_PART.finditer(java.name):
        if part[2]:
            if part[0] not in _JAVA_DATES:
                raise not_supported(f"{part[0]!r} in the date format {java.name!r}")
            said += _JAVA_DATES[part[0]]
        else:
            said += (part[0] if part[1] is None else part[1]).replace("%", "%%")
    return exp.Literal.string(said)


_CHANGES: dict[type[exp.Expr], Callable[[Any], None]] = {
    exp.Anonymous: _anonymous,
    exp.Avg: _average,
    exp.Cast: _cast,
    exp.DateAdd: _remains_date,
    exp.DateDiff: _whole_units,
    exp.DateTrunc: _remains_date,
    exp.Div: _divide,
    exp.ParseDatetime: _parse_datetime,
    exp.TimestampTrunc: _remains_date,
    exp.TryCast: _cast,
}
