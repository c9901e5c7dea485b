"""Which objects a query reads: those of the partitions it asks for, projected or registered, and no others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lab.cloud.athena.failures import QueryFailure
from lab.cloud.athena.sql.catalog import Table
from lab.cloud.athena.sql.projection import projection_of
from tests.cloud.athena.conftest import DOCUMENTS, Lake, purchase

NOW = datetime(2025, 7, 13, 10, 30, tzinfo=UTC)

PRUNED = [
    ("SELECT count(*) FROM compras", 6),
    ("SELECT count(*) FROM compras WHERE tenant_id = 'ana'", 3),
    ("SELECT count(*) FROM compras WHERE tenant_id IN ('ana', 'x') AND day > '10' AND fecha > ''", 2),
    ("SELECT count(*) FROM compras WHERE year || '-' || month || '-' || day BETWEEN '2025-07-12' AND '2025-07-13'", 2),
    ("SELECT count(*) FROM compras WHERE tenant_id = 'ana' OR day = '11'", 4),
    ("SELECT count(*) FROM compras WHERE tenant_id = 'ana' OR fecha = 'x'", 6),
    ("SELECT count(*) FROM (SELECT * FROM compras) WHERE day = '10'", 1),
    ("WITH c AS (SELECT * FROM compras) SELECT count(*) FROM c WHERE day = '10'", 1),
    (("WITH c AS (SELECT * FROM compras) SELECT count(*) FROM c JOIN c d ON c.compra_id = d.compra_id"
     " WHERE c.day = '10'"), 6),
    ("SELECT tenant_id FROM (SELECT tenant_id, day, count(*) FROM compras GROUP BY 1, 2) WHERE day = '10'", 1),
    (("SELECT n FROM (SELECT tenant_id, row_number() OVER (PARTITION BY tenant_id ORDER BY day) n FROM compras)"
     " WHERE tenant_id = 'ana'"), 3),
    (("SELECT n FROM (SELECT day, row_number() OVER (PARTITION BY tenant_id ORDER BY day) n FROM compras)"
     " WHERE day = '10'"), 6),
    ("SELECT * FROM (SELECT * FROM compras LIMIT 9) WHERE day = '10'", 6),
    ("SELECT * FROM (SELECT day FROM compras UNION ALL SELECT month FROM compras) WHERE day = '10'", 1),
    ("SELECT 1 FROM compras a LEFT JOIN compras b ON a.day = b.day AND b.day = '10' WHERE b.day IS NULL", 12),
    ("SELECT 1 FROM compras WHERE tenant_id = 'nobody'", 0),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "documents"), PRUNED)
def test_a_query_reads_only_the_partitions_it_asks_for(lake: Lake, sql: str, documents: int) -> None:
    everything = lake.query("SELECT count(*) FROM compras").scanned if documents else 0
    answer = lake.query(sql)
    assert answer.state == "SUCCEEDED", answer.reason
    assert answer.scanned == everything * documents / DOCUMENTS


def test_what_is_not_projected_is_not_there(lake: Lake) -> None:
    lake.put("narrow/ana/2019/x.json", {"a": 1})
    lake.put("narrow/ana/2021/x.json", {"a": 2})
    lake.put("narrow/ana/2021/_hidden.json", {"a": 3})
    lake.put("narrow/carla/2021/x.json", {"a": 4})
    lake.put("narrow/ana/21/x.json", {"a": 5})
    keys = [{"Name": "who", "Type": "string"}, {"Name": "y", "Type": "int"}]
    lake.table("narrow", "a int", folder="narrow", keys=keys,
               parameters={"projection.enabled": "true", "projection.who.type": "enum", "projection.who.values": "ana",
                           "projection.y.type": "integer", "projection.y.range": "2020,2030",
                           "storage.location.template": f"s3://{lake.bucket}/narrow/${{who}}/${{y}}"})  # fmt: skip
    assert lake.query("SELECT a, who, y FROM narrow").rows == [["2", "ana", "2021"]]
    assert lake.query("SELECT a FROM narrow WHERE y = 2021").rows == [["2"]]


def test_an_injected_column_must_be_named(lake: Lake) -> None:
    lake.table("injected", "compra_id string", folder="compras", keys=[{"Name": "tenant_id", "Type": "string"}],
               parameters={"projection.enabled": "true", "projection.tenant_id.type": "injected",
                           "storage.location.template": f"s3://{lake.bucket}/compras/${{tenant_id}}/"})  # fmt: skip
    refused = lake.query("SELECT count(*) FROM injected")
    assert refused.state == "FAILED"
    assert refused.reason.startswith("CONSTRAINT_VIOLATION: For the injected projected partition column tenant_id, the")
    assert lake.query("SELECT count(*) FROM injected WHERE tenant_id > 'a'").state == "FAILED"
    assert lake.query("SELECT count(*) FROM injected WHERE tenant_id = 'ana'").rows == [["3"]]
    assert lake.query("SELECT count(*) FROM injected WHERE tenant_id IN ('ana', 'bruno')").rows == [["6"]]


def test_without_projection_only_registered_partitions_are_there(lake: Lake) -> None:
    for day in ("1", "2", "3"):
        lake.put(f"registered/day={day}/x.json", purchase(int(day)))
    table = lake.table("registered", "compra_id string", folder="registered", keys=[{"Name": "day", "Type": "int"}])
    assert lake.query("SELECT count(*) FROM registered").rows == [["0"]]
    lake.clients.glue.create_partition(
        DatabaseName=lake.database,
        TableName=table,
        PartitionInput={
            "Values": ["2"],
            "StorageDescriptor": {"Location": f"s3://{lake.bucket}/registered/day=2/"},
        },
    )
    assert lake.query("SELECT compra_id, day FROM registered").rows == [["c2", "2"]]
    repaired = lake.query("MSCK REPAIR TABLE registered")
    assert repaired.rows[1:] == [[f"Repair: Added partition to metastore registered:day={day}"] for day in (1, 3)]
    assert lake.query("SHOW PARTITIONS registered").rows == [["day=1"], ["day=2"], ["day=3"]]
    assert lake.query("SELECT compra_id FROM registered WHERE day > 2").rows == [["c3"]]


def projected(value: str, **properties: str) -> bool:
    parameters = {f"projection.p.{name}": text for name, text in properties.items()} | {"projection.enabled": "true"}
    record: dict[str, Any] = {"Name": "t", "Parameters": parameters, "PartitionKeys": [{"Name": "p", "Type": "string"}],
                              "StorageDescriptor": {"Location": "s3://b/t"}}  # fmt: skip
    projection = projection_of(Table("d", record), NOW)
    assert projection
    match = projection.matcher().match(f"s3://b/t/p={value}/x")
    return match is not None and projection.values_of(match) is not None


DATE = {"type": "date", "format": "yyyy-MM-dd", "range": "2025-01-01,NOW"}


@pytest.mark.parametrize(
    ("value", "properties", "expected"),
    [
        ("a", {"type": "enum", "values": "a, b"}, True),
        ("b", {"type": "enum", "values": "a, b"}, True),
        ("c", {"type": "enum", "values": "a, b"}, False),
        ("7", {"type": "integer", "range": "1,12"}, True),
        ("07", {"type": "integer", "range": "1,12"}, False),
        ("07", {"type": "integer", "range": "1,12", "digits": "2"}, True),
        ("13", {"type": "integer", "range": "1,12"}, False),
        ("5", {"type": "integer", "range": "1,12", "interval": "2"}, True),
        ("6", {"type": "integer", "range": "1,12", "interval": "2"}, False),
        ("2025-07-13", DATE, True),
        ("2025-07-14", DATE, False),
        ("2024-12-31", DATE, False),
        ("2025-7-13", DATE, False),
        ("2025-07-06", DATE | {"range": "NOW-7DAYS,NOW"}, True),
        ("2025-07-05", DATE | {"range": "NOW-7DAYS,NOW"}, False),
        ("2025-07-14", DATE | {"range": "NOW-1YEARS,NOW+1DAYS"}, True),
        ("2025-01-08", DATE | {"interval": "7", "interval.unit": "DAYS"}, True),
        ("2025-01-09", DATE | {"interval": "7", "interval.unit": "DAYS"}, False),
        ("2025/07/13", DATE | {"format": "yyyy/MM/dd", "range": "2025/01/01,NOW"}, True),
        ("2025-03", DATE | {"format": "yyyy-MM", "range": "2025-01,NOW"}, True),
        ("2025071310", DATE | {"format": "yyyyMMddHH", "range": "NOW-2HOURS,NOW"}, True),
        ("2025071307", DATE | {"format": "yyyyMMddHH", "range": "NOW-2HOURS,NOW"}, False),
        ("anything", {"type": "injected"}, True),
    ],
)
def test_projected_values(value: str, properties: dict[str, str], expected: bool) -> None:
    assert projected(value, **properties) is expected


@pytest.mark.parametrize(
    ("properties", "what"),
    [
        ({}, "projection.p.type is missing"),
        ({"type": "list"}, "projection.p.type is 'list'"),
        ({"type": "enum"}, "projection.p.values is missing"),
        ({"type": "integer", "range": "1"}, "projection.p.range is '1'"),
        ({"type": "date", "format": "yyyy", "range": "x,NOW"}, "projection.p.range is 'x,NOW'"),
    ],
)
def test_wrong_properties_are_named(properties: dict[str, str], what: str) -> None:
    with pytest.raises(QueryFailure, match="HIVE_INVALID_METADATA") as refused:
        projected("1", **properties)
    assert what in refused.value.message
