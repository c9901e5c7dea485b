"""A small lake that all tests of Athena share: six purchases of two tenants, a document each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from lab.aws import Clients
from lab.cloud.client import Cloud
from tests.cloud.conftest import eventually

COLUMNS = [
    {"Name": "compra_id", "Type": "string"},
    {"Name": "fecha", "Type": "string"},
    {
        "Name": "productos",
        "Type": "array<struct<codigo:string,nombre:string,precio_unitario:decimal(18,2),cantidad:int>>",
    },
    {"Name": "resumen", "Type": "struct<total_cantidad:bigint,total_precio:decimal(18,2),moneda:string>"},
    {"Name": "metadata", "Type": "struct<event_name:string,processed_at:string>"},
]
PROJECTION = {
    "projection.enabled": "true",
    "projection.tenant_id.type": "enum",
    "projection.tenant_id.values": "ana, bruno",
    "projection.year.type": "integer",
    "projection.year.range": "2020,2040",
    "projection.month.type": "integer",
    "projection.month.range": "1,12",
    "projection.month.digits": "2",
    "projection.day.type": "integer",
    "projection.day.range": "1,31",
    "projection.day.digits": "2",
}
KEYS = [{"Name": name, "Type": "string"} for name in ("tenant_id", "year", "month", "day")]
DOCUMENTS = 6


@dataclass
class Answer:
    """How a query ended, and what it answered."""

    execution: dict[str, Any]
    rows: list[list[str | None]]
    columns: list[tuple[str, str]]

    @property
    def state(self) -> str:
        return self.execution["Status"]["State"]

    @property
    def reason(self) -> str:
        return self.execution["Status"].get("StateChangeReason", "")

    @property
    def scanned(self) -> int:
        return self.execution["Statistics"]["DataScannedInBytes"]


@dataclass
class Lake:
    """A bucket, a database, and queries over them."""

    clients: Clients
    bucket: str
    database: str

    def put(self, key: str, *documents: Any, body: bytes | None = None) -> int:
        """Put an object with a document a line; return its size."""
        lines = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in documents).encode()
        self.clients.s3.put_object(Bucket=self.bucket, Key=key, Body=lines if body is None else body)
        return len(lines if body is None else body)

    def table(self, name: str, columns: str | list[dict[str, str]], *, folder: str, serde: str = "openx",
              keys: list[dict[str, str]] | None = None, parameters: dict[str, str] | None = None,
              serde_parameters: dict[str, str] | None = None) -> str:  # fmt: skip
        """Make a table; columns may be said as `a int, b string`."""
        if isinstance(columns, str):
            columns = [dict(zip(("Name", "Type"), each.split(" ", 1), strict=True)) for each in columns.split(", ")]
        library = {"openx": "org.openx.data.jsonserde.JsonSerDe", "hive": "org.apache.hive.hcatalog.data.JsonSerDe"}
        self.clients.glue.create_table(
            DatabaseName=self.database,
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": parameters or {},
                "PartitionKeys": keys or [],
                "StorageDescriptor": {
                    "Location": f"s3://{self.bucket}/{folder}/",
                    "Columns": columns,
                    "SerdeInfo": {
                        "SerializationLibrary": library.get(serde, serde),
                        "Parameters": serde_parameters or {},
                    },
                },
            },
        )
        return name

    def start(self, sql: str, clients: Clients | None = None, **settings: Any) -> str:
        arguments = {
            "QueryExecutionContext": {"Database": self.database},
            "ResultConfiguration": {"OutputLocation": f"s3://{self.bucket}/results/"},
        } | settings
        return (clients or self.clients).athena.start_query_execution(QueryString=sql, **arguments)["QueryExecutionId"]

    def wait(self, id_: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            execution = self.clients.athena.get_query_execution(QueryExecutionId=id_)["QueryExecution"]
            return None if execution["Status"]["State"] in {"QUEUED", "RUNNING"} else dict(execution)

        return eventually(ended, seconds=60)

    def query(self, sql: str, clients: Clients | None = None, **settings: Any) -> Answer:
        """Run a query to its end."""
        execution = self.wait(id_ := self.start(sql, clients, **settings))
        if execution["Status"]["State"] != "SUCCEEDED":
            return Answer(execution, [], [])
        results = self.clients.athena.get_query_results(QueryExecutionId=id_)["ResultSet"]
        rows = [[value.get("VarCharValue") for value in row["Data"]] for row in results["Rows"]]
        columns = [(each["Name"], each["Type"]) for each in results["ResultSetMetadata"]["ColumnInfo"]]
        return Answer(execution, rows[1:] if execution["StatementType"] == "DML" else rows, columns)

    def one(self, sql: str) -> list[str | None]:
        """Return the one row of a query."""
        answer = self.query(sql)
        assert answer.state == "SUCCEEDED", answer.reason
        (row,) = answer.rows
        return row


def purchase(number: int) -> dict[str, Any]:
    return {
        "compra_id": f"c{number}",
        "fecha": f"2025-07-1{number} 10:30:00",
        "productos": [
            {"codigo": "P1", "nombre": "Té", "precio_unitario": 99.99, "cantidad": 2},
            {"codigo": "P2", "nombre": "Mate", "precio_unitario": 0.1, "cantidad": 1},
        ],
        "resumen": {"total_cantidad": 3, "total_precio": 200.08, "moneda": "USD"},
        "metadata": {"event_name": "INSERT", "processed_at": f"2025-07-1{number}T10:30:45.123Z"},
    }


@pytest.fixture(scope="session")
def lake(local_cloud: Cloud) -> Lake:
    clients = Clients.local(local_cloud.url)
    made = Lake(clients, "athena-lake", "lake")
    clients.s3.create_bucket(Bucket=made.bucket)
    clients.glue.create_database(DatabaseInput={"Name": made.database})
    for number in range(DOCUMENTS):
        tenant = ("ana", "bruno")[number % 2]
        made.put(f"compras/{tenant}/2025/07/1{number}/insert_c{number}.json", purchase(number))
    template = f"s3://{made.bucket}/compras/${{tenant_id}}/${{year}}/${{month}}/${{day}}/"
    made.table("compras", COLUMNS, folder="compras", keys=KEYS,
               parameters=PROJECTION | {"storage.location.template": template})  # fmt: skip
    return made
