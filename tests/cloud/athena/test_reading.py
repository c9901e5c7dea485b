"""JSON objects as rows: types as declared, missing fields NULL, what is no JSON refused as on AWS."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from lab.cloud.athena.failures import QueryFailure
from lab.cloud.athena.sql.catalog import Table
from lab.cloud.athena.sql.reading import HIVE, OPENX, JsonSerDe
from tests.cloud.athena.conftest import Lake, purchase


def serde(type_: str = "string", name: str = OPENX, **properties: str) -> JsonSerDe:
    storage = {"Columns": [{"Name": "a", "Type": type_}],
               "SerdeInfo": {"SerializationLibrary": name, "Parameters": properties}}  # fmt: skip
    return JsonSerDe(Table("d", {"Name": "t", "StorageDescriptor": storage}))


def values(body: str, type_: str = "string", name: str = OPENX, **properties: str) -> list[Any]:
    return [row.get("a") for row in serde(type_, name, **properties).rows("key.json", body.encode())]


@pytest.mark.parametrize(
    ("written", "type_", "read"),
    [
        ("1", "bigint", "1"),
        ('"1"', "bigint", "1"),
        ("12345678901234567.895", "decimal(18,2)", None),
        ("1234567890123456.895", "decimal(18,2)", "1234567890123456.90"),
        ('"0.1"', "decimal(18,2)", "0.10"),
        ("1e2", "decimal(5,0)", "100"),
        ("0.1", "double", "0.1"),
        ("99.99", "string", "99.99"),
        ("true", "boolean", "true"),
        ("true", "string", "true"),
        ('{"x":[1,2]}', "string", '{"x":[1,2]}'),
        ("null", "int", None),
        ('{"X": 1}', "struct<x:int,y:string>", {"x": "1", "y": None}),
        ("[1, null]", "array<int>", ["1", None]),
        ('{"k": 1.5}', "map<string,decimal(3,1)>", {"k": "1.5"}),
        ('"2025-07-13"', "date", "2025-07-13"),
        ('"2025-07-13 10:30:00.5"', "timestamp", "2025-07-13 10:30:00.500000"),
        ('"2025-07-13T10:30:00Z"', "timestamp", "2025-07-13 10:30:00"),
        ("1752402600000", "timestamp", "2025-07-13 10:30:00"),
    ],
)
def test_values_in_their_types(written: str, type_: str, read: Any) -> None:
    assert values(f'{{"A": {written}}}', type_) == [read]


@pytest.mark.parametrize(
    ("written", "type_"),
    [('"x"', "bigint"), ("1.5", "int"), ("99999999999", "int"), ('"x"', "decimal(18,2)"), ("1", "array<int>"),
     ("[]", "struct<x:int>"), ('"yesterday"', "timestamp")],
)  # fmt: skip
def test_values_of_another_type(written: str, type_: str) -> None:
    with pytest.raises(QueryFailure, match="HIVE_BAD_DATA: Error parsing field value"):
        values(f'{{"a": {written}}}', type_)


def test_only_a_line_break_ends_a_row() -> None:
    text = "Calle 5\u2028Lima\u0085\u2029"
    lines = [json.dumps({"a": each}, ensure_ascii=False) for each in (text, "x", "y")]
    assert values("\r\n".join(lines[:2]) + "\n" + lines[2]) == [text, "x", "y"]


def test_hives_own_serde_takes_one_form_of_timestamps() -> None:
    assert values('{"a": "2025-07-13 10:30:00"}', "timestamp", HIVE) == ["2025-07-13 10:30:00"]
    with pytest.raises(QueryFailure, match="HIVE_BAD_DATA"):
        values('{"a": "2025-07-13T10:30:00Z"}', "timestamp", HIVE)


MALFORMED = ["{", "[1]", "1", "x", '{"a": NaN}', '{"a": 1} {"a": 2}', "[" * 100_000]


@pytest.mark.parametrize("line", MALFORMED)
@pytest.mark.parametrize("name", [OPENX, HIVE])
def test_a_line_that_is_no_json_object(line: str, name: str) -> None:
    with pytest.raises(QueryFailure, match="HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException"):
        values('{"a": "good"}\n' + line, name=name)


@pytest.mark.parametrize("line", MALFORMED)
def test_openx_may_make_a_row_of_nulls_of_it(line: str) -> None:
    properties = {"ignore.malformed.json": "true"}
    assert values('{"a": "good"}\n\n' + line + "\n", **properties) == ["good", None]
    with pytest.raises(QueryFailure):
        values(line, name=HIVE, **properties)


def test_openx_maps_names() -> None:
    assert values('{"its-name": "x"}', **{"mapping.a": "its-name"}) == ["x"]


def test_other_serdes_are_named() -> None:
    with pytest.raises(QueryFailure, match=r"NOT_SUPPORTED: .* SerDe org\.apache\.hadoop\.hive\.serde2\.OpenCSVSerde"):
        serde(name="org.apache.hadoop.hive.serde2.OpenCSVSerde")


# --- fault 37 --------------------------------------------------------------------------------------------------------


def test_pretty_printed_json_fails_as_on_aws(lake: Lake) -> None:
    lake.put("pretty/x.json", body=json.dumps(purchase(1), indent=2).encode())
    lake.table("pretty", "compra_id string", folder="pretty")
    answer = lake.query("SELECT * FROM pretty")
    assert answer.state == "FAILED"
    assert answer.reason == (
        "HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: A JSONObject text must end with '}' at 2"
        " [character 3 line 1]"
    )
    assert answer.execution["Status"]["AthenaError"]["ErrorType"] == 1001


def test_every_digit_survives_from_the_object_to_the_result(lake: Lake) -> None:
    lake.put("digits/x.json", '{"n": 9007199254740993, "d": 12345678901234567890.123456789012345678}')
    lake.table("digits", "n bigint, d decimal(38,18), missing array<struct<x:int>>", folder="digits")
    sql = "SELECT n, d, sum(d) OVER (), missing FROM digits"
    assert lake.one(sql) == [
        "9007199254740993",
        "12345678901234567890.123456789012345678",
        "12345678901234567890.123456789012345678",
        None,
    ]


def test_a_compressed_object_costs_its_compressed_size(lake: Lake) -> None:
    body = gzip.compress("\n".join(json.dumps(purchase(n % 6)) for n in range(5_000)).encode())
    lake.put("packed/many.json.gz", body=body)
    lake.table("packed", "compra_id string", folder="packed")
    answer = lake.query("SELECT count(*) FROM packed")
    assert answer.rows == [["5000"]]
    assert answer.scanned == len(body)


def test_an_empty_table(lake: Lake) -> None:
    lake.table("empty", "a string, b struct<c:int>", folder="nothing-is-here")
    assert lake.query("SELECT a, b.c, count(*) FROM empty GROUP BY 1, 2").rows == []
