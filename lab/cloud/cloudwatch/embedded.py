"""Metrics that a function embeds in its log: a line of JSON, CloudWatch's embedded metric format.

"Specification: Embedded metric format" of the CloudWatch user guide. A line that is not quite that is a log line like
any other: CloudWatch does not complain.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from lab.json_values import as_object, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_VALUES = 100
"""Values of one metric, and metrics of one directive."""
MOST_DIMENSIONS = 30
OLDEST_SECONDS = 14 * 24 * 3600
NEWEST_SECONDS = 2 * 3600


@dataclass(frozen=True, slots=True)
class EmbeddedMetric:
    """One metric of a line, with one of its sets of dimensions."""

    namespace: str
    name: str
    dimensions: dict[str, str]
    values: list[float]
    unit: str
    high_resolution: bool
    at: float
    """Seconds since the epoch."""


def embedded_metrics(line: str) -> list[EmbeddedMetric]:
    """Return the metrics that a log line holds; none when it is not in the format."""
    if '"_aws"' not in line or not line.lstrip().startswith("{"):
        return []
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return []
    metadata = as_object(as_object(document).get("_aws"))
    timestamp, directives = metadata.get("Timestamp"), metadata.get("CloudWatchMetrics")
    if not _is_number(timestamp) or not is_list(directives):
        return []
    at, now = timestamp / 1000, time.time()
    if not now - OLDEST_SECONDS <= at <= now + NEWEST_SECONDS:
        return []
    return [metric for directive in directives for metric in _of_directive(document, as_object(directive), at)]


def _of_directive(document: dict[str, Any], directive: dict[str, Any], at: float) -> Iterator[EmbeddedMetric]:
    namespace, sets, metrics = (directive.get(name) for name in ("Namespace", "Dimensions", "Metrics"))
    if not isinstance(namespace, str) or not 0 < len(namespace) <= 1024 or namespace.startswith("AWS/"):  # noqa: PLR2004
        return
    if not is_list(sets) or not is_list(metrics) or len(metrics) > MOST_VALUES:
        return
    dimensions = [_dimensions(document, names) for names in sets] or [{}]
    for metric in metrics:
        name = metric.get("Name") if is_object(metric) else None
        values = _values(document.get(name)) if isinstance(name, str) and name else None
        unit = metric.get("Unit", "None") if is_object(metric) else None
        if values is None or not isinstance(name, str) or not isinstance(unit, str):
            continue
        fine = metric.get("StorageResolution") == 1
        for of_set in dimensions:
            if of_set is not None:
                yield EmbeddedMetric(namespace, name, of_set, values, unit, fine, at)


def _dimensions(document: dict[str, Any], names: Any) -> dict[str, str] | None:
    """Return the dimensions of a set; None when one of them has no value in the document."""
    if not is_list(names) or len(names) > MOST_DIMENSIONS:
        return None
    found: dict[str, str] = {}
    for name in names:
        value = document.get(name) if isinstance(name, str) else None
        if not isinstance(name, str) or not isinstance(value, str) or not value:
            return None
        found[name] = value
    return found


def _values(target: Any) -> list[float] | None:
    values: list[Any] = target if is_list(target) else [target]
    return values if 0 < len(values) <= MOST_VALUES and all(_is_number(value) for value in values) else None


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
