from __future__ import annotations

from decimal import Decimal

import pytest

from lab.cost import prices
from lab.cost.prices import PRICES
from lab.workspace import ROOT


@pytest.mark.parametrize(
    ("asked", "usd"),
    [
        (prices.stream_hour_usd("provisioned", 4), "0.06"),
        (prices.stream_hour_usd("on-demand", 4), "0.04"),
        (prices.stream_records_usd("provisioned", 1_000_000, 200), "0.014"),
        (prices.stream_records_usd("provisioned", 1_000_000, 25 * 1024 + 1), "0.028"),
        # Rounded up to 1 KB each; a second reader pays for reading again.
        (prices.stream_records_usd("on-demand", 1024**2, 1), "0.12"),
        (prices.stream_records_usd("on-demand", 1024**2, 1024, readers=2), "0.16"),
        (prices.consumer_hour_usd(2), "0.03"),
        (prices.consumer_read_usd(2**30), "0.013"),
        (prices.function_usd(1_000_000, 0, 256), "0.2"),
        (prices.function_usd(1000, 1000, 1024), "0.0135334"),
        (prices.table_usd(1_000_000, 1_000_000), "0.75"),
        (prices.api_requests_usd(1_000_000), "1"),
        (prices.objects_usd(1000), "0.005"),
        (prices.query_usd(2**40), "5"),
        (prices.log_usd(2**30), "0.5"),
        (prices.alarms_hour_usd(730), "0.1"),
    ],
)
def test_what_single_services_cost(asked, usd):
    assert asked.normalize() == Decimal(usd).normalize()


def test_a_small_query_costs_what_one_of_ten_megabytes_does():
    assert prices.query_usd(0) == prices.query_usd(10 * 1024**2) == Decimal(5) * 10 / 1024**2


def test_a_dime_in_730_hours_is_a_dime():
    assert round(prices.alarms_hour_usd(1) * 730, 20) == Decimal("0.1")


def test_every_price_is_used():
    code = "".join(path.read_text() for path in (ROOT / "lab").rglob("*.py") if path.name != "telling.py")
    for unit in PRICES:
        assert unit in code or unit.startswith("lambda_gb_seconds_"), unit
