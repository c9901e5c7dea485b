"""The faults of text 2, one test each: what its code or commands did wrong, ours does right.

Those that are decided where something is deployed stand in tests/components/test_purchases_lesson.py.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from components.data_catalog import COLUMNS, FIRST_YEAR, NAMED_QUERIES, PARTITIONS, VIEW, projection, query_text
from handlers.purchases.document import change_object
from handlers.purchases.purchase import read_purchase
from handlers.shared.objects import StoredObject
from handlers.shared.table_changes import table_changes
from lab import package, workspace
from lab.verbs import sections
from tests.handlers.purchases.changes import TEXTS_PURCHASE, TIME_TO_LIVE, change, event, of_product, purchase


def stored(record: Any) -> StoredObject:
    [found] = table_changes(event(record))
    return change_object(found, currency="USD", stage="dev")


def test_text_fault_33_nothing_is_installed_from_npm():
    # text fault 33: `npm install -g serverless` gives another version, with a login
    assert not list(workspace.ROOT.glob("package*.json"))
    assert "purchases" in package.lessons()


def test_text_fault_35_the_paths_that_are_written_are_those_that_are_projected():
    tenant, year, month, day = stored(change(new=purchase())).key.split("/")[1:5]
    properties = projection([tenant])
    assert PARTITIONS == ("tenant_id", "year", "month", "day")
    assert properties["projection.tenant_id.values"] == tenant
    assert int(year) >= FIRST_YEAR
    for column, value in (("month", month), ("day", day)):
        assert len(value) == int(properties[f"projection.{column}.digits"])


def test_text_fault_36_paths_are_ascii_whatever_the_tenant_is_called():
    assert stored(change(new=purchase(tenant_id="año día"))).key.isascii()


def test_text_fault_37_a_document_is_one_line():
    body = stored(change(new=of_product(nombre="a\nb"))).body
    assert body.count(b"\n") == 1
    json.loads(body)


def test_text_fault_38_an_object_a_change_is_asked_for_through_a_view_of_the_present():
    # text fault 38: a purchase that changed three times is there four times; every named query must count it once
    for name in NAMED_QUERIES:
        assert f"FROM {VIEW}" in query_text(name)
        assert "compras_json" not in query_text(name)


def test_text_fault_39_two_changes_within_a_second_are_two_objects():
    keys = {stored(change(number, new=of_product(cantidad=number), old=purchase())).key for number in range(3)}
    assert len(keys) == 3


def test_text_fault_40_a_removed_purchase_is_read_from_its_old_image():
    assert json.loads(stored(change(old=purchase())).body)["compra_id"] == "uuid"


def test_text_fault_41_money_is_exact():
    price = Decimal("0.1")
    body = stored(change(new=of_product(precio_unitario=price, cantidad=3))).body
    assert b'"precio_unitario": 0.1,' in body
    assert b'"total_precio": 0.3,' in body
    assert COLUMNS["resumen"].count("double") == 0


def test_text_fault_42_the_day_of_the_path_is_the_changes_own_in_utc():
    late = 1_752_451_200  # 2025-07-14T00:00:00Z; in Lima it is still the 13th
    found = stored(change(new=purchase(fecha="2025-07-13 19:00:00"), made=late))
    assert "/2025/07/14/" in found.key
    document = json.loads(found.body)
    assert document["metadata"]["changed_at"] == "2025-07-14T00:00:00.000+00:00"
    assert document["fecha"] == "2025-07-13 19:00:00"


def test_text_fault_43_total_productos_counts_lines_and_total_cantidad_things():
    twice: Any = TEXTS_PURCHASE["productos"][0]
    found = json.loads(stored(change(new=purchase(productos=[twice, twice]))).body)["resumen"]
    assert (found["total_productos"], found["total_cantidad"]) == (2, 4)


@pytest.mark.parametrize("tenant", ["../otra", "a/b", "..", ""])
def test_text_fault_44_no_tenant_writes_in_the_place_of_another(tenant: str):
    key = stored(change(new=purchase(tenant_id=tenant))).key
    assert key.count("/") == 5
    assert ".." not in key


def test_text_fault_46_a_command_shows_what_lies_in_the_stream():
    verbs = {name for _heading, names in sections() for name in names}
    assert {"stream", "show", "trace"} <= verbs


def test_text_fault_47_the_files_that_the_text_names_are_there():
    # text fault 47: athena-queries.sql, verify_datacatalog.py and DATA_CATALOG_GUIDE.md were named and not given
    assert set(NAMED_QUERIES) == {"compras_recientes", "productos_mas_vendidos", "tendencias_diarias"}
    assert "verify" in {name for _heading, names in sections() for name in names}
    assert "Data catalogue" in (workspace.ROOT / "handlers" / "purchases" / "README.md").read_text()


def test_text_fault_49_what_expired_is_told_from_what_somebody_removed():
    removed, expired = (
        json.loads(stored(change(old=purchase(), by=by)).body)["metadata"] for by in (None, TIME_TO_LIVE)
    )
    assert [removed["event_name"], expired["event_name"]] == ["REMOVE", "REMOVE"]
    assert [removed["removed_by_ttl"], expired["removed_by_ttl"]] == [False, True]


def test_text_fault_47_the_example_of_the_text_is_a_test():
    assert read_purchase(dict(TEXTS_PURCHASE), currency="USD").total == Decimal("199.98")
