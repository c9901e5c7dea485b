"""A query, run by DuckDB: in memory, without files, network or extensions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from lab.cloud.athena.failures import SYSTEM, QueryFailure
from lab.cloud.athena.sql.binding import UNNAMED, bind
from lab.cloud.athena.sql.loading import load_tables, make_tables
from lab.cloud.athena.sql.rendering import as_text, column_info, csv_line
from lab.cloud.athena.sql.translation import MACROS, translate

if TYPE_CHECKING:
    from lab.cloud.athena.sql.binding import BoundQuery
    from lab.cloud.athena.sql.cloud import CloudAsked

_SETTINGS = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": "1GB",
    "threads": "2",
    "TimeZone": "UTC",
    "integer_division": "true",
    "preserve_insertion_order": "true",
}
_UNNAMED = re.compile(UNNAMED + r"\d+")
_ERRORS: tuple[tuple[type[Exception], str], ...] = (
    (duckdb.ConversionException, "INVALID_CAST_ARGUMENT"),
    (duckdb.OutOfRangeException, "NUMERIC_VALUE_OUT_OF_RANGE"),
    (duckdb.InvalidInputException, "INVALID_FUNCTION_ARGUMENT"),
    (duckdb.OutOfMemoryException, "EXCEEDED_MEMORY_LIMIT"),
    (duckdb.BinderException, "SYNTAX_ERROR"),
    (duckdb.CatalogException, "NOT_SUPPORTED"),
    (duckdb.ParserException, "NOT_SUPPORTED"),
    (duckdb.NotImplementedException, "NOT_SUPPORTED"),
)


@dataclass
class Result:
    """What a statement answers.

    Attributes:
        columns: as GetQueryResults describes them.
        body: the file that is written to the result location.
    """

    columns: list[dict[str, Any]]
    body: bytes


def run_query(cloud: CloudAsked, text: str, database: str) -> Result:
    """Answer a query.

    Raises:
        QueryFailure: it fails.
    """
    query = bind(cloud, text, database)
    with _connection() as connection, _in_athenas_words():
        make_tables(connection, query)
        load_tables(connection, cloud, query)
        sql = translate(query)
        outputs = _outputs(connection, sql)
        selected = ", ".join(
            f"#{n}::TIMESTAMP" if kind.this is exp.DataType.Type.TIMESTAMPTZ else f"#{n}"
            for n, (_name, kind) in enumerate(outputs, 1)
        )
        rows = connection.execute(f"SELECT {selected} FROM ({sql})").fetchall()  # noqa: S608
    columns = [column_info(name, kind) for name, kind in outputs]
    zones = [" UTC" if column["Type"] == "timestamp with time zone" else "" for column in columns]
    lines = [csv_line([column["Name"] for column in columns])]
    lines += [
        csv_line([None if value is None else as_text(value) + zone for value, zone in zip(row, zones, strict=True)])
        for row in rows
    ]
    return Result(columns, "".join(lines).encode())


def outputs_of(query: BoundQuery) -> list[tuple[str, exp.DataType]]:
    """Return the names and types of a query's columns."""
    with _connection() as connection, _in_athenas_words():
        make_tables(connection, query)
        return _outputs(connection, translate(query))


def _outputs(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, exp.DataType]]:
    described = connection.execute("DESCRIBE " + sql).fetchall()
    return [
        (f"_col{n}" if _UNNAMED.fullmatch(name) else name, _type(type_))
        for n, (name, type_, *_) in enumerate(described)
    ]


def _type(duckdb_type: str) -> exp.DataType:
    # A column of nothing but NULL has, to DuckDB, the type "NULL", with the quotes.
    return exp.DataType.build(duckdb_type.strip('"'), dialect="duckdb")


def _connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    for name, value in _SETTINGS.items():
        connection.execute(f"SET {name} = '{value}'")
    connection.execute(MACROS)
    connection.execute("SET lock_configuration = true")
    return connection


class _in_athenas_words:  # noqa: N801
    """Turns DuckDB's errors into Athena's."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, duckdb.Error):
            return
        said = str(error).splitlines()[0].partition(": ")[2] or str(error)
        if "DIVISION_BY_ZERO" in said:
            raise QueryFailure("DIVISION_BY_ZERO: Division by zero") from error
        name = next((name for kind, name in _ERRORS if isinstance(error, kind)), None)
        if name is None:
            raise QueryFailure(f"GENERIC_INTERNAL_ERROR: {said}", SYSTEM) from error
        raise QueryFailure(f"{name}: {said}") from error
