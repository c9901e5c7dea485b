"""Checks `report`: who may ask, what is answered, and what is said to those who ask for what there is not."""

from __future__ import annotations

import json
import random
import urllib.parse
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lab.aws import LOCAL_KEY, LOCAL_REGION
from lab.workbook.purchases import typed, word

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

_OK, _REFUSED, _FORBIDDEN, _FAILED = 200, 400, 403, 500
_LARGE = 340_000
"""Characters: four such items are more than the 1 MB of a page."""


class _Api:
    """The deployed API."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}reportes"
        self._pool = urllib3.PoolManager(retries=False, timeout=20)

    def get(self, *, signed: bool = True, **asked: str) -> tuple[int, Any]:
        """Ask; return the status and the body, read as JSON where it is."""
        url = f"{self._url}?{urllib.parse.urlencode(asked)}" if asked else self._url
        request = AWSRequest(method="GET", url=url)
        if signed:
            SigV4Auth(Credentials(LOCAL_KEY, LOCAL_KEY), "execute-api", LOCAL_REGION).add_auth(request)
        answer = self._pool.request("GET", url, headers=dict(request.headers))
        try:
            return answer.status, json.loads(answer.data, parse_float=Decimal)
        except ValueError:
            return answer.status, answer.data.decode(errors="replace")


def check(attempt: Attempt) -> None:
    """Deploy, ask without a signature, ask well, ask badly."""
    cloud = attempt.cloud()
    outputs = cloud.up()["purchases"]
    api = _Api(outputs["ApiUrl"])
    shop, other, large = (f"empresa_{word()}" for _ in range(3))
    _put(cloud, outputs, shop, ["0.10", "0.20", "900719925474099.37"], first_day=11)
    _put(cloud, outputs, other, ["99.00", "1.00"], first_day=11)
    status, _said = api.get(signed=False, tenant_id=shop)
    attempt.require(status == _FORBIDDEN, "open_to_everybody", status=status)
    _check_permissions(attempt, cloud, outputs)

    _check_report(attempt, api, {"tenant_id": shop}, 3, "900719925474099.67")
    _check_report(attempt, api, {"tenant_id": shop, "desde": "2026-07-12"}, 2, "900719925474099.57")
    _check_report(attempt, api, {"tenant_id": f"empresa_{word()}"}, 0, "0")
    for asked, parameter in (
        ({}, "tenant_id"),
        ({"tenant_id": ""}, "tenant_id"),
        ({"desde": "2026-07-12"}, "tenant_id"),
        ({"tenant_id": shop, "desde": "ayer"}, "desde"),
        ({"tenant_id": shop, "desde": "2026-02-30"}, "desde"),
    ):
        status, said = api.get(**asked)
        query = urllib.parse.urlencode(asked)
        attempt.require(status < _FAILED, "crashes", query=query, status=status)
        attempt.require(status == _REFUSED, "not_refused", query=query, status=status)
        message = said.get("message") if isinstance(said, dict) else None
        attempt.require(isinstance(message, str) and parameter in message, "no_message",
                        query=query, parameter=parameter, body=said)  # fmt: skip
    prices = [f"{random.randint(1, 99)}.05" for _ in range(4)]
    _put(cloud, outputs, large, prices, first_day=11, note="x" * _LARGE)
    _check_report(attempt, api, {"tenant_id": large}, 4, f"{sum(map(Decimal, prices))}", failure="first_page")


def _put(cloud: Workbench, outputs: Any, tenant: str, totals: list[str], *, first_day: int, note: str = "") -> None:
    for number, total in enumerate(totals):
        fecha = f"2026-07-{first_day + number} 10:30:00"
        item = {"tenant_id": tenant, "compra_id": word(), "fecha": fecha, "total": Decimal(total), "nota": note}
        cloud.clients.dynamodb.put_item(TableName=outputs["DynamoDBTableName"], Item=typed(item)["M"])


def _check_permissions(attempt: Attempt, cloud: Workbench, outputs: Any) -> None:
    """See that the function may not read the whole table."""
    configuration = cloud.clients.lambda_.get_function_configuration(FunctionName=outputs["ReportFunctionName"])
    role = configuration.get("Role", "").rpartition("/")[2]
    for name in cloud.clients.iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document: Any = cloud.clients.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        document = json.loads(document) if isinstance(document, str) else document
        for statement in document["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            wide = [each for each in actions if each in {"*", "dynamodb:*", "dynamodb:Scan"}]
            attempt.require(not wide, "may_read_all", action=wide[0] if wide else "")


def _check_report(
    attempt: Attempt, api: _Api, asked: dict[str, str], count: int, total: str, *, failure: str = "other_report"
) -> None:
    status, report = api.get(**asked)
    query = urllib.parse.urlencode(asked)
    attempt.require(status == _OK and isinstance(report, dict), "not_answered", query=query, status=status, body=report)
    body = {name: str(value) for name, value in report.items()}
    said = {"query": query, "body": body, "count": count, "total": total}
    attempt.require(report.get("compras") == count, failure, **said)
    try:
        amount = Decimal(report.get("total_precio"))
    except (TypeError, ValueError, ArithmeticError):
        attempt.fail("other_report", **said)
    near = amount != Decimal(total) and abs(amount - Decimal(total)) < 1
    attempt.require(not near, "not_exact", **said)
    attempt.require(amount == Decimal(total), "other_report", **said)
    attempt.require(report.get("tenant_id") == asked["tenant_id"], "other_report", **said)
