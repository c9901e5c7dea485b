"""Tables and views of Glue's catalogue, as a query needs them."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from lab.cloud.athena.failures import QueryFailure
from lab.json_values import is_list, is_object

if TYPE_CHECKING:
    from lab.cloud.athena.sql.cloud import CloudAsked

CATALOG = "awsdatacatalog"
_VIEW_BEGINS, _VIEW_ENDS = "/* Presto View: ", " */"


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: its name, in small letters.
        hive_type: its type as Glue has it.
    """

    name: str
    hive_type: str

    @cached_property
    def type(self) -> exp.DataType:
        """Its type.

        Raises:
            QueryFailure: it is none.
        """
        return data_type(self.hive_type)


def data_type(hive_type: str) -> exp.DataType:
    """Return what a type of Hive is.

    Raises:
        QueryFailure: it is none.
    """
    if hive_type.strip().lower() == "decimal":
        hive_type = "decimal(10,0)"
    try:
        built = exp.DataType.build(hive_type.lower(), dialect="hive", udt=False)
    except Exception as error:
        raise QueryFailure(f"HIVE_UNSUPPORTED_FORMAT: Unsupported Hive type: {hive_type}") from error
    if built.this in {exp.DataType.Type.USERDEFINED, exp.DataType.Type.UNKNOWN}:
        raise QueryFailure(f"HIVE_UNSUPPORTED_FORMAT: Unsupported Hive type: {hive_type}")
    return built


class Table:
    """A table or view of the catalogue.

    Args:
        database: its database.
        record: what Glue's GetTable answers.
    """

    def __init__(self, database: str, record: dict[str, Any]) -> None:
        self.database = database
        self.name: str = record["Name"]
        self.record = record
        self.parameters: dict[str, str] = record.get("Parameters") or {}
        self.storage: dict[str, Any] = record.get("StorageDescriptor") or {}
        self.columns = [_column(each) for each in _listed(self.storage, "Columns")]
        self.partition_keys = [_column(each) for each in _listed(record, "PartitionKeys")]

    @property
    def full_name(self) -> str:
        """Its name with its database's."""
        return f"{self.database}.{self.name}"

    @property
    def is_view(self) -> bool:
        """Whether it is a view."""
        return self.record.get("TableType") == "VIRTUAL_VIEW"

    @property
    def location(self) -> str:
        """Where its objects are; empty when nothing is said."""
        return self.storage.get("Location") or ""

    def view(self) -> dict[str, Any]:
        """Return what a view is: `originalSql`, `schema`, `columns`.

        Raises:
            QueryFailure: it is not one of Athena's.
        """
        text = (self.record.get("ViewOriginalText") or "").strip()
        encoded = text.removeprefix(_VIEW_BEGINS).removesuffix(_VIEW_ENDS)
        try:
            view = json.loads(base64.b64decode(encoded, validate=True)) if encoded != text else None
        except (ValueError, binascii.Error):
            view = None
        if is_object(view) and isinstance(view.get("originalSql"), str) and is_list(view.get("columns")):
            return view
        raise QueryFailure(
            f"HIVE_INVALID_VIEW_DATA: Invalid view data of {self.full_name}: ViewOriginalText must be"
            " '/* Presto View: <base64 of JSON> */', the JSON with originalSql, catalog, schema and columns"
        )


def _listed(record: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return record.get(name) or []


def _column(record: dict[str, Any]) -> Column:
    return Column(record["Name"].lower(), record.get("Type") or "string")


def view_text(sql: str, database: str, columns: list[tuple[str, str]]) -> str:
    """Return a view's query as Athena keeps it in Glue.

    Args:
        sql: the query.
        database: where names without a database are looked up.
        columns: names and types, by Trino's names.
    """
    view = {
        "originalSql": sql,
        "catalog": CATALOG,
        "schema": database,
        "columns": [{"name": name, "type": type_} for name, type_ in columns],
    }
    return f"{_VIEW_BEGINS}{base64.b64encode(json.dumps(view).encode()).decode()}{_VIEW_ENDS}"


def find_table(cloud: CloudAsked, database: str, name: str) -> Table | None:
    """Return a table or view, None when there is none."""
    answer = cloud.glue("GetTable", DatabaseName=database, Name=name.lower())
    return Table(database, answer["Table"]) if answer else None


def all_pages(cloud: CloudAsked, operation: str, member: str, **request: Any) -> list[dict[str, Any]]:
    """Return everything that an operation of Glue lists."""
    found: list[dict[str, Any]] = []
    token: str | None = None
    while True:
        answer = cloud.glue(operation, **request, **({"NextToken": token} if token else {})) or {}
        found += answer.get(member, [])
        token = answer.get("NextToken")
        if not token:
            return found
