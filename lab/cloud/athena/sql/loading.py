"""Tables into DuckDB: only the partitions that a query needs, every value in its declared type."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from lab.cloud.athena.failures import QueryFailure
from lab.cloud.athena.sql.binding import PATH
from lab.cloud.athena.sql.catalog import Column, all_pages
from lab.cloud.athena.sql.cloud import split_location
from lab.cloud.athena.sql.projection import projection_of
from lab.cloud.athena.sql.pruning import partition_conditions
from lab.cloud.athena.sql.reading import JsonSerDe
from lab.cloud.athena.sql.translation import in_duckdb
from lab.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from lab.cloud.athena.sql.binding import BoundQuery
    from lab.cloud.athena.sql.catalog import Table
    from lab.cloud.athena.sql.cloud import CloudAsked
    from lab.cloud.athena.sql.projection import Projection

ROWS_TOGETHER = 2_000
NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""Hive's name of the folder of rows whose partition column is NULL."""


@dataclass
class _Partition:
    """A partition.

    Attributes:
        values: of the partition columns, as texts.
        location: where its objects are.
        keys: the objects, where they are known already.
    """

    values: tuple[str, ...]
    location: str
    keys: list[str] | None = None


def make_tables(connection: DuckDBPyConnection, query: BoundQuery) -> None:
    """Make a query's tables, empty."""
    for name, table in query.tables.items():
        columns = [f"{_quoted(column.name)} {_duckdb_type(column)}" for column in _all_columns(table)]
        connection.execute(f"CREATE TABLE {name} ({', '.join([*columns, _quoted(PATH) + ' VARCHAR'])})")


def load_tables(connection: DuckDBPyConnection, cloud: CloudAsked, query: BoundQuery) -> None:
    """Fill a query's tables with what it may need of them.

    Raises:
        QueryFailure: an object cannot be read, or not by this person.
    """
    conditions = partition_conditions(query)
    for name, table in query.tables.items():
        rows = _rows(cloud, table, _needed(connection, cloud, table, conditions[name]))
        structure = _structure([*_all_columns(table), Column(PATH, "string")])
        while chunk := list(itertools.islice(rows, ROWS_TOGETHER)):
            connection.execute(
                f"INSERT INTO {name} SELECT unnest(from_json_strict(line, '{structure}'))"  # noqa: S608
                " FROM (SELECT unnest(?::VARCHAR[]) AS line)",
                [chunk],
            )


def _rows(cloud: CloudAsked, table: Table, partitions: list[_Partition]) -> Iterator[str]:
    """Yield a table's rows as JSON whose scalars are texts."""
    nothing = dict.fromkeys(column.name for column in table.columns)
    serde = JsonSerDe(table) if partitions else None
    for partition in partitions:
        bucket, _ = split_location(partition.location)
        listed = cloud.list_objects(partition.location) if partition.keys is None else partition.keys
        keys = [key for key in listed if not _hidden(key)]
        values = {
            column.name: None if value == NULL_PARTITION else value
            for column, value in zip(table.partition_keys, partition.values, strict=True)
        }
        for key, body in zip(keys, cloud.read_objects(bucket, keys), strict=True):
            rest = values | {PATH: f"s3://{bucket}/{key}"}
            for row in serde.rows(key, body) if serde else ():
                yield json.dumps(nothing | row | rest)


def _hidden(key: str) -> bool:
    """Say whether Hive does not read an object: its name begins with `_` or `.`, or it stands for a folder."""
    return key.endswith("/") or key.rpartition("/")[2].startswith(("_", "."))


# --- partitions ------------------------------------------------------------------------------------------------------


def _needed(
    connection: DuckDBPyConnection, cloud: CloudAsked, table: Table, conditions: list[exp.Expr]
) -> list[_Partition]:
    if not table.partition_keys:
        return [_Partition((), table.location)]
    projection = projection_of(table)
    if projection:
        _check_injected(projection, conditions)
        found = _projected(cloud, projection)
    else:
        found = registered(cloud, table)
    return _matching(connection, table, found, conditions)


def registered(cloud: CloudAsked, table: Table) -> list[_Partition]:
    """Return the partitions that Glue has of a table."""
    records = all_pages(cloud, "GetPartitions", "Partitions", DatabaseName=table.database, TableName=table.name)
    return [
        _Partition(
            tuple(record["Values"]),
            as_object(record.get("StorageDescriptor")).get("Location") or _folder(table, record["Values"]),
        )
        for record in records
    ]


def _folder(table: Table, values: list[str]) -> str:
    folders = "/".join(f"{key.name}={value}" for key, value in zip(table.partition_keys, values, strict=True))
    return f"{table.location.rstrip('/')}/{folders}/"


def _projected(cloud: CloudAsked, projection: Projection) -> list[_Partition]:
    common = projection.common_location
    # A prefix that ends within a name: `s3://bucket/day=`. What is listed is the folder above.
    folder = common.rpartition("/")[0] + "/"
    bucket, _ = split_location(folder)
    matcher = projection.matcher()
    found: dict[tuple[str, ...], _Partition] = {}
    for key in cloud.list_objects(folder):
        match = matcher.match(f"{common.partition('://')[0]}://{bucket}/{key}")
        values = projection.values_of(match) if match else None
        if match and values is not None:
            partition = found.setdefault(values, _Partition(values, match[0], []))
            assert partition.keys is not None  # noqa: S101
            partition.keys.append(key)
    return list(found.values())


def _check_injected(projection: Projection, conditions: list[exp.Expr]) -> None:
    for name, column in projection.columns.items():
        if column.injected and not any(_is_static_equality(condition, name) for condition in conditions):
            raise QueryFailure(
                f"CONSTRAINT_VIOLATION: For the injected projected partition column {name}, the WHERE clause must"
                " contain only static equality conditions, and at least one such condition must be present."
            )


def _is_static_equality(condition: exp.Expr, name: str) -> bool:
    if isinstance(condition, exp.EQ):
        sides = condition.this, condition.expression
        return any(isinstance(one, exp.Column) and one.name == name and not other.find(exp.Column)
                   for one, other in (sides, sides[::-1]))  # fmt: skip
    return (
        isinstance(condition, exp.In)
        and isinstance(condition.this, exp.Column)
        and condition.this.name == name
        and all(isinstance(each, exp.Literal) for each in condition.expressions)
    )


def _matching(
    connection: DuckDBPyConnection, table: Table, partitions: list[_Partition], conditions: list[exp.Expr]
) -> list[_Partition]:
    """Return the partitions for which the conditions hold."""
    if not conditions or not partitions:
        return partitions
    lines = [
        json.dumps({key.name: value for key, value in zip(table.partition_keys, each.values, strict=True)} | {"#": n})
        for n, each in enumerate(partitions)
    ]
    structure = _structure([*table.partition_keys, Column("#", "bigint")])
    where = " AND ".join(f"({in_duckdb(condition.copy())})" for condition in conditions)
    matching = connection.execute(
        f"SELECT \"#\" FROM (SELECT unnest(from_json_strict(line, '{structure}'))"  # noqa: S608
        f" FROM (SELECT unnest(?::VARCHAR[]) AS line)) WHERE {where} ORDER BY 1",
        [lines],
    ).fetchall()
    return [partitions[n] for (n,) in matching]


# --- DuckDB's words --------------------------------------------------------------------------------------------------


def _all_columns(table: Table) -> list[Column]:
    return [*table.columns, *table.partition_keys]


def _structure(columns: list[Column]) -> str:
    """Return DuckDB's description of a JSON object, as the inside of a text."""
    described: dict[str, Any] = {column.name: _duckdb_type(column) for column in columns}
    return json.dumps(described).replace("'", "''")


def _duckdb_type(column: Column) -> str:
    return column.type.sql(dialect="duckdb", identify=True)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
