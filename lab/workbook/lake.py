"""A data lake in memory, for checks that need no cloud: objects of JSON lines, asked in Athena's SQL.

What answers is the local cloud's own Athena (`lab.cloud.athena.sql`), with this in the place of Glue and S3.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from lab.cloud.athena.failures import QueryFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Lake", "QueryFailure"]

_BUCKET = "lake"
_DATABASE = "compras"


@dataclass
class Lake:
    """Tables over objects.

    Attributes:
        tables: table → its columns, name → Hive's type; a table's objects lie under its name and a slash.
        objects: key → content.
    """

    tables: Mapping[str, Mapping[str, str]]
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def put(self, key: str, rows: Iterable[Any]) -> None:
        """Put an object of JSON lines; a Decimal is written as a text, which a decimal column reads exactly."""
        self.objects[key] = b"".join(json.dumps(row, default=str).encode() + b"\n" for row in rows)

    def query(self, sql: str) -> list[dict[str, str]]:
        """Return the rows that a query finds: column, in small letters → value as Athena's API gives it; NULL is "".

        Raises:
            QueryFailure: it fails; the message is Athena's.
        """
        from lab.cloud.athena.sql.statements import run_statement

        result = run_statement(self, sql, _DATABASE)  # pyright: ignore[reportArgumentType]  (what it asks of a cloud)
        rows = list(csv.reader(io.StringIO(result.body.decode())))
        names = [column["Name"].lower() for column in result.columns]
        return [dict(zip(names, row, strict=True)) for row in rows[1:]]

    # --- what a query asks of the cloud -------------------------------------------------------------------------------

    def glue(self, operation: str, **request: Any) -> dict[str, Any] | None:
        """Answer GetDatabase and GetTable."""
        if operation == "GetDatabase":
            return {"Database": {"Name": _DATABASE}} if request["Name"] == _DATABASE else None
        if operation != "GetTable":
            _refuse(operation)
        name = request["Name"]
        if name not in self.tables or request["DatabaseName"] != _DATABASE:
            return None
        storage = {
            "Location": f"s3://{_BUCKET}/{name}/",
            "Columns": [{"Name": column, "Type": kind} for column, kind in self.tables[name].items()],
            "SerdeInfo": {"SerializationLibrary": "org.apache.hive.hcatalog.data.JsonSerDe"},
        }
        return {"Table": {"Name": name, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage}}

    def list_objects(self, location: str) -> list[str]:
        """Return the keys below a location."""
        prefix = location.removeprefix(f"s3://{_BUCKET}/")
        return sorted(key for key in self.objects if key.startswith(prefix))

    def read_objects(self, _bucket: str, keys: list[str]) -> list[bytes]:
        """Return what objects hold."""
        return [self.objects[key] for key in keys]


def _refuse(operation: str) -> NoReturn:
    raise QueryFailure(f"NOT_SUPPORTED: {operation}: only SELECT is asked for here")
