"""Statements by their first words: queries, definitions, and what shows the catalogue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lab.cloud.athena.failures import QueryFailure, not_supported
from lab.cloud.athena.sql.catalog import Table, all_pages, find_table
from lab.cloud.athena.sql.definitions import (
    add_partitions,
    create_database,
    create_table,
    create_view,
    drop,
    drop_database,
    set_properties,
)
from lab.cloud.athena.sql.loading import registered
from lab.cloud.athena.sql.rendering import text_column
from lab.cloud.athena.sql.repair import repair
from lab.cloud.athena.sql.running import Result, run_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.athena.sql.cloud import CloudAsked

_NAME = r"(?:(?:[`\"]?(?P<database>[\w-]+)[`\"]?)\.)?[`\"]?(?P<name>[\w-]+)[`\"]?"
_IN = r"(?:\s+(?:IN|FROM)\s+[`\"]?(?P<database>[\w-]+)[`\"]?)?"
_LIKE = r"(?:\s+(?:LIKE\s+)?'(?P<like>[^']*)')?"


class Said(NamedTuple):
    """A statement that was recognised.

    Attributes:
        cloud: has the catalogue.
        text: all of it.
        database: the one that is named, else the one that the query runs in.
        match: its parts.
    """

    cloud: CloudAsked
    text: str
    database: str
    match: re.Match[str]

    @property
    def name(self) -> str:
        """The table that is named."""
        return self.match["name"].lower()

    def table(self) -> Table:
        """Return the table that is named.

        Raises:
            QueryFailure: there is none.
        """
        table = find_table(self.cloud, self.database, self.name)
        if table is None:
            raise QueryFailure(f"FAILED: SemanticException [Error 10001]: Table not found {self.database}.{self.name}")
        return table


def run_statement(cloud: CloudAsked, text: str, database: str) -> Result:
    """Perform a statement.

    Raises:
        QueryFailure: it fails.
    """
    text = _without_comments(text).strip().rstrip(";").strip()
    for pattern, perform in _STATEMENTS:
        if match := pattern.fullmatch(text):
            named = match.groupdict().get("database") or database
            return perform(Said(cloud, text, named.lower(), match))
    first = text.split(maxsplit=1)[0].upper() if text else ""
    if first in {"SELECT", "WITH", "VALUES", "TABLE"} or text.startswith("("):
        return run_query(cloud, text, database.lower())
    if first in _KNOWN_TO_ATHENA:
        raise not_supported(" ".join(text.split()[:3]).upper())
    raise QueryFailure(f"SYNTAX_ERROR: line 1:1: mismatched input '{first.lower()}'")


def _without_comments(text: str) -> str:
    """Return a statement without the comments before it."""
    return re.sub(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", "", text, flags=re.DOTALL)


# --- what shows the catalogue ----------------------------------------------------------------------------------------


def _lines(names: list[str], *columns: str) -> Result:
    return Result([text_column(name) for name in columns], "".join(f"{name}\n" for name in names).encode())


def _liked(said: Said, names: list[str]) -> list[str]:
    """Return the names that match Hive's pattern: a regular expression whose `*` is any text."""
    if not (like := said.match["like"]):
        return sorted(names)
    try:
        pattern = re.compile(re.sub(r"(?<!\.)\*", ".*", like), re.IGNORECASE)
    except re.error as error:
        raise QueryFailure(f"SYNTAX_ERROR: {like!r} is no regular expression: {error}") from error
    return sorted(name for name in names if pattern.fullmatch(name))


def _show_databases(said: Said) -> Result:
    databases = all_pages(said.cloud, "GetDatabases", "DatabaseList")
    return _lines(_liked(said, [each["Name"] for each in databases]), "database_name")


def _tables(said: Said) -> list[Table]:
    if said.cloud.glue("GetDatabase", Name=said.database) is None:
        raise QueryFailure(f"FAILED: SemanticException [Error 10072]: Database does not exist: {said.database}")
    records = all_pages(said.cloud, "GetTables", "TableList", DatabaseName=said.database)
    return [Table(said.database, record) for record in records]


def _show_tables(said: Said) -> Result:
    return _lines(_liked(said, [table.name for table in _tables(said)]), "tab_name")


def _show_views(said: Said) -> Result:
    return _lines(_liked(said, [table.name for table in _tables(said) if table.is_view]), "views")


def _show_partitions(said: Said) -> Result:
    table = said.table()
    if not table.partition_keys:
        raise QueryFailure(f"FAILED: SemanticException [Error 10241]: {table.full_name} is not a partitioned table")
    folders = [
        "/".join(f"{key.name}={value}" for key, value in zip(table.partition_keys, each.values, strict=True))
        for each in registered(said.cloud, table)
    ]
    return _lines(sorted(folders), "partition")


def _show_columns(said: Said) -> Result:
    table = said.table()
    return _lines([column.name for column in [*table.columns, *table.partition_keys]], "field")


def _show_properties(said: Said) -> Result:
    properties = said.table().parameters
    return _lines([f"{name}\t{value}" for name, value in sorted(properties.items())], "prpt_name", "prpt_value")


def _show_view(said: Said) -> Result:
    view = said.table().view()
    lines = f"CREATE VIEW {said.database}.{said.name} AS\n{view['originalSql']}".splitlines()
    return _lines(lines, "Create View")


def _describe(said: Said) -> Result:
    table = said.table()
    storage: list[dict[str, str]] = table.storage.get("Columns") or []
    keys: list[dict[str, str]] = table.record.get("PartitionKeys") or []
    comments = {each["Name"].lower(): each.get("Comment") or "" for each in [*storage, *keys]}

    def line(name: str, type_: str) -> str:
        return f"{name:<20}\t{type_:<20}\t{comments.get(name, ''):<20}"

    lines = [line(column.name, column.hive_type) for column in [*table.columns, *table.partition_keys]]
    if table.partition_keys:
        lines += ["\t \t ", "# Partition Information\t \t ", line("# col_name", "data_type"), "\t \t "]
        lines += [line(column.name, column.hive_type) for column in table.partition_keys]
    return _lines(lines, "col_name", "data_type", "comment")


def _done(lines: list[str] | None = None) -> Result:
    return _lines(lines or [], *(["result"] if lines else []))


# --- definitions -----------------------------------------------------------------------------------------------------


def _create_view(said: Said) -> Result:
    create_view(said.cloud, said.database, said.name, said.match["query"], replace=bool(said.match["replace"]))
    return _done()


def _create_table(said: Said) -> Result:
    create_table(said.cloud, said.database, said.text)
    return _done()


def _drop(said: Said) -> Result:
    is_view = said.match["kind"].upper() == "VIEW"
    drop(said.cloud, said.database, said.name, is_view=is_view, if_exists=bool(said.match["exists"]))
    return _done()


def _create_database(said: Said) -> Result:
    create_database(said.cloud, said.name, if_not_exists=bool(said.match["exists"]))
    return _done()


def _drop_database(said: Said) -> Result:
    drop_database(said.cloud, said.name, if_exists=bool(said.match["exists"]), cascade=bool(said.match["cascade"]))
    return _done()


def _repair(said: Said) -> Result:
    return _done(repair(said.cloud, said.table()))


def _add_partitions(said: Said) -> Result:
    add_partitions(said.cloud, said.table(), said.match["partitions"], if_not_exists=bool(said.match["exists"]))
    return _done()


def _set_properties(said: Said) -> Result:
    set_properties(said.cloud, said.table(), said.match["properties"])
    return _done()


def _pattern(text: str) -> re.Pattern[str]:
    """Return a pattern of a statement in which a blank stands for any white space."""
    return re.compile(text.replace(" ", r"\s+"), re.IGNORECASE | re.DOTALL)


_STATEMENTS: list[tuple[re.Pattern[str], Callable[[Said], Result]]] = [
    (_pattern(rf"SHOW (?:DATABASES|SCHEMAS){_LIKE}"), _show_databases),
    (_pattern(rf"SHOW TABLES{_IN}{_LIKE}"), _show_tables),
    (_pattern(rf"SHOW VIEWS{_IN}{_LIKE}"), _show_views),
    (_pattern(rf"SHOW PARTITIONS {_NAME}"), _show_partitions),
    (_pattern(rf"SHOW COLUMNS (?:IN|FROM) {_NAME}"), _show_columns),
    (_pattern(rf"SHOW TBLPROPERTIES {_NAME}"), _show_properties),
    (_pattern(rf"SHOW CREATE VIEW {_NAME}"), _show_view),
    (_pattern(rf"(?:DESCRIBE|DESC) {_NAME}"), _describe),
    (_pattern(rf"CREATE (?P<replace>OR REPLACE )?VIEW {_NAME} AS (?P<query>.+)"), _create_view),
    (_pattern(rf"CREATE (?:EXTERNAL )?TABLE (?:IF NOT EXISTS )?{_NAME}\s*\(.+"), _create_table),
    (_pattern(rf"CREATE (?:DATABASE|SCHEMA) (?P<exists>IF NOT EXISTS )?{_NAME}"), _create_database),
    (_pattern(rf"DROP (?:DATABASE|SCHEMA) (?P<exists>IF EXISTS )?{_NAME}(?P<cascade> CASCADE)?"), _drop_database),
    (_pattern(rf"DROP (?P<kind>TABLE|VIEW) (?P<exists>IF EXISTS )?{_NAME}"), _drop),
    (_pattern(rf"MSCK REPAIR TABLE {_NAME}"), _repair),
    (
        _pattern(rf"ALTER TABLE {_NAME} ADD (?P<exists>IF NOT EXISTS )?(?P<partitions>PARTITION\s*\(.+)"),
        _add_partitions,
    ),
    (_pattern(rf"ALTER TABLE {_NAME} SET TBLPROPERTIES\s*\((?P<properties>.+)\)"), _set_properties),
]
_KNOWN_TO_ATHENA = {"ALTER", "ANALYZE", "CREATE", "DEALLOCATE", "DELETE", "DESC", "DESCRIBE", "DROP", "EXECUTE",
                    "EXPLAIN", "INSERT", "MERGE", "MSCK", "OPTIMIZE", "PREPARE", "SHOW", "UNLOAD", "UPDATE",
                    "VACUUM"}  # fmt: skip
