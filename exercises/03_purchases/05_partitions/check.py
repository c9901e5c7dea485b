"""Checks `partitions`: Athena finds the purchases of every shop and day, and reads no more than it is asked about."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

TENANTS = ("empresa_postman", "empresa_andina")
ALL = "SELECT tenant_id, year, month, day, compra_id, total FROM compras_json"


def check(attempt: Attempt) -> None:
    """Deploy the program, put objects under days of one digit and two, of last year and today, and ask for them."""
    cloud = attempt.cloud()
    attempt.read("program.py")  # messages name it
    outputs = cloud.up()["purchases"]
    today = dt.datetime.now(dt.UTC).date()
    days = [dt.date(2025, 7, 3), dt.date(2025, 11, 22), today]
    put: dict[tuple[str, ...], str] = {}
    for tenant in TENANTS:
        for day in days:
            name = f"c{len(put)}{int(time.time()) % 1000}"
            key = f"compras/{tenant}/{day:%Y/%m/%d}/insert_{name}.json"
            body = json.dumps({"compra_id": name, "total": "12.50"}) + "\n"
            cloud.clients.s3.put_object(Bucket=outputs["BucketName"], Key=key, Body=body.encode())
            put[tenant, f"{day:%Y}", f"{day:%m}", f"{day:%d}"] = name
    rows, everything = _answer(attempt, cloud, outputs, ALL)
    found = {tuple(row[:4]): row[4] for row in rows}
    if not found:
        table = cloud.clients.glue.get_table(DatabaseName=outputs["GlueDatabaseName"], Name="compras_json")["Table"]
        projected = table.get("Parameters", {}).get("projection.enabled") == "true"
        attempt.fail("no_template" if projected else "no_partitions", expected=len(put))
    _check_found(attempt, found, put, today)
    where = f"{ALL} WHERE tenant_id = '{TENANTS[0]}' AND year = '2025' AND month = '07' AND day = '03'"
    rows, read = _answer(attempt, cloud, outputs, where)
    attempt.require(len(rows) == 1, "day_not_found", got=len(rows))
    attempt.require(0 < read < everything / 2, "all_read", read=read, everything=everything)


def _check_found(attempt: Attempt, found: dict[Any, str], put: dict[Any, str], today: dt.date) -> None:
    expected = len(put)
    missing = [partition for partition in put if partition not in found]
    said = {"got": len(found), "expected": expected}
    years = {year for _tenant, year, *_ in missing}
    tenants = {tenant for tenant, *_ in missing}
    two_digits = [each for each in missing if not (each[2].startswith("0") or each[3].startswith("0"))]
    if missing:
        attempt.require(len(tenants) == len(TENANTS), "tenant_missing", tenant=missing[0][0], **said)
        attempt.require(two_digits, "one_digit", **said)
        attempt.require(years != {str(today.year)}, "ends_in_the_past", year=today.year, **said)
        attempt.fail("some_missing", partition="/".join(missing[0]), **said)
    attempt.require({each: found[each] for each in put} == put, "some_missing", partition="", **said)


def _answer(attempt: Attempt, cloud: Workbench, outputs: dict[str, Any], sql: str) -> tuple[list[list[Any]], int]:
    """Return the rows that a query finds, and how many bytes it read."""
    athena = cloud.clients.athena
    id_ = athena.start_query_execution(
        QueryString=sql,
        WorkGroup=outputs["AthenaWorkGroupName"],
        QueryExecutionContext={"Database": outputs["GlueDatabaseName"]},
    )["QueryExecutionId"]

    def ended() -> Any:
        execution: Any = athena.get_query_execution(QueryExecutionId=id_)["QueryExecution"]
        return execution if execution["Status"]["State"] not in {"QUEUED", "RUNNING"} else None

    execution = cloud.eventually(ended, seconds=30)
    if execution["Status"]["State"] != "SUCCEEDED":
        attempt.fail("query_failed", error=execution["Status"].get("StateChangeReason", ""))
    rows = athena.get_query_results(QueryExecutionId=id_)["ResultSet"]["Rows"][1:]
    cells = [[cell.get("VarCharValue") for cell in row.get("Data", [])] for row in rows]
    return cells, execution["Statistics"]["DataScannedInBytes"]
