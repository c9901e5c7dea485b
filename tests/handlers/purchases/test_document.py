"""What becomes of a change: key and document, or a reason why none."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import data_catalog
from handlers.purchases.document import change_object
from handlers.shared.exact_json import exact_json
from handlers.shared.failures import PermanentFailure
from handlers.shared.objects import StoredObject
from handlers.shared.table_changes import table_changes
from tests.handlers.purchases.changes import (
    MADE,
    TEXTS_PURCHASE,
    TIME_TO_LIVE,
    change,
    event,
    of_product,
    purchase,
)


def stored(record: Any) -> StoredObject:
    [found] = table_changes(event(record))
    return change_object(found, currency="USD", stage="dev")


def document(record: Any) -> Any:
    """Return the document, its numbers as they stand there."""
    return json.loads(stored(record).body, parse_float=Decimal)


def reason(record: Any) -> str:
    with pytest.raises(PermanentFailure) as failure:
        stored(record)
    return failure.value.reason


def test_the_texts_own_purchase():
    found = document(change(new=purchase()))
    assert (
        found.pop("metadata").items()
        >= {
            "event_name": "INSERT",
            "event_source": "aws:dynamodb",
            "aws_region": "us-east-1",
            "changed_at": "2025-07-13T10:30:45.000+00:00",
            "sequence_number": "4421584500000000017450439092",
            "removed_by_ttl": False,
            "processed_by": "lambda-streams-actualizador-compras",
            "stage": "dev",
        }.items()
    )
    assert found == TEXTS_PURCHASE | {
        "resumen": {"total_productos": 1, "total_cantidad": 2, "total_precio": Decimal("199.98"), "moneda": "USD"}
    }


def test_the_catalogue_describes_every_member_of_a_document():
    # A column that no document has is always empty, a member that no column has is never seen.
    found = document(change(new=of_product(color="red") | {"note": "x"}))
    columns = {**data_catalog.COLUMNS, "tenant_id": "string"}
    assert set(found) == set(columns)
    assert set(found["productos"][0]) == set(data_catalog.PRODUCT)
    assert set(found["resumen"]) == set(data_catalog.SUMMARY)
    assert set(found["metadata"]) == set(data_catalog.METADATA)


def test_the_key_says_tenant_day_kind_purchase_time_and_sequence_number():
    key = "compras/tenant_id/2025/07/13/{}_uuid_20250713_103045_4421584500000000017450439092.json"
    assert stored(change(new=purchase())).key == key.format("insert")
    assert stored(change(new=purchase(), old=purchase(fecha="2025-07-12"))).key == key.format("modify")
    assert stored(change(old=purchase())).key == key.format("remove")


@pytest.mark.parametrize(
    ("made", "day"),
    [(1_752_451_199, "2025/07/13"), (1_752_451_199.999, "2025/07/13"), (1_752_451_200, "2025/07/14")],
)
def test_the_day_is_the_utc_day_of_the_change_whatever_fecha_says(made: float, day: str):
    found = stored(change(new=purchase(fecha="2025-07-13 23:59:59"), made=made))
    assert found.key.startswith(f"compras/tenant_id/{day}/")


def test_a_removed_purchase_is_told_by_its_old_image_and_by_whom():
    by_hand, expired = change(old=purchase()), change(old=purchase(expira_en=1), by=TIME_TO_LIVE)
    assert document(by_hand)["productos"] == TEXTS_PURCHASE["productos"]
    assert [document(record)["metadata"]["removed_by_ttl"] for record in (by_hand, expired)] == [False, True]
    assert document(expired)["metadata"]["event_name"] == "REMOVE"
    assert json.loads(document(expired)["otros"]) == {"expira_en": 1}


def test_a_modified_purchase_is_told_as_it_has_become():
    record = change(new=of_product(cantidad=3), old=purchase())
    assert document(record)["resumen"]["total_cantidad"] == 3


def test_the_body_is_one_line_whatever_a_text_holds():
    body = stored(change(new=of_product(nombre='a\nb\r\n"c" \\ ñ 🛒'))).body
    assert (body.count(b"\n"), body[-1:]) == (1, b"\n")
    assert json.loads(body)["productos"][0]["nombre"] == 'a\nb\r\n"c" \\ ñ 🛒'


money = st.decimals(-999_999_999_999, 999_999_999_999, places=6, allow_nan=False)


@given(st.lists(st.tuples(money, st.integers(-999_999_999, 999_999_999)), max_size=30))
def test_money_is_exact_to_the_last_digit(lines: list[tuple[Decimal, int]]):
    products = [
        {"codigo": "c", "nombre": "n", "precio_unitario": price.normalize(), "cantidad": Decimal(quantity)}
        for price, quantity in lines
    ]
    found = document(change(new=purchase(productos=products)))
    # Whole numbers of millionths: no context rounds them.
    total = sum(int(price.scaleb(6)) * quantity for price, quantity in lines)
    assert int(Decimal(found["resumen"]["total_precio"]).scaleb(6, context=None)) == total
    assert [Decimal(product["precio_unitario"]) for product in found["productos"]] == [price for price, _ in lines]
    assert found["resumen"]["total_productos"] == len(lines)


@pytest.mark.parametrize("price", ["99.99", "0.1", "-3", "+7.50"])
def test_a_price_written_as_text_is_that_number(price: str):
    assert document(change(new=of_product(precio_unitario=price)))["productos"][0]["precio_unitario"] == Decimal(price)


def test_another_currency_is_kept_and_said():
    assert document(change(new=purchase(moneda="PEN")))["resumen"]["moneda"] == "PEN"


@pytest.mark.parametrize(
    ("image", "named"),
    [
        *[(purchase(**{name: ...}), name) for name in TEXTS_PURCHASE],
        *[(of_product(**{name: ...}), name) for name in ("codigo", "nombre", "precio_unitario", "cantidad")],
        (purchase(user_id=Decimal(7)), "user_id"),
        (purchase(fecha=Decimal(1_752_402_600)), "fecha"),
        (purchase(fecha="13/07/2025"), "fecha"),
        (purchase(fecha=""), "fecha"),
        (purchase(productos={"PROD001": Decimal(2)}), "productos"),
        (purchase(productos="PROD001"), "productos"),
        (purchase(productos=None), "productos"),
        (purchase(productos=["PROD001"]), "productos"),
        (of_product(precio_unitario="gratis"), "precio_unitario"),
        (of_product(precio_unitario="1e9"), "precio_unitario"),
        (of_product(precio_unitario="NaN"), "precio_unitario"),
        (of_product(precio_unitario=None), "precio_unitario"),
        (of_product(precio_unitario=True), "precio_unitario"),
        (of_product(precio_unitario=Decimal("0.0000001")), "precio_unitario"),
        (of_product(precio_unitario=Decimal("1E+12")), "precio_unitario"),
        (of_product(precio_unitario=Decimal("9.99E+125")), "precio_unitario"),
        (of_product(cantidad=Decimal("1.5")), "cantidad"),
        (of_product(cantidad=Decimal("1E+9")), "cantidad"),
        (of_product(cantidad="dos"), "cantidad"),
        (purchase(moneda="dólares"), "moneda"),
        (purchase(moneda=Decimal(1)), "moneda"),
    ],
)
def test_a_type_that_changed_or_a_field_that_is_missing_is_a_failure_that_names_it(image: dict[str, Any], named: str):
    for record in (change(new=image), change(old=image)):
        told = reason(record)
        assert told.startswith((named, f"one of the {named}"))
        assert "gratis" not in told


def test_a_change_without_its_image_is_a_failure():
    assert "NEW_AND_OLD_IMAGES" in reason(change())
    assert "NEW_AND_OLD_IMAGES" in reason(change(new={}))


@pytest.mark.parametrize("value", [{}, {"X": 1}, "text", {"N": "abc"}, {"N": "NaN"}, {"L": [{}]}, None, {"NS": ["x"]}])
def test_an_image_that_is_not_dynamodbs_is_a_failure(value: Any):
    record = change(new=purchase())
    record["dynamodb"]["NewImage"]["note"] = value
    assert reason(record) == "the item is not one of DynamoDB's"


@pytest.mark.parametrize("tenant", ["a/b", "../..", "", "ñandú", "a b", "%2F", "x" * 256])
def test_a_tenant_cannot_leave_its_place(tenant: str):
    segments = stored(change(new=purchase(tenant_id=tenant, compra_id="../" + tenant[:40]))).key.split("/")
    assert (segments[0], segments[2:5], len(segments)) == ("compras", ["2025", "07", "13"], 6)
    assert ".." not in segments[1]
    assert segments[1].isascii()


def test_ids_too_long_for_a_key_are_a_failure():
    assert "too long" in reason(change(new=purchase(tenant_id="🛒" * 256)))


def test_attributes_that_the_lesson_does_not_know_are_kept_exactly():
    others = {"nota": "a\nb", "A": Decimal("1E+60"), "a": {"x", "b"}, "lista": [None, True, {"n": Decimal("0.10")}]}
    record = change(new=purchase(**others))
    record["dynamodb"]["NewImage"]["bytes"] = {"B": "AAE="}
    kept = json.loads(document(record)["otros"], parse_float=Decimal)
    assert kept == {**others, "a": ["b", "x"], "bytes": "AAE="}
    assert "otros" not in document(change(new=purchase()))


def test_an_item_as_large_as_dynamodb_takes_it():
    products = [TEXTS_PURCHASE["productos"][0] | {"nombre": "x" * 1000} for _ in range(380)]
    found = stored(change(new=purchase(productos=products), old=purchase(productos=products[1:])))
    assert json.loads(found.body, parse_float=Decimal)["resumen"]["total_precio"] == Decimal("75992.40")


json_values = st.recursive(
    st.none() | st.booleans() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(json_values)
def test_exact_json_is_json(value: Any):
    text = exact_json(value)
    assert "\n" not in text
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == value


def test_the_changes_time_may_have_fractions():
    assert "20250713_103045" in stored(change(new=purchase(), made=MADE + 0.25)).key
