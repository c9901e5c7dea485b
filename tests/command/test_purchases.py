"""Lesson `purchases` through the commands: changes, documents, queries, the report, faults."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from lab.target import Target

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("purchases")]  # one deployment serves them all

PATIENCE_SECONDS = 40.0
TEXTS_BUCKET, TEXTS_TABLE = "dev-compras-backup-s3-bucket", "dev-t_MS3_compras"


@pytest.fixture(scope="module", autouse=True)
def deployed(local_cloud, tmp_path_factory) -> Any:
    from tests.command.conftest import with_settings

    run = with_settings(tmp_path_factory.mktemp("stack"), "streamlab:purchases: {stage: dev, batch_size: 40}")
    up = run("up", "purchases")
    assert up.code == 0, up.out + up.err
    yield up
    run("down")


def eventually(found: Any) -> Any:
    """Return what `found` returns once it is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (result := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return result


def documents() -> list[Any]:
    """Return every document of the bucket, oldest change first."""
    s3 = Target("local").clients.s3
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=TEXTS_BUCKET, Prefix="compras/").get("Contents", [])]

    def read(key: str) -> Any:
        return json.loads(s3.get_object(Bucket=TEXTS_BUCKET, Key=key)["Body"].read(), parse_float=Decimal)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(read, keys))
    return sorted(found, key=lambda each: int(each["metadata"]["sequence_number"]))


def items() -> dict[tuple[str, str], Any]:
    """Return the table as it is, by key: attributes with their types."""
    pages = Target("local").clients.dynamodb.get_paginator("scan").paginate(TableName=TEXTS_TABLE)
    found = [item for page in pages for item in page["Items"]]
    return {(item["tenant_id"]["S"], item["compra_id"]["S"]): item for item in found}


def shown_when(lab, *, documents: int, failures: int) -> Any:
    """Return what `show` says once so much has come out and nothing is under way."""

    def found() -> Any:
        shown = lab("show", "purchases", "--json").json()
        enough = shown["documents"]["count"] >= documents and len(shown["failures"]) >= failures
        return shown if enough and not shown["still_to_process"] else None

    return eventually(found)


def newest() -> dict[tuple[str, str], Any]:
    """Return what the documents say of each purchase that is there: the oracle of `compras_actuales`."""
    found: dict[tuple[str, str], Any] = {}
    for document in documents():
        key = document["tenant_id"], document["compra_id"]
        found.pop(key, None)
        if document["metadata"]["event_name"] != "REMOVE":
            found[key] = document
    return found


def assert_documents_are_the_table() -> None:
    """The newest document of every purchase must say what the table says, to the last cent."""
    table = items()
    readable = {key for key, item in table.items() if "L" in item.get("productos", {}) and "gratis" not in str(item)}
    told = newest()
    assert told.keys() == readable
    for key, document in told.items():
        products = [line["M"] for line in table[key]["productos"]["L"]]
        total = sum(Decimal(line["precio_unitario"]["N"]) * int(line["cantidad"]["N"]) for line in products)
        assert document["resumen"]["total_precio"] == total


def test_changes_become_documents_and_what_is_no_purchase_a_message(lab):
    sent = lab("send", "purchases", "--count", "33", "--poison", "3", "--json").json()
    assert sent == {"place": TEXTS_TABLE, "sent": 33, "resent": 0, "by_shard": {}}
    shown = shown_when(lab, documents=33, failures=3)
    # Of 30 writes 15 insert, 9 modify, 3 remove, and 3 let a purchase expire, which DynamoDB then removes by itself.
    kinds = Counter(document["metadata"]["event_name"] for document in documents())
    assert kinds == {"INSERT": 15, "MODIFY": 12, "REMOVE": 6}
    assert sum(document["metadata"]["removed_by_ttl"] for document in documents()) == 3
    assert shown["documents"]["count"] == 33
    assert [sum(day[kind] for day in shown["documents"]["by_day"]) for kind in ("insert", "modify", "remove")] == [
        15,
        12,
        6,
    ]
    assert len(shown["failures"]) == 3
    assert_documents_are_the_table()

    told = lab("show", "purchases", "--limit", "2").out
    assert "33 documents in bucket dev-compras-backup-s3-bucket" in told
    assert "… and 31 older ones" in told
    assert "3 messages in the on-failure queue" in told


def test_an_item_of_ones_own(lab):
    before = len(documents())
    item = {
        "tenant_id": "empresa_postman",
        "compra_id": "abc123",
        "user_id": "u",
        "fecha": "2025-07-13 10:30:00",
        "moneda": "PEN",
        "productos": [{"codigo": "P", "nombre": "n", "precio_unitario": 0.1, "cantidad": 3}],
    }
    assert lab("send", "purchases", "--data", json.dumps(item)).code == 0
    eventually(lambda: len(documents()) == before + 1)
    [document] = [document for document in documents() if document["compra_id"] == "abc123"]
    assert document["resumen"]["total_precio"] == Decimal("0.3")
    for wrong in ("no JSON", "[]", '{"tenant_id": "t"}', '{"tenant_id": 1, "compra_id": "c"}'):
        refused = lab("send", "purchases", "--data", wrong)
        assert refused.code == 2
        assert "An item of this table is a JSON object with the texts tenant_id and compra_id." in refused.err


def test_the_changes_can_be_read_in_the_tables_stream(lab):
    read = lab("stream", "read", "purchases", "--json").lines()
    assert len(read) == len(documents()) + 3  # what was no purchase is there too
    assert json.loads(read[0]["data"])["eventName"] == "INSERT"
    [shown] = [line for line in lab("show", "purchases").out.splitlines() if line.strip().startswith("lab stream read")]
    poison = lab(*shown.split()[1:])
    assert len(poison.out.splitlines()) == 1
    assert "cannot be read from a time" in lab("stream", "read", "purchases", "--from", "1h").err
    assert "has no Kinesis stream" in lab("stream", "describe", "purchases").err


def test_the_texts_own_commands(lab):
    clients = Target("local").clients
    # aws dynamodb describe-table --table-name dev-t_MS3_compras
    described = clients.dynamodb.describe_table(TableName=TEXTS_TABLE)["Table"]
    assert described.get("StreamSpecification") == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    # aws s3 ls s3://dev-compras-backup-s3-bucket/compras/ --recursive
    listed = clients.s3.list_objects_v2(Bucket=TEXTS_BUCKET, Prefix="compras/empresa_postman/")
    assert [entry["Key"] for entry in listed.get("Contents", []) if "_abc123_" in entry["Key"]]
    # serverless invoke -f actualizarComprasStream --data '{"Records": [...]}'
    invoked = lab("invoke", "actualizarComprasStream", "--data", '{"Records": []}', "--json").json()
    assert invoked["answer"] == {"batchItemFailures": []}
    # serverless metrics
    assert lab("metrics", "purchases", "--json").json()["Invocations"] > 0


def test_the_named_queries_give_what_the_documents_say(lab):
    listed = lab("query", "--json").json()["queries"]
    assert [query["name"] for query in listed] == ["compras_recientes", "productos_mas_vendidos", "tendencias_diarias"]
    purchases = newest()

    best = lab("query", "productos_mas_vendidos", "--json").json()
    units: Counter[tuple[str, str, str]] = Counter()
    for (tenant, _id), document in purchases.items():
        for product in document["productos"]:
            units[tenant, document["resumen"]["moneda"], product["codigo"]] += product["cantidad"]
    rows = [dict(zip(best["columns"], row, strict=True)) for row in best["rows"]]
    assert {(row["tenant_id"], row["moneda"], row["codigo"]): int(row["unidades"]) for row in rows} == units
    assert best["scanned_bytes"] > 0
    assert best["cost_usd"] == pytest.approx(0.00005)

    days = lab("query", "tendencias_diarias", "--tenant", "empresa_postman", "--json").json()
    income: Counter[tuple[str, str]] = Counter()
    for (tenant, _id), document in purchases.items():
        if tenant == "empresa_postman":
            income[document["fecha"][:10], document["resumen"]["moneda"]] += document["resumen"]["total_precio"]
    rows = [dict(zip(days["columns"], row, strict=True)) for row in days["rows"]]
    assert {(row["dia"], row["moneda"]): Decimal(row["ingresos"]) for row in rows} == income

    recent = lab("query", "compras_recientes", "--json").json()
    rows = [dict(zip(recent["columns"], row, strict=True)) for row in recent["rows"]]
    assert {(row["tenant_id"], row["compra_id"]) for row in rows} <= purchases.keys()
    assert [row["fecha"] for row in rows] == sorted((row["fecha"] for row in rows), reverse=True)


def test_queries_of_ones_own_and_what_cannot_be_asked(lab):
    counted = lab("query", "--sql", "-- mine\nWITH c AS (SELECT * FROM compras_json) SELECT count(*) AS n FROM c",
                  "--tenant", "empresa_sur", "--json").json()  # fmt: skip
    assert counted["columns"] == ["n"]
    assert int(counted["rows"][0][0]) == sum(document["tenant_id"] == "empresa_sur" for document in documents())
    assert "on AWS this query costs" in lab("query", "--sql", "SELECT 1").out
    assert lab("query", "--sql", "DROP TABLE IF EXISTS nothing").code == 0
    wrong = lab("query", "--sql", "SELEC 1")
    assert wrong.code == 1
    assert "Athena could not run the query.\nSYNTAX_ERROR" in wrong.err
    assert lab("query", "compras_recientes", "--sql", "SELECT 1").code == 2
    unknown = lab("query", "ventas")
    assert unknown.code == 2
    assert "There is no named query ventas." in unknown.err


def test_verify_finds_what_no_query_sees(lab):
    whole = lab("verify", "purchases")
    assert whole.code == 0, whole.out
    assert all(line.startswith("ok  ") for line in whole.out.splitlines())
    count = len(documents())
    assert f"{count} rows for {count} objects" in whole.out

    s3 = Target("local").clients.s3
    key = "compras/nadie/2026/11/22/insert_x_20261122_000000_1.json"
    s3.put_object(Bucket=TEXTS_BUCKET, Key=key, Body=b"{}\n")
    found = lab("verify", "purchases", "--json")
    assert found.code == 1
    [wrong] = [check for check in json.loads(found.out) if not check["ok"]]
    assert (wrong["name"], wrong["what"]) == ("partitions", "no query sees 1 documents of: nadie")
    assert "Add them to `tenants`" in wrong["next_step"]
    s3.delete_object(Bucket=TEXTS_BUCKET, Key=key)

    pretty = "compras/empresa_sur/2026/11/22/insert_x_20261122_000000_2.json"
    s3.put_object(Bucket=TEXTS_BUCKET, Key=pretty, Body=json.dumps({"compra_id": "x"}, indent=2).encode())
    assert "not ok  rows: Athena could not run the query." in lab("verify", "purchases").out  # text fault 37
    s3.delete_object(Bucket=TEXTS_BUCKET, Key=pretty)
    assert lab("verify", "basic").code == 2


def report(parameters: str, *, signed: bool = True, **headers: str) -> tuple[int, Any]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url = Target("local").lesson("purchases")["ApiUrl"] + f"reportes?{parameters}"
    request = AWSRequest("GET", url, headers=headers)
    if signed:
        SigV4Auth(Credentials("test", "test"), "execute-api", "us-east-1").add_auth(request)
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=dict(request.headers))) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_report_over_http_is_for_those_who_may_and_by_invoke_the_same(lab):
    # text fault 45
    assert report("tenant_id=empresa_sur", signed=False)[0] == 403
    status, told = report("tenant_id=empresa_sur")
    assert status == 200
    assert told["compras"] == sum(tenant == "empresa_sur" for tenant, _id in newest())
    invoked = lab("invoke", "purchases.report", "--data", '{"tenant_id": "empresa_sur"}', "--json").json()["answer"]
    assert json.loads(invoked["body"]) == told
    status, told = report("tenant_id=empresa_sur&desde=ayer", **{"Accept-Language": "pt-BR"})
    assert (status, told["message"]) == (400, "desde deve ser um dia que exista, escrito como 2025-07-13.")


def test_what_failed_raises_the_alarm(lab):
    def states() -> dict[str, str]:
        alarms = Target("local").clients.cloudwatch.describe_alarms()["MetricAlarms"]
        return {alarm.get("AlarmName", "").rpartition("-")[0]: alarm.get("StateValue", "") for alarm in alarms}

    lab("send", "purchases", "--count", "1", "--poison", "1")
    eventually(lambda: states()["purchases-failed"] == "ALARM")


def test_with_faults_all_the_while_the_documents_are_complete_and_exact(lab):
    before = len(documents())
    failures = len(shown_when(lab, documents=before, failures=0)["failures"])
    # Twice an invocation fails: one time fewer than a record may.
    assert lab("fault", "fail", "purchases", "--every", "7", "--count", "2").code == 0
    assert lab("fault", "throttle", "purchases", "--for", "1s").code == 0
    assert lab("send", "purchases", "--count", "100", "--rate", "100").code == 0
    shown = shown_when(lab, documents=before + 110, failures=failures)  # a tenth expired besides
    assert shown["documents"]["count"] == before + 110
    assert len(shown["failures"]) == failures, shown["failures"][:2]
    assert_documents_are_the_table()


def test_down_leaves_nothing(lab):
    assert lab("down").code == 0
    clients = Target("local").clients
    assert [bucket["Name"] for bucket in clients.s3.list_buckets()["Buckets"] if "compras" in bucket["Name"]] == []
    assert clients.glue.get_databases()["DatabaseList"] == []
