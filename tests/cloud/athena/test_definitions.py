"""Views and tables that are made and looked at through Athena, and views that Pulumi makes in Glue."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.cloud.athena.conftest import Lake

NEWEST = (
    "SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY tenant_id, compra_id"
    " ORDER BY metadata.processed_at DESC) AS n FROM compras) WHERE n = 1 AND metadata.event_name <> 'REMOVE'"
)


def test_a_view_made_by_athena(lake: Lake) -> None:
    assert lake.query(f"CREATE OR REPLACE VIEW actuales AS {NEWEST}").state == "SUCCEEDED"
    kept = lake.clients.glue.get_table(DatabaseName=lake.database, Name="actuales")["Table"]
    assert kept["TableType"] == "VIRTUAL_VIEW"
    assert kept["Parameters"] == {"presto_view": "true", "comment": "Presto View"}
    assert kept["ViewExpandedText"] == "/* Presto View */"
    text = kept["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    view: dict[str, Any] = json.loads(base64.b64decode(text))
    assert view["originalSql"] == NEWEST
    assert (view["catalog"], view["schema"]) == ("awsdatacatalog", lake.database)
    assert {"name": "compra_id", "type": "varchar"} in view["columns"]
    types = {column["Name"]: column["Type"] for column in kept["StorageDescriptor"]["Columns"]}
    assert types["n"] == "bigint"
    assert types["resumen"] == "struct<total_cantidad:bigint,total_precio:decimal(18,2),moneda:string>"

    everything = lake.query("SELECT count(*) FROM actuales")
    assert everything.rows == [["6"]]
    of_one = lake.query("SELECT compra_id FROM actuales WHERE tenant_id = 'ana' ORDER BY 1")
    assert of_one.rows == [["c0"], ["c2"], ["c4"]]
    assert of_one.scanned == everything.scanned / 2  # the tenant is asked for before the newest is looked for
    assert lake.query("CREATE VIEW actuales AS SELECT 1 AS a").reason.startswith("GENERIC_USER_ERROR: View already")
    assert lake.query("SHOW CREATE VIEW actuales").rows[1] == [NEWEST]
    assert lake.query("DROP TABLE actuales").state == "FAILED"
    assert lake.query("DROP VIEW actuales").state == "SUCCEEDED"


def test_a_view_made_in_glue(lake: Lake) -> None:
    # As a Pulumi program makes it: aws.glue.CatalogTable.
    view = {"originalSql": "SELECT compra_id, p.codigo FROM compras CROSS JOIN UNNEST(productos) AS t(p)",
            "catalog": "awsdatacatalog", "schema": lake.database,
            "columns": [{"name": "compra_id", "type": "varchar"}, {"name": "codigo", "type": "varchar"}]}  # fmt: skip
    text = base64.b64encode(json.dumps(view).encode()).decode()
    columns = [{"Name": "compra_id", "Type": "string"}, {"Name": "codigo", "Type": "string"}]
    table: Any = {"Name": "lines", "TableType": "VIRTUAL_VIEW", "Parameters": {"presto_view": "true"},
                  "StorageDescriptor": {"Columns": columns},
                  "ViewOriginalText": f"/* Presto View: {text} */",
                  "ViewExpandedText": "/* Presto View */"}  # fmt: skip
    lake.clients.glue.create_table(DatabaseName=lake.database, TableInput=table)
    assert lake.query("SELECT count(*) FROM lake.lines", QueryExecutionContext={"Database": "default"}).rows == [["12"]]
    broken = table | {"Name": "broken", "ViewOriginalText": "SELECT 1"}
    lake.clients.glue.create_table(DatabaseName=lake.database, TableInput=broken)
    assert lake.query("SELECT * FROM broken").reason.startswith("HIVE_INVALID_VIEW_DATA")


def test_a_view_cannot_hold_a_time_with_a_zone(lake: Lake) -> None:
    answer = lake.query("CREATE VIEW zoned AS SELECT from_iso8601_timestamp(metadata.processed_at) AS t FROM compras")
    assert answer.reason.startswith("NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time zone")


def test_a_view_that_reads_itself_fails(lake: Lake) -> None:
    lake.query("CREATE VIEW loop AS SELECT 1 AS a")
    lake.query("CREATE OR REPLACE VIEW loop AS SELECT a FROM loop")
    assert lake.query("SELECT * FROM loop").reason.startswith("INVALID_VIEW")


def test_a_table_made_by_athena(lake: Lake) -> None:
    made = lake.query(f"""
        -- the lesson's table
        CREATE EXTERNAL TABLE IF NOT EXISTS `lake`.`made` (
            `compra_id` string COMMENT 'its id',
            productos array<struct<codigo:string, precio_unitario:decimal(18,2)>>
        )
        PARTITIONED BY (tenant_id string)
        ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ('ignore.malformed.json' = 'true')
        LOCATION 's3://{lake.bucket}/compras/'
        TBLPROPERTIES ('projection.enabled' = 'true', 'projection.tenant_id.type' = 'enum',
            'projection.tenant_id.values' = 'ana',
            'storage.location.template' = 's3://{lake.bucket}/compras/${{tenant_id}}/')
    """)
    assert made.state == "SUCCEEDED", made.reason
    assert lake.query("SELECT compra_id, productos[2].precio_unitario FROM made ORDER BY 1").rows == [
        ["c0", "0.10"],
        ["c2", "0.10"],
        ["c4", "0.10"],
    ]
    described = [(row[0] or "").split("\t") for row in lake.query("DESCRIBE made").rows]
    assert [part.strip() for part in described[0]] == ["compra_id", "string", "its id"]
    assert described[1][1] == "array<struct<codigo:string,precio_unitario:decimal(18,2)>>"
    changed = lake.query("ALTER TABLE made SET TBLPROPERTIES ('projection.tenant_id.values' = 'ana,bruno')")
    assert changed.state == "SUCCEEDED"
    assert lake.query("SELECT count(*) FROM made").rows == [["6"]]
    assert lake.query("SHOW COLUMNS IN made").rows == [["compra_id"], ["productos"], ["tenant_id"]]
    assert ["projection.enabled\ttrue"] in lake.query("SHOW TBLPROPERTIES made").rows
    assert lake.query("DROP TABLE made").state == "SUCCEEDED"
    assert lake.query("DROP TABLE IF EXISTS made").state == "SUCCEEDED"
    assert lake.query("DROP TABLE made").reason.startswith("FAILED: SemanticException [Error 10001]")


def test_what_there_is(lake: Lake) -> None:
    assert ["lake"] in lake.query("SHOW DATABASES").rows
    assert lake.query("SHOW DATABASES LIKE 'la*'").rows == [["lake"]]
    assert lake.query("SHOW TABLES IN lake 'comp*'").rows == [["compras"]]
    assert lake.query("SHOW TABLES IN nosuch").state == "FAILED"
    assert lake.query("SHOW TABLES '('").reason.startswith("SYNTAX_ERROR")
    assert lake.query("CREATE DATABASE other").state == "SUCCEEDED"
    assert lake.query("SHOW TABLES IN other").rows == []
    assert lake.query("DROP DATABASE other").state == "SUCCEEDED"
    assert lake.query("CREATE TABLE t (a int) LOCATION 's3://x/'").reason.startswith("SYNTAX_ERROR: line 1:8: External")


def test_partitions_added_by_hand(lake: Lake) -> None:
    lake.put("added/first/x.json", {"a": 1})
    lake.table("added", "a int", folder="added", keys=[{"Name": "part", "Type": "string"}])
    sql = f"ALTER TABLE added ADD PARTITION (part = '1') LOCATION 's3://{lake.bucket}/added/first/'"
    assert lake.query(sql).state == "SUCCEEDED"
    assert lake.query("SELECT a, part FROM added").rows == [["1", "1"]]
    assert lake.query(sql).reason.startswith("FAILED: AlreadyExistsException")
    assert lake.query(sql.replace("ADD", "ADD IF NOT EXISTS")).state == "SUCCEEDED"
    assert lake.query("ALTER TABLE added ADD PARTITION (other = '1')").state == "FAILED"
