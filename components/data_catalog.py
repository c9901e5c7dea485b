"""The catalogue of the purchases' documents: what lets Athena ask them in SQL.

The lesson: objects become a table by a description alone. It also says which partitions there are, computed from the
path (partition projection): no crawler looks for them, nothing has to be added every day.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

QUERIES = Path(__file__).parent / "purchases_queries"
"""The view and the named queries, in Athena's SQL."""
NAMED_QUERIES = {
    "compras_recientes": "Recent purchases in detail",
    "productos_mas_vendidos": "Best-selling products of each tenant",
    "tendencias_diarias": "Daily trends",
}
"""The text's three queries: name, and what Athena's console says of it."""
DOCUMENTS, VIEW = "compras_json", "compras_actuales"

FIRST_YEAR = 2025
"""Of the partitions; the last one is always the present."""
EVERY_YEAR = {"interval": "1", "interval.unit": "YEARS"}
MEGABYTE = 1024 * 1024

PRODUCT = {
    "codigo": "string",
    "nombre": "string",
    "precio_unitario": "decimal(18,6)",
    "cantidad": "bigint",
    "otros": "string",
}
SUMMARY = {
    "total_productos": "bigint",
    "total_cantidad": "bigint",
    "total_precio": "decimal(38,6)",
    "moneda": "string",
}
METADATA = {
    "event_name": "string",
    "event_source": "string",
    "aws_region": "string",
    "changed_at": "string",
    "sequence_number": "string",
    "removed_by_ttl": "boolean",
    "processed_at": "string",
    "processed_by": "string",
    "stage": "string",
}


def _struct(members: Mapping[str, str]) -> str:
    return f"struct<{','.join(f'{name}:{kind}' for name, kind in members.items())}>"


COLUMNS = {
    "compra_id": "string",
    "user_id": "string",
    "fecha": "string",
    "productos": f"array<{_struct(PRODUCT)}>",
    "resumen": _struct(SUMMARY),
    "otros": "string",
    "metadata": _struct(METADATA),
}
"""What a document holds (handlers/purchases/document.py), in Hive's types."""
PARTITIONS = ("tenant_id", "year", "month", "day")
VIEW_COLUMNS = {
    "tenant_id": "string",
    "compra_id": "string",
    "user_id": "string",
    "fecha": "string",
    "productos": COLUMNS["productos"],
    **SUMMARY,
    "otros": "string",
    "changed_at": "string",
}


class DataCatalogArgs(TypedDict):
    """What a DataCatalog is made from."""

    stage: str
    """Part of the database's name."""
    bucket: aws.s3.Bucket
    """What is described; what queries find is written there too."""
    documents_prefix: str
    """Where in the bucket the documents begin; ends with a slash."""
    results_prefix: str
    """Where in the bucket results are written; ends with a slash."""
    tenants: Sequence[str] | None
    """The tenants as the paths have them; None: every query must name one (projection type `injected`)."""
    query_limit_megabytes: int
    """How much one query may read; beyond it, it is ended."""
    removable: bool
    """Whether the history of queries may go with the stack."""
    tags: Mapping[str, Input[str]]
    """Tags for everything that takes them."""


class DataCatalog(pulumi.ComponentResource):
    """Database, table of documents, view of the purchases as they are, workgroup and named queries."""

    database_name: Output[str]
    """Letters, digits and underscores: a hyphen would have to be quoted in every query."""
    workgroup_name: Output[str]
    """In which queries run, with a limit to what they may read."""

    def __init__(self, name: str, args: DataCatalogArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("streamlab:index:DataCatalog", name, None, opts)
        self._name, self._args = name, args
        self._child = ResourceOptions(parent=self)
        self.database = aws.glue.CatalogDatabase(
            f"{name}-database",
            name=f"{args['stage'].replace('-', '_')}_compras_datacatalog",
            tags=args["tags"],
            opts=self._child,
        )
        self.table = self._documents()
        self.view = self._view()
        self.workgroup = self._workgroup()
        for query, description in NAMED_QUERIES.items():
            aws.athena.NamedQuery(
                f"{name}-{query.replace('_', '-')}",
                name=query,
                description=description,
                database=self.database.name,
                workgroup=self.workgroup.name,
                query=query_text(query),
                opts=self._child,
            )
        self.database_name, self.workgroup_name = self.database.name, self.workgroup.name
        self.register_outputs({"database_name": self.database_name, "workgroup_name": self.workgroup_name})

    def _documents(self) -> aws.glue.CatalogTable:
        location = Output.concat("s3://", self._args["bucket"].bucket, "/", self._args["documents_prefix"])
        return aws.glue.CatalogTable(
            f"{self._name}-documents",
            name=DOCUMENTS,
            database_name=self.database.name,
            table_type="EXTERNAL_TABLE",
            parameters={
                "EXTERNAL": "TRUE",
                "classification": "json",
                **projection(self._args["tenants"]),
                "storage.location.template": Output.concat(location, *(f"${{{key}}}/" for key in PARTITIONS)),
            },
            partition_keys=[{"name": key, "type": "string"} for key in PARTITIONS],
            storage_descriptor={
                "location": location,
                "input_format": "org.apache.hadoop.mapred.TextInputFormat",
                "output_format": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                # Hive's own: it makes decimals of the digits as they stand in the document.
                "ser_de_info": {"serialization_library": "org.apache.hive.hcatalog.data.JsonSerDe"},
                "columns": [{"name": column, "type": kind} for column, kind in COLUMNS.items()],
            },
            opts=self._child,
        )

    def _view(self) -> aws.glue.CatalogTable:
        return aws.glue.CatalogTable(
            f"{self._name}-view",
            name=VIEW,
            database_name=self.database.name,
            table_type="VIRTUAL_VIEW",
            parameters={"presto_view": "true", "comment": "Presto View"},
            view_original_text=self.database.name.apply(view_text),
            view_expanded_text="/* Presto View */",
            storage_descriptor={
                "columns": [{"name": column, "type": kind} for column, kind in VIEW_COLUMNS.items()],
            },
            opts=ResourceOptions(parent=self, depends_on=[self.table]),
        )

    def _workgroup(self) -> aws.athena.Workgroup:
        results = Output.concat("s3://", self._args["bucket"].bucket, "/", self._args["results_prefix"])
        return aws.athena.Workgroup(
            f"{self._name}-workgroup",
            configuration={
                # Whoever runs a query cannot choose another place or a higher limit.
                "enforce_workgroup_configuration": True,
                "bytes_scanned_cutoff_per_query": self._args["query_limit_megabytes"] * MEGABYTE,
                "result_configuration": {"output_location": results},
                "publish_cloudwatch_metrics_enabled": True,
            },
            force_destroy=self._args["removable"],
            tags=self._args["tags"],
            opts=self._child,
        )


def projection(tenants: Sequence[str] | None) -> dict[str, str]:
    """Return the properties that tell which partitions there are (Athena user guide, "Partition projection")."""
    tenant = {"type": "injected"} if tenants is None else {"type": "enum", "values": ",".join(tenants)}
    columns = {
        "tenant_id": tenant,
        # A date, although it is a number, because only a date can end with the present.
        "year": {"type": "date", "format": "yyyy", "range": f"{FIRST_YEAR},NOW", **EVERY_YEAR},
        "month": {"type": "integer", "range": "1,12", "digits": "2"},
        "day": {"type": "integer", "range": "1,31", "digits": "2"},
    }
    return {
        "projection.enabled": "true",
        **{f"projection.{column}.{key}": value for column, keys in columns.items() for key, value in keys.items()},
    }


def query_text(name: str) -> str:
    """Return the SQL of the view or of a named query."""
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def view_text(database: str) -> str:
    """Return the view as Athena itself keeps it in Glue: JSON in base64, with Trino's types of the columns."""
    view = {
        "originalSql": query_text(VIEW),
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": column, "type": trino_type(kind)} for column, kind in VIEW_COLUMNS.items()],
    }
    return f"/* Presto View: {base64.b64encode(json.dumps(view).encode()).decode()} */"


def trino_type(hive_type: str) -> str:
    """Return one of Hive's types as Trino writes it."""
    if hive_type.startswith("array<struct<"):
        members = ", ".join(f"{name} {trino_type(kind)}" for name, kind in PRODUCT.items())
        return f"array(row({members}))"
    return "varchar" if hive_type == "string" else hive_type
