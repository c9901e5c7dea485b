"""`generarReporteCompras` on moto: figures, periods, and what is no request."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.purchases.messages import MESSAGES
from handlers.shared.reader import LANGUAGES
from tests.handlers.events import Context
from tests.handlers.purchases.changes import of_product, purchase

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from mypy_boto3_dynamodb.service_resource import Table

    Ask = Callable[[Any], Any]


def answer(response: Any) -> tuple[int, Any]:
    assert response["headers"]["Content-Type"] == "application/json"
    return response["statusCode"], json.loads(response["body"], parse_float=Decimal)


def request(language: str = "", **parameters: str) -> Any:
    """Return a request over HTTP."""
    return {
        "version": "2.0",
        "routeKey": "GET /reportes",
        "headers": {"accept-language": language},
        "queryStringParameters": parameters,
    }


def fill(table: Table, *purchases: dict[str, Any]) -> None:
    for number, item in enumerate(purchases):
        table.put_item(Item=item | {"tenant_id": item.get("tenant_id", "t"), "compra_id": f"{number:04d}"})


def test_the_figures_of_a_tenant(ask: Ask, table: Table):
    fill(
        table,
        purchase(),
        of_product(codigo="PROD002", precio_unitario=Decimal("0.1"), cantidad=3),
        of_product(precio_unitario=Decimal(10)) | {"moneda": "PEN"},
        purchase(productos="PROD001"),
        purchase(tenant_id="another"),
    )
    status, found = answer(ask({"tenant_id": "tenant_id"}))
    assert status == 200
    assert found == {
        "tenant_id": "tenant_id",
        "desde": None,
        "hasta": None,
        "compras": 3,
        "compras_ilegibles": 1,
        "por_moneda": [
            {"moneda": "PEN", "compras": 1, "total_productos": 1, "total_cantidad": 2, "total_precio": 20},
            {
                "moneda": "USD",
                "compras": 2,
                "total_productos": 2,
                "total_cantidad": 5,
                "total_precio": Decimal("200.28"),
            },
        ],
        "mas_vendidos": [
            {"codigo": "PROD001", "nombre": "Producto Test", "unidades": 4},
            {"codigo": "PROD002", "nombre": "Producto Test", "unidades": 3},
        ],
    }


@pytest.mark.parametrize(
    ("period", "count"),
    [
        ({}, 4),
        ({"desde": "2025-07-13"}, 3),
        ({"hasta": "2025-07-13"}, 3),
        ({"desde": "2025-07-13", "hasta": "2025-07-13"}, 2),
        ({"desde": "2030-01-01"}, 0),
    ],
)
def test_a_period_includes_both_its_days(ask: Ask, table: Table, period: dict[str, str], count: int):
    days = ["2025-07-12 23:59:59", "2025-07-13 00:00:00", "2025-07-13T23:59:59-05:00", "2025-07-14"]
    fill(table, *(purchase(fecha=day) for day in days))
    status, found = answer(ask(request(tenant_id="tenant_id", **period)))
    assert (status, found["compras"]) == (200, count)


def test_all_pages_are_read(ask: Ask, table: Table):
    fill(table, *(of_product(nombre="x" * 40_000) for _ in range(60)))  # a page has 1 MB
    assert answer(ask({"tenant_id": "tenant_id"}))[1]["compras"] == 60


def test_a_tenant_that_nobody_knows_has_sold_nothing(ask: Ask):
    status, found = answer(ask(request(tenant_id="nobody")))
    assert (status, found["compras"], found["por_moneda"]) == (200, 0, [])


REFUSED = [
    ({}, "no_tenant"),
    ({"tenant_id": ""}, "no_tenant"),
    ({"tenant_id": "x" * 2049}, "no_tenant"),
    ({"tenant_id": "t", "desde": "2025-02-30"}, "bad_day"),
    ({"tenant_id": "t", "hasta": "20250713"}, "bad_day"),
    ({"tenant_id": "t", "hasta": ""}, "bad_day"),
    ({"tenant_id": "t", "desde": "2025-07-14", "hasta": "2025-07-13"}, "days_reversed"),
    ({"tenant_id": "t", "from": "2025-07-13"}, "unknown_parameter"),
]


@pytest.mark.parametrize(("parameters", "what"), REFUSED)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_wrong_is_said_in_the_readers_language(ask: Ask, parameters: dict[str, str], what: str, language: str):
    status, found = answer(ask(request(f"fr, {language};q=0.5", **parameters)))
    name = next((name for name in ("from", "desde", "hasta") if name in parameters), "")
    assert (status, found["message"]) == (400, MESSAGES[what][language].replace("PARAMETER", name))
    assert answer(ask(parameters)) == (400, {"message": MESSAGES[what]["es"].replace("PARAMETER", name)})


def test_every_message_is_there_in_every_language():
    assert {tuple(texts) for texts in MESSAGES.values()} == {LANGUAGES}


def test_a_table_that_cannot_be_asked_is_a_503_without_awss_words(
    report: ModuleType, ask: Ask, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(report, "TABLE", "NoSuchTable")
    status, found = answer(ask({"tenant_id": "t"}))
    assert (status, found["message"]) == (503, MESSAGES["not_now"]["es"])


words = st.sampled_from(["tenant_id", "desde", "hasta", "x"])
values = st.text() | st.dates().map(str)
invocations = st.recursive(
    st.none() | st.booleans() | st.integers() | values, lambda inner: st.lists(inner) | st.dictionaries(words, inner)
)
over_http = st.dictionaries(words, values).map(lambda parameters: request(**parameters))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=invocations | over_http)
def test_whatever_is_asked_the_answer_is_no_fault_of_ours(report: ModuleType, value: Any):
    assert report.lambda_handler(value, Context())["statusCode"] in {200, 400}
