"""Metrics in log lines: the embedded metric format, and what is only nearly that."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest

from lab.cloud.cloudwatch.embedded import embedded_metrics


def line(*directives: Any, **members: Any) -> str:
    return json.dumps({"_aws": {"Timestamp": time.time() * 1000, "CloudWatchMetrics": list(directives)}, **members})


def directive(*names: str, dimensions: Any = (("service",),), namespace: str = "Shop") -> dict[str, Any]:
    metrics = [{"Name": name, "Unit": "Count"} for name in names]
    return {"Namespace": namespace, "Dimensions": dimensions, "Metrics": metrics}


def test_several_namespaces_sets_and_values():
    text = line(
        directive("a", dimensions=[["service"], ["service", "region"], []]),
        directive("b", namespace="Other"),
        service="cart",
        region="eu",
        a=[1, 2.5],
        b=3,
        c="no metric",
    )
    found = [(m.namespace, m.name, m.dimensions, m.values, m.unit) for m in embedded_metrics(text)]
    assert found == [
        ("Shop", "a", {"service": "cart"}, [1, 2.5], "Count"),
        ("Shop", "a", {"service": "cart", "region": "eu"}, [1, 2.5], "Count"),
        ("Shop", "a", {}, [1, 2.5], "Count"),
        ("Other", "b", {"service": "cart"}, [3], "Count"),
    ]


def test_storage_resolution_and_time():
    text = json.dumps(
        {
            "_aws": {
                "Timestamp": (time.time() - 60) * 1000,
                "CloudWatchMetrics": [
                    {"Namespace": "Shop", "Dimensions": [[]], "Metrics": [{"Name": "a", "StorageResolution": 1}]}
                ],
            },
            "a": 1,
        }
    )
    (metric,) = embedded_metrics(text)
    assert metric.high_resolution
    assert metric.unit == "None"
    assert abs(metric.at - (time.time() - 60)) < 5


def test_no_dimensions_at_all():
    assert [m.dimensions for m in embedded_metrics(line(directive("a", dimensions=[]), a=1))] == [{}]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "_aws",
        '{"_aws": ',
        '{"_aws": 3}',
        '["_aws"]',
        '{"_aws": {"Timestamp": true, "CloudWatchMetrics": []}}',
        '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "x", "Dimensions": [[]], "Metrics": []}]}}',
        line(7, a=1),
        line(directive("a", namespace="AWS/Lambda"), service="s", a=1),
        line(directive("a", namespace=""), service="s", a=1),
        line(directive("a"), a=1),
        line(directive("a"), service=3, a=1),
        line(directive("a", dimensions="service"), service="s", a=1),
        line(directive("a", dimensions=[[{}]]), service="s", a=1),
        line(directive("a"), service="s"),
        line(directive("a"), service="s", a="1"),
        line(directive("a"), service="s", a=True),
        line(directive("a"), service="s", a=[]),
        line(directive("a"), service="s", a=[1, "2"]),
        line(directive("a"), service="s", a=list(range(101))),
        line(directive(*map(str, range(101))), service="s", **{str(n): n for n in range(101)}),
        '{"_aws": ' + "[" * 100_000,
    ],
    ids=itertools.count(),
)
def test_what_is_only_nearly_that_is_a_log_line(text: str):
    assert embedded_metrics(text) == []
