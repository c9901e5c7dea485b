"""What is kept of metrics: exact sums for ever, seconds while they are young, minutes later; and over a restart."""

from __future__ import annotations

import json

import pytest

from lab.cloud.cloudwatch.distribution import Distribution, statistic_set
from lab.cloud.cloudwatch.metrics import MINUTES_KEPT, SECONDS_KEPT, Metric, Metrics

METRIC = Metric.of(("0", "us-east-1"), "n", "m", {"b": "2", "a": "1"})
NOON = 1_800_000_000


def kept(metrics: Metrics) -> list[tuple[int, float]]:
    return [(moment, values.total) for moment, _unit, values in metrics.between(METRIC, 0, NOON * 2)]


def test_dimensions_have_no_order():
    assert Metric.of(("0", "us-east-1"), "n", "m", {"a": "1", "b": "2"}) == METRIC


def test_what_is_old_becomes_coarser_and_is_forgotten_in_the_end():
    metrics = Metrics()
    fine = METRIC._replace(name="fine")
    for second in (0, 1, 61):
        metrics.record(METRIC, 1, at=NOON + second)
        metrics.record(fine, 1, at=NOON + second, high_resolution=True)
    metrics.forget_old(NOON + SECONDS_KEPT)
    assert len(kept(metrics)) == 3
    metrics.forget_old(NOON + SECONDS_KEPT + 62)
    assert kept(metrics) == [(NOON, 2.0), (NOON + 60, 1.0)]
    assert [moment for moment, *_ in metrics.between(fine, 0, NOON * 2)] == [NOON, NOON + 1, NOON + 61]
    metrics.forget_old(NOON + MINUTES_KEPT + 61)
    assert kept(metrics) == []
    assert [metric.name for metric, _newest in metrics.known()] == []


def test_a_span_includes_its_beginning_and_not_its_end():
    metrics = Metrics()
    for second in range(4):
        metrics.record(METRIC, 1, at=NOON + second + 0.5)
    assert [moment - NOON for moment, *_ in metrics.between(METRIC, NOON + 1, NOON + 3)] == [1, 2]


def test_everything_survives_being_saved():
    metrics, restored = Metrics(), Metrics()
    metrics.record(METRIC, 1.5, "Seconds", at=NOON, times=3, high_resolution=True)
    metrics.record_set(METRIC, (2, 10, 4, 6), at=NOON)
    restored.restore(json.loads(json.dumps(metrics.saved())))
    assert restored.saved() == metrics.saved()
    assert list(restored.between(METRIC, 0, NOON * 2)) == list(metrics.between(METRIC, 0, NOON * 2))


@pytest.mark.parametrize(
    ("values", "statistic", "expected"),
    [
        ([1, 2, 3, 4], "p50", 2.5),
        ([5], "p99", 5),
        ([1.23456], "p50", 1.23456),
        ([-1, 1], "p50", None),
        ([0.001] * 99 + [1000], "p99", 0.001 + 0.01 * (1000 - 0.001)),
    ],
)
def test_percentiles(values: list[float], statistic: str, expected: float | None):
    distribution = Distribution()
    for value in values:
        distribution.add(value)
    assert distribution.statistic(statistic) == (None if expected is None else pytest.approx(expected))


def test_a_statistic_set_has_percentiles_only_if_it_is_one_value():
    assert statistic_set(2, 10, 4, 6).statistic("p50") is None
    assert statistic_set(2, 10, 5, 5).statistic("p50") == 5


def test_many_values_take_little_room():
    distribution = Distribution()
    for number in range(100_000):
        distribution.add(1 + number / 1e5)
    assert distribution.values is not None
    assert len(distribution.values) <= 1001
    assert distribution.statistic("p50") == pytest.approx(1.5, rel=0.001)
