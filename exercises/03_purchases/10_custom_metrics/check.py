"""Checks `custom_metrics`: what CloudWatch makes of the lines, by the local cloud's own reader of the format."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from lab.cloud.cloudwatch.embedded import embedded_metrics
from lab.workbook.purchases import word

if TYPE_CHECKING:
    from lab.cloud.cloudwatch.embedded import EmbeddedMetric
    from lab.workbook.attempt import Attempt

UNITS = {
    "ComprasProcesadas": "Count",
    "ComprasFallidas": "Count",
    "TiempoDeProcesamiento": "Milliseconds",
    "TamanoDeArchivo": "Bytes",
}
NAMESPACE = "streamlab"
_MILLISECONDS_BEGIN = 10**11
"""A time below it is not one in milliseconds: that would be 1973."""


def check(attempt: Attempt) -> None:
    """Tell of a small batch, of one without failures, of a large one and of one that stored nothing."""
    handler = attempt.load("handler.py")
    _check_batch(attempt, handler, random.randint(2, 9), random.randint(1, 9), _sizes(3))
    _check_batch(attempt, handler, random.randint(2, 9), 0, _sizes(5))
    _check_batch(attempt, handler, random.randint(210, 290), 0, _sizes(random.randint(210, 290)))
    _check_batch(attempt, handler, 0, 1, [])


def _sizes(count: int) -> list[int]:
    return [random.randint(200, 900) for _ in range(count)]


def _check_batch(attempt: Attempt, handler: Any, processed: int, failed: int, sizes: list[int]) -> None:
    function, milliseconds = f"function-{word()}", random.randint(10, 9000) / 10
    lines = handler.metric_lines(function, processed, failed, milliseconds, list(sizes))
    well = isinstance(lines, list | tuple) and all(isinstance(line, str) for line in lines)
    attempt.require(well, "not_lines")
    # What is printed goes to the log line by line.
    found = [metric for line in lines for part in line.splitlines() for metric in embedded_metrics(part)]
    if not found:
        _tell_why_nothing(attempt, lines)
    attempt.require(all(metric.namespace == NAMESPACE for metric in found), "other_namespace",
                    got=found[0].namespace if found else "")  # fmt: skip
    expected = {
        "ComprasProcesadas": [processed],
        "ComprasFallidas": [failed],
        "TiempoDeProcesamiento": [milliseconds],
        "TamanoDeArchivo": sizes,
    }
    for name, values in expected.items():
        _check_metric(attempt, [metric for metric in found if metric.name == name], name, values, lines)
    dimensions = {tuple(metric.dimensions.items()) for metric in found}
    attempt.require(dimensions == {(("FunctionName", function),)}, "other_dimensions", got=len(dimensions))


def _check_metric(
    attempt: Attempt, found: list[EmbeddedMetric], name: str, expected: list[float], lines: list[str]
) -> None:
    got = [value for metric in found for value in metric.values]
    if expected and not got:
        listed = _listed(lines, name)
        longest = max((len(value) for value in listed if isinstance(value, list)), default=0)
        attempt.require(longest <= 100, "too_many_values", metric=name, got=longest)
        attempt.require(not any(isinstance(value, str) for value in listed), "value_is_text", metric=name)
        attempt.require(expected != [0], "zero_left_out", metric=name)
        attempt.fail("no_metric", metric=name)
    units = {metric.unit for metric in found} - {UNITS[name]}
    attempt.require(not units, "other_unit", metric=name, got=", ".join(units), expected=UNITS[name])
    if name == "TamanoDeArchivo":
        attempt.require(Counter(got) == Counter(expected), "sizes_lost", got=len(got), expected=len(expected))
    else:
        attempt.require(len(got) == 1 or sum(got) == expected[0], "counted_twice", metric=name, got=len(got))
        attempt.require(sum(got) == expected[0], "other_value", metric=name, got=sum(got), expected=expected[0])


def _tell_why_nothing(attempt: Attempt, lines: list[str]) -> None:
    """Tell why CloudWatch would find no metric in any line."""
    documents = [document for line in lines if isinstance(document := _parsed(line), dict)]
    with_metadata = [document for document in documents if isinstance(document.get("_aws"), dict)]
    attempt.require(with_metadata, "only_text")
    attempt.require(not any("\n" in line.strip() for line in lines), "spread")
    for document in with_metadata:
        at = document["_aws"].get("Timestamp")
        in_seconds = not isinstance(at, int | float) or at < _MILLISECONDS_BEGIN
        attempt.require(not in_seconds, "time_in_seconds", got=at)
        directives = document["_aws"].get("CloudWatchMetrics")
        for directive in directives if isinstance(directives, list) else []:
            namespace = directive.get("Namespace") if isinstance(directive, dict) else None
            attempt.require(namespace == NAMESPACE, "other_namespace", got=namespace)
            sets = directive.get("Dimensions")
            sets = [each for each in sets if isinstance(each, list)] if isinstance(sets, list) else []
            for name in itertools.chain(*sets):
                attempt.require(isinstance(document.get(name), str), "no_dimension_value", dimension=name)
            listed = [metric.get("Name") for metric in directive.get("Metrics", []) if isinstance(metric, dict)]
            texts = [name for name in listed if isinstance(document.get(name), str)]
            attempt.require(not texts, "value_is_text", metric=texts[0] if texts else "")
    attempt.fail("no_metric", metric="ComprasProcesadas")


def _listed(lines: list[str], name: str) -> list[Any]:
    """Return the values of a member of all lines that are JSON."""
    documents = [document for line in lines if isinstance(document := _parsed(line), dict)]
    return [document[name] for document in documents if name in document]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
