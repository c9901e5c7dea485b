"""What a report is asked about, over HTTP or by a direct invocation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

Reason: TypeAlias = Literal["not_object", "unknown_parameter", "no_tenant", "bad_day", "days_reversed"]

LONGEST_TENANT_BYTES = 2048
"""What a partition key of DynamoDB may have."""
_PARAMETERS = ("tenant_id", "desde", "hasta")


class RequestError(Exception):
    """The request cannot be answered.

    Args:
        reason: what is wrong with it; who answers finds the words for it.
        parameter: which of its parameters.
    """

    def __init__(self, reason: Reason, parameter: str = "") -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.parameter = parameter


@dataclass(frozen=True)
class ReportRequest:
    """Whose purchases, and of which days."""

    tenant_id: str
    first_day: str | None
    """`2025-07-13`; None: from the beginning."""
    last_day: str | None
    """Itself included; None: to the end."""


def read_request(event: Any) -> ReportRequest:
    """Return what is asked: `tenant_id`, and if wanted `desde` and `hasta`, days as `2025-07-13`.

    Over HTTP they are in the query, `?tenant_id=…&desde=…`; who invokes the function gives them as a JSON object.

    Raises:
        RequestError: one is missing, wrong, or none of these.
    """
    if not isinstance(event, dict):
        raise RequestError("not_object")
    given = cast("Mapping[str, Any]", event)
    if "routeKey" in given:
        given = cast("Mapping[str, Any]", given.get("queryStringParameters") or {})
    for name in given:
        if name not in _PARAMETERS:
            # A misspelt `desde` must not silently become a report about everything.
            raise RequestError("unknown_parameter", name[:40])
    first_day, last_day = _day(given, "desde"), _day(given, "hasta")
    if first_day and last_day and first_day > last_day:
        raise RequestError("days_reversed")
    return ReportRequest(_tenant(given), first_day, last_day)


def _tenant(given: Mapping[str, Any]) -> str:
    tenant = given.get("tenant_id")
    try:
        if isinstance(tenant, str) and 0 < len(tenant.encode()) <= LONGEST_TENANT_BYTES:
            return tenant
    except UnicodeEncodeError:  # half a character
        pass
    raise RequestError("no_tenant")


def _day(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    try:
        # fromisoformat also reads 20250713 and 2025-W28-7, which the table's texts are not compared with.
        if date.fromisoformat(value).isoformat() == value:
            return value
    except (TypeError, ValueError):
        pass
    raise RequestError("bad_day", name)
