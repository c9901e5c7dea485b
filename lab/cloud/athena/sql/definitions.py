"""CREATE, DROP and ALTER: what they write into Glue's catalogue, as Athena writes it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from lab.cloud.athena.failures import QueryFailure, not_supported
from lab.cloud.athena.sql.binding import bind, parse
from lab.cloud.athena.sql.catalog import Table, data_type, find_table, view_text
from lab.cloud.athena.sql.running import outputs_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.cloud.athena.sql.cloud import CloudAsked

_TEXT = ("org.apache.hadoop.mapred.TextInputFormat", "org.apache.hadoop.hive.ql.io.IgnoreKeyTextOutputFormat")
_PARTITION = re.compile(r"PARTITION\s*\((?P<values>[^)]*)\)(?:\s*LOCATION\s*'(?P<location>[^']*)')?\s*", re.IGNORECASE)
_PAIR = re.compile(r"\s*[`'\"]?(?P<name>[^=`'\"]+?)[`'\"]?\s*=\s*'?(?P<value>[^',]*)'?\s*(?:,|$)")


def create_view(cloud: CloudAsked, database: str, name: str, query: str, *, replace: bool) -> None:
    """Keep a query as a view.

    Raises:
        QueryFailure: the query fails, or the name is taken.
    """
    outputs = outputs_of(bind(cloud, query, database))
    for column, kind in outputs:
        if kind.this is exp.DataType.Type.TIMESTAMPTZ:
            raise QueryFailure(
                f"NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time zone (column '{column}': cast it to"
                " timestamp)"
            )
    existing = find_table(cloud, database, name)
    if existing and not (replace and existing.is_view):
        kind = "View" if existing.is_view else "Table"
        raise QueryFailure(f"GENERIC_USER_ERROR: {kind} already exists: awsdatacatalog.{database}.{name}")
    types = [(column, kind.sql("trino").lower()) for column, kind in outputs]
    table: dict[str, Any] = {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": _hive_type(kind)} for column, kind in outputs],
            "SerdeInfo": {},
        },
        "ViewOriginalText": view_text(query, database, types),
        "ViewExpandedText": "/* Presto View */",
    }
    cloud.glue("UpdateTable" if existing else "CreateTable", DatabaseName=database, TableInput=table)


def _hive_type(kind: exp.DataType) -> str:
    return re.sub(r"\s*([:,<>()])\s*", r"\1", kind.sql("hive").lower().replace(": ", ":"))


def create_table(cloud: CloudAsked, database: str, text: str) -> None:
    """Keep a table's definition.

    Raises:
        QueryFailure: it is wrong, or the name is taken.
    """
    tree = parse(text, "athena")
    schema = tree.this
    if not isinstance(tree, exp.Create) or not isinstance(schema, exp.Schema) or tree.expression:
        raise not_supported("CREATE TABLE AS")
    if not tree.find(exp.ExternalProperty):
        raise QueryFailure("SYNTAX_ERROR: line 1:8: External keyword required for table type HIVE")
    name = schema.this.name.lower()
    if cloud.glue("GetDatabase", Name=database) is None:
        raise QueryFailure(f"FAILED: SemanticException [Error 10072]: Database does not exist: {database}")
    if find_table(cloud, database, name):
        if tree.args.get("exists"):
            return
        raise QueryFailure(
            "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
            f" AlreadyExistsException(message:Table {name} already exists)"
        )
    cloud.glue("CreateTable", DatabaseName=database, TableInput=_table_input(name, tree, schema))


def _table_input(name: str, tree: exp.Create, schema: exp.Schema) -> dict[str, Any]:
    location = tree.find(exp.LocationProperty)
    if location is None:
        raise QueryFailure("FAILED: SemanticException: LOCATION is required for an external table")
    serde = tree.find(exp.RowFormatSerdeProperty)
    partitioned = tree.find(exp.PartitionedByProperty)
    serde_properties = tree.find(exp.SerdeProperties)
    formats = tree.find(exp.InputOutputFormat)
    names = [formats.args[key].name for key in ("input_format", "output_format")] if formats else list(_TEXT)
    own = [each for each in tree.args["properties"].expressions if type(each) is exp.Property]
    return {
        "Name": name,
        "Owner": "hadoop",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "transient_lastDdlTime": str(int(time.time()))} | _pairs(own),
        "PartitionKeys": _columns(partitioned.this.expressions) if partitioned else [],
        "StorageDescriptor": {
            "Columns": _columns(schema.expressions),
            "Location": location.this.name,
            "InputFormat": names[0],
            "OutputFormat": names[1],
            "SerdeInfo": {
                "SerializationLibrary": serde.this.name
                if serde
                else "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                "Parameters": {"serialization.format": "1"}
                | (_pairs(serde_properties.expressions) if serde_properties else {}),
            },
        },
    }


def _columns(definitions: list[exp.Expr]) -> list[dict[str, str]]:
    columns: list[dict[str, str]] = []
    for each in definitions:
        if not isinstance(each, exp.ColumnDef) or each.args.get("kind") is None:
            raise QueryFailure(f"SYNTAX_ERROR: {each.sql('hive')!r} is no column with a type")
        comment = each.find(exp.CommentColumnConstraint)
        type_ = _hive_type(each.args["kind"])
        data_type(type_)
        columns.append({"Name": each.name.lower(), "Type": type_} | ({"Comment": comment.this.name} if comment else {}))
    return columns


def _pairs(properties: Iterable[exp.Expr]) -> dict[str, str]:
    return {each.this.name: each.args["value"].name for each in properties}


def drop(cloud: CloudAsked, database: str, name: str, *, is_view: bool, if_exists: bool) -> None:
    """Take a table or view out of the catalogue; its objects stay.

    Raises:
        QueryFailure: it is not there, or is the other of the two.
    """
    table = find_table(cloud, database, name)
    if table is None:
        if if_exists:
            return
        raise QueryFailure(f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}")
    if table.is_view != is_view:
        kinds = ("view", "TABLE") if table.is_view else ("table", "VIEW")
        raise QueryFailure("FAILED: SemanticException: Cannot drop a {} with DROP {}".format(*kinds))
    cloud.glue("DeleteTable", DatabaseName=database, Name=name)


def create_database(cloud: CloudAsked, name: str, *, if_not_exists: bool) -> None:
    """Make a database."""
    if cloud.glue("GetDatabase", Name=name):
        if if_not_exists:
            return
        raise QueryFailure(f"FAILED: SemanticException: Database {name} already exists")
    cloud.glue("CreateDatabase", DatabaseInput={"Name": name})


def drop_database(cloud: CloudAsked, name: str, *, if_exists: bool, cascade: bool) -> None:
    """Take a database away, with its tables only when that is said."""
    if cloud.glue("GetDatabase", Name=name) is None:
        if if_exists:
            return
        raise QueryFailure(f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}")
    if not cascade and (cloud.glue("GetTables", DatabaseName=name) or {}).get("TableList"):
        raise QueryFailure(f"FAILED: InvalidOperationException(message:Database {name} is not empty.)")
    cloud.glue("DeleteDatabase", Name=name)


def add_partitions(cloud: CloudAsked, table: Table, said: str, *, if_not_exists: bool) -> None:
    """Register partitions.

    Args:
        cloud: has the catalogue.
        table: whose.
        said: `PARTITION (a='1', b='2') LOCATION 's3://…' PARTITION …`.
        if_not_exists: those that are there stay as they are.
    """
    parts = list(_PARTITION.finditer(said))
    if "".join(part[0] for part in parts).strip() != said.strip():
        raise QueryFailure("SYNTAX_ERROR: ALTER TABLE ADD PARTITION (name = 'value', …) [LOCATION 's3://…']")
    names = [key.name for key in table.partition_keys]
    for part in parts:
        given = {pair["name"].lower(): pair["value"] for pair in _PAIR.finditer(part["values"])}
        if sorted(given) != sorted(names):
            raise QueryFailure(f"FAILED: SemanticException: Partition spec {{{part['values']}}} names other columns")
        values = [given[name] for name in names]
        folder = "/".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
        location = part["location"] or f"{table.location.rstrip('/')}/{folder}/"
        made = cloud.glue(
            "BatchCreatePartition",
            DatabaseName=table.database,
            TableName=table.name,
            PartitionInputList=[partition_input(table, values, location)],
        )
        if (made or {}).get("Errors") and not if_not_exists:
            raise QueryFailure(f"FAILED: AlreadyExistsException(message:Partition already exists: {folder})")


def partition_input(table: Table, values: list[str], location: str) -> dict[str, Any]:
    """Return a partition as Glue takes it: the table's storage at another place."""
    return {"Values": values, "StorageDescriptor": table.storage | {"Location": location}}


def set_properties(cloud: CloudAsked, table: Table, said: str) -> None:
    """Set a table's properties."""
    pairs = dict(re.findall(r"'([^']*)'\s*=\s*'([^']*)'", said))
    kept = {key: value for key, value in table.record.items() if key in _INPUT_MEMBERS and value is not None}
    cloud.glue("UpdateTable", DatabaseName=table.database, TableInput=kept | {"Parameters": table.parameters | pairs})


_INPUT_MEMBERS = {"Name", "Description", "Owner", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters"}
