"""Athena's SQL answers what Athena answers; nearly every one of these fails or differs in DuckDB's own SQL."""

from __future__ import annotations

import pytest

from tests.cloud.athena.conftest import Lake

VALUES: list[tuple[str, str | None]] = [
    ("from_iso8601_timestamp('2025-07-13T23:30:00-05:00')", "2025-07-14 04:30:00.000 UTC"),
    ("date(from_iso8601_timestamp('2025-07-13T23:30:00-05:00'))", "2025-07-14"),
    ('json_extract_scalar(\'{"a": {"b": [1, "x"]}}\', \'$.a.b[1]\')', "x"),
    ("date_trunc('month', date '2025-03-04')", "2025-03-01"),
    ("date_trunc('hour', timestamp '2025-03-04 10:59:59.5')", "2025-03-04 10:00:00.000"),
    ("date_parse('2025-07-13 10:30:00', '%Y-%m-%d %H:%i:%s')", "2025-07-13 10:30:00.000"),
    ("date_format(timestamp '2025-07-13 10:30:00', '%Y/%m')", "2025/07"),
    ("format_datetime(timestamp '2025-07-13 10:30:00', 'yyyy-MM-dd''T''HH')", "2025-07-13T10"),
    ("date_diff('month', date '2025-01-31', date '2025-02-27')", "0"),
    ("date_diff('day', timestamp '2025-01-01 23:00:00', timestamp '2025-01-02 01:00:00')", "0"),
    ("date_add('day', -1, date '2025-03-01')", "2025-02-28"),
    ("date_add('hour', 1, timestamp '2025-03-01 23:30:00')", "2025-03-02 00:30:00.000"),
    ("timestamp '2025-03-01 00:00:00' - interval '1' day", "2025-02-28 00:00:00.000"),
    ("to_iso8601(timestamp '2025-03-01 01:02:03.004')", "2025-03-01T01:02:03.004"),
    ("from_unixtime(1752400000)", "2025-07-13 09:46:40.000 UTC"),
    ("day_of_week(date '2025-07-13')", "7"),
    ("7 / 2", "3"),
    ("-7 / 2", "-3"),
    ("7 / 2e0", "3.5"),
    ("CAST(10 AS decimal(18,2)) / 3", "3.33"),
    ("CAST('10.005' AS decimal(18,2))", "10.01"),
    ("CAST(2.5 AS decimal)", "3"),
    ("CAST('12345678901234567.89' AS decimal(38,2)) * 2", "24691357802469135.78"),
    ("CAST(5 AS varchar)", "5"),
    ("TRY_CAST('x' AS double)", None),
    ("1e10", "1.0E10"),
    ("0.1e0 + 0.2e0", "0.30000000000000004"),
    ("100e0", "100.0"),
    ("true", "true"),
    ("NULL", None),
    ("''", ""),
    ("'a\"b'", 'a"b'),
    ("ARRAY[1, 2, NULL]", "[1, 2, null]"),
    ("CAST(ROW(1, 'a') AS ROW(x bigint, y varchar))", "{x=1, y=a}"),
    ("map(ARRAY['a'], ARRAY[1])", "{a=1}"),
    ("element_at(ARRAY[1], 3)", None),
    ("cardinality(ARRAY[1, 2])", "2"),
    ("contains(ARRAY[1, 2], 2)", "true"),
    ("transform(ARRAY[1, 2], x -> x * 2)", "[2, 4]"),
    ("filter(ARRAY[1, 2], x -> x > 1)", "[2]"),
    ("any_match(ARRAY[1, 2], x -> x > 1)", "true"),
    ("array_join(ARRAY['a', 'b'], '-')", "a-b"),
    ("split_part('a/b', '/', 2)", "b"),
    ("regexp_extract('abc123', '[0-9]+')", "123"),
    ("strpos('abc', 'c')", "3"),
    ("coalesce(NULL, 'x')", "x"),
    ("if(1 > 2, 'a', 'b')", "b"),
    ("date '2025-01-01' < current_date", "true"),
]


def test_values(lake: Lake) -> None:
    # One query for all: what is measured is the translation, not starting queries.
    row = lake.one("SELECT " + ", ".join(sql for sql, _ in VALUES))
    assert dict(zip([sql for sql, _ in VALUES], row, strict=True)) == dict(VALUES)


FROM_THE_LAKE: list[tuple[str, list[list[str | None]]]] = [
    ("SELECT tenant_id, count(*) FROM compras GROUP BY 1 ORDER BY 1", [["ana", "3"], ["bruno", "3"]]),
    (
        ("SELECT p.codigo, sum(p.cantidad), sum(p.cantidad * p.precio_unitario) AS total, avg(p.precio_unitario)"
        " FROM compras CROSS JOIN UNNEST(productos) AS t(p) GROUP BY p.codigo ORDER BY total DESC"),
        [["P1", "12", "1199.88", "99.99"], ["P2", "6", "0.60", "0.10"]],
    ),
    (("SELECT p.nombre, n FROM compras, UNNEST(productos) WITH ORDINALITY AS t(p, n) WHERE compra_id = 'c0'"
     " ORDER BY n"), [["Té", "1"], ["Mate", "2"]]),
    ("SELECT k, v FROM (SELECT map(ARRAY['a'], ARRAY[1]) AS m) CROSS JOIN UNNEST(m) AS t(k, v)", [["a", "1"]]),
    ("SELECT sum(resumen.total_precio) / count(*), approx_distinct(tenant_id) FROM compras", [["200.08", "2"]]),
    (("SELECT compra_id, lag(compra_id) OVER (PARTITION BY tenant_id ORDER BY fecha) FROM compras"
     " WHERE tenant_id = 'ana' ORDER BY 1"), [["c0", None], ["c2", "c0"], ["c4", "c2"]]),
    (("WITH days AS (SELECT date(date_parse(fecha, '%Y-%m-%d %H:%i:%s')) AS dia FROM compras)"
     " SELECT dia FROM days ORDER BY dia OFFSET 1 LIMIT 2"), [["2025-07-11"], ["2025-07-12"]]),
    ("SELECT \"$path\" FROM compras WHERE compra_id = 'c3'",
     [["s3://athena-lake/compras/bruno/2025/07/13/insert_c3.json"]]),
    ('SELECT COMPRAS.Compra_Id FROM "AwsDataCatalog"."lake"."compras" WHERE lake.compras.DAY = \'14\'', [["c4"]]),
    ("SELECT max_by(compra_id, fecha), array_agg(compra_id ORDER BY compra_id) FROM compras WHERE tenant_id = 'ana'",
     [["c4", "[c0, c2, c4]"]]),
    (("SELECT a.compra_id, b.day FROM compras a LEFT JOIN (SELECT * FROM compras WHERE day = '12') b"
     " ON a.compra_id = b.compra_id WHERE a.tenant_id = 'ana' ORDER BY 1"), [["c0", None], ["c2", "12"], ["c4", None]]),
    ("SELECT productos[1].codigo FROM compras WHERE compra_id = 'c0'", [["P1"]]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "rows"), FROM_THE_LAKE)
def test_queries(lake: Lake, sql: str, rows: list[list[str | None]]) -> None:
    answer = lake.query(sql)
    assert answer.rows == rows, answer.reason


def test_columns_have_athenas_names_and_types(lake: Lake) -> None:
    answer = lake.query("SELECT compra_id, count(*), 1, resumen.total_precio AS Total, now(), productos FROM compras"
                        " GROUP BY compra_id, resumen.total_precio, productos LIMIT 1")  # fmt: skip
    assert answer.columns == [
        ("compra_id", "varchar"),
        ("_col1", "bigint"),
        ("_col2", "integer"),
        ("total", "decimal"),
        ("_col4", "timestamp with time zone"),
        ("productos", "array"),
    ]


def test_a_star_has_the_partition_columns_last_and_no_path(lake: Lake) -> None:
    names = [name for name, _ in lake.query("SELECT * FROM compras LIMIT 1").columns]
    assert names == ["compra_id", "fecha", "productos", "resumen", "metadata", "tenant_id", "year", "month", "day"]


REFUSED = [
    ("SELECT nosuch FROM compras", "COLUMN_NOT_FOUND: line 1:8: Column 'nosuch' cannot be resolved"),
    ("SELECT 1\nFROM nosuch", "TABLE_NOT_FOUND: line 2:6: Table 'awsdatacatalog.lake.nosuch' does not exist"),
    ("SELECT 1 FROM nosuch.t", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nosuch' does not exist"),
    ("SELECT 1 FROM compras WHERE year = 2025", "TYPE_MISMATCH: line 1:29: Cannot apply operator: varchar = integer"),
    ("SELECT strftime(fecha, '%Y') FROM compras", "FUNCTION_NOT_FOUND: line 1:8: Function 'strftime' not registered"),
    ("SELECT * FROM read_csv('/etc/passwd')", "FUNCTION_NOT_FOUND: line 1:15: Function 'read_csv' not registered"),
    ("SELECT * FROM '/etc/passwd'", "TABLE_NOT_FOUND"),
    ("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
    ("SELECT CAST('x' AS integer)", "INVALID_CAST_ARGUMENT"),
    ("SELEC 1", "SYNTAX_ERROR: line 1:1: mismatched input 'selec'"),
    ("SELECT 1 FROM", "SYNTAX_ERROR: line 1:"),
    ("SELECT 1; SELECT 2", "SYNTAX_ERROR: Only one sql statement is allowed."),
    ("EXPLAIN SELECT 1", "NOT_SUPPORTED: the local cloud's Athena does not support EXPLAIN"),
    ("INSERT INTO compras VALUES (1)", "NOT_SUPPORTED: the local cloud's Athena does not support INSERT INTO"),
]


@pytest.mark.parametrize(("sql", "reason"), REFUSED)
def test_what_athena_refuses(lake: Lake, sql: str, reason: str) -> None:
    answer = lake.query(sql)
    assert answer.state == "FAILED"
    assert answer.reason.startswith(reason)
    assert answer.execution["Status"]["AthenaError"]["ErrorCategory"] == 2
