"""Queries through Athena's own API: started, waited for, their rows read; the same on AWS and on the local cloud."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_athena.client import AthenaClient
    from mypy_boto3_athena.type_defs import NamedQueryTypeDef, QueryExecutionTypeDef, RowTypeDef

TABLES = ("compras_json", "compras_actuales")
USD_PER_MEGABYTE = 5 / 1_000_000
"""List price, us-east-1, November 2026: 5 USD a terabyte."""
LEAST_MEGABYTES = 10
"""What a query is billed for at least."""

_SHORTEST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.05, 1.0
_WITH = re.compile(r"\A(?:\s|--[^\n]*(?:\n|\Z))*WITH\b", re.IGNORECASE)


@dataclass(frozen=True)
class Result:
    """What a query found."""

    columns: list[str]
    rows: list[list[str | None]]
    """Texts, as Athena's API gives them; None where there is no value."""
    scanned_bytes: int
    milliseconds: int
    is_definition: bool
    """It looks at the catalogue, not at objects (DDL), and costs nothing."""

    @property
    def cost_usd(self) -> float:
        """What the query costs on AWS."""
        if self.is_definition:
            return 0.0
        return max(self.scanned_bytes / 1_000_000, LEAST_MEGABYTES) * USD_PER_MEGABYTE


class DataLake:
    """The catalogue of lesson purchases, asked in its workgroup.

    Args:
        athena: the client.
        outputs: the lesson's.
    """

    def __init__(self, athena: AthenaClient, outputs: Mapping[str, Any]) -> None:
        self._athena = athena
        self.workgroup: str = outputs["AthenaWorkGroupName"]
        self.database: str = outputs["GlueDatabaseName"]

    def named_queries(self) -> dict[str, NamedQueryTypeDef]:
        """Return the queries that are kept in the workgroup, by name."""
        pages = self._athena.get_paginator("list_named_queries").paginate(WorkGroup=self.workgroup)
        ids = [name for page in pages for name in page.get("NamedQueryIds", [])]
        if not ids:
            return {}
        found = self._athena.batch_get_named_query(NamedQueryIds=ids).get("NamedQueries", [])
        return {query["Name"]: query for query in sorted(found, key=lambda query: query["Name"])}

    def run(self, sql: str, *, tenant: str | None = None) -> Result:
        """Run a query and read all its rows.

        Args:
            sql: in Athena's SQL.
            tenant: let it see this tenant's purchases only.

        Raises:
            LabError: Athena could not run it; why is Athena's own word.
        """
        execution = self._ended(sql if tenant is None else self._of_one_tenant(sql, tenant))
        pages = self._athena.get_paginator("get_query_results").paginate(
            QueryExecutionId=execution.get("QueryExecutionId", "")
        )
        columns: list[str] = []
        rows: list[list[str | None]] = []
        for page in pages:
            described = page["ResultSet"].get("ResultSetMetadata", {}).get("ColumnInfo", [])
            columns = columns or [column["Name"] for column in described]
            rows += [_cells(row) for row in page["ResultSet"].get("Rows", [])]
        is_definition = execution.get("StatementType") != "DML"
        if not is_definition:
            rows = rows[1:]  # the names of the columns stand in front of what a SELECT finds
        statistics = execution.get("Statistics", {})
        return Result(
            columns,
            rows,
            statistics.get("DataScannedInBytes", 0),
            statistics.get("TotalExecutionTimeInMillis", 0),
            is_definition,
        )

    def _of_one_tenant(self, sql: str, tenant: str) -> str:
        """Put in front of a query what hides the tables behind their rows of one tenant, so that it may stay as it is.

        Of the paths of other tenants nothing is read then.
        """
        quoted = tenant.replace("'", "''")
        hidden = ",\n".join(
            f"{table} AS (SELECT * FROM {self.database}.{table} WHERE tenant_id = '{quoted}')"  # noqa: S608
            for table in TABLES
        )
        if own := _WITH.match(sql):
            return f"WITH {hidden},\n{sql[own.end() :]}"
        return f"WITH {hidden}\n{sql}"

    def _ended(self, sql: str) -> QueryExecutionTypeDef:
        started = self._athena.start_query_execution(
            QueryString=sql, WorkGroup=self.workgroup, QueryExecutionContext={"Database": self.database}
        )["QueryExecutionId"]
        wait_seconds = _SHORTEST_WAIT_SECONDS
        while True:
            execution = self._athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
            status = execution.get("Status", {})
            if status.get("State") == "SUCCEEDED":
                return execution
            if status.get("State") in {"FAILED", "CANCELLED"}:
                raise _failure(status.get("StateChangeReason", ""))
            time.sleep(wait_seconds)
            wait_seconds = min(2 * wait_seconds, _LONGEST_WAIT_SECONDS)


def _cells(row: RowTypeDef) -> list[str | None]:
    return [cell.get("VarCharValue") for cell in row.get("Data", [])]


def _failure(reason: str) -> LabError:
    next_step = ""
    if "CONSTRAINT_VIOLATION" in reason:
        next_step = _("In this catalogue every query must name a tenant: --tenant empresa_postman")
    elif "TABLE_NOT_FOUND" in reason:
        next_step = _("What the catalogue holds: lab verify purchases")
    elif "scan" in reason.lower() and "limit" in reason.lower():
        next_step = _("Let it read less (name a tenant, a day), or set query_limit_megabytes higher.")
    return LabError(_("Athena could not run the query."), why=reason, next_step=next_step)
