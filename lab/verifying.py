"""Whether the data lake of lesson purchases is whole: catalogue, partitions, a query, and nothing missing.

The text's `verify_datacatalog.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lab.athena_queries import TABLES, DataLake
from lab.errors import LabError
from lab.failures import told_of
from lab.lessons.purchases import document_keys
from lab.numbers import decimal, whole
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_glue.type_defs import TableTypeDef

    from lab.aws import Clients


@dataclass(frozen=True)
class Check:
    """What was looked at, and whether it is well."""

    name: str
    ok: bool
    what: str
    next_step: str = ""


class Verification:
    """Looks at everything in turn; what cannot be looked at is told as not well.

    Args:
        clients: reach the stack.
        outputs: the lesson's.
    """

    def __init__(self, clients: Clients, outputs: Mapping[str, Any]) -> None:
        self._clients = clients
        self._bucket: str = outputs["BucketName"]
        self._lake = DataLake(clients.athena, outputs)

    def checks(self) -> Iterator[Check]:
        """Yield them as they are done."""
        tables: dict[str, TableTypeDef] = {}
        for name in TABLES:
            yield self._table(name, tables)
        documents = tables.get(TABLES[0])
        if documents is None:
            return
        properties = documents.get("Parameters", {})
        tenants = properties.get("projection.tenant_id.values", "").split(",")
        is_injected = properties.get("projection.tenant_id.type") == "injected"
        objects = self._objects()
        yield _partitions(objects, None if is_injected else tenants, documents)
        seen = {tenant: objects[tenant] for tenant in objects if is_injected or tenant in tenants}
        yield self._rows(seen, each_by_itself=is_injected)
        yield self._query(next(iter(objects), tenants[0]))

    def _table(self, name: str, found: dict[str, TableTypeDef]) -> Check:
        full_name = f"{self._lake.database}.{name}"
        try:
            found[name] = self._clients.glue.get_table(DatabaseName=self._lake.database, Name=name)["Table"]
        except (LabError, ClientError) as error:
            return _failed(_("catalogue"), error)
        return Check(_("catalogue"), ok=True, what=_("{table} is there").format(table=full_name))

    def _objects(self) -> Counter[str]:
        """Count the documents by tenant, as the paths have them."""
        return Counter(found["tenant"] for found, _size in document_keys(self._clients.s3, self._bucket))

    def _rows(self, before: Mapping[str, int], *, each_by_itself: bool) -> Check:
        """Compare what queries see with what lies in the bucket, tenant by tenant."""
        name = _("rows")
        seen: Counter[str] = Counter()
        sql = "SELECT tenant_id, count(*) FROM compras_json GROUP BY tenant_id"
        try:
            for one in before if each_by_itself else [None]:
                seen.update({str(tenant): int(count or 0) for tenant, count in self._lake.run(sql, tenant=one).rows})
        except (LabError, ClientError) as error:
            return _failed(name, error)
        after = self._objects()  # what arrived meanwhile may have been seen, or not
        wrong = [tenant for tenant in before if not before[tenant] <= seen[tenant] <= after[tenant]]
        if wrong:
            counts = _("tenant {tenant}: {rows} rows, {objects} objects")
            what = "; ".join(
                counts.format(tenant=tenant, rows=whole(seen[tenant]), objects=whole(after[tenant])) for tenant in wrong
            )
            return Check(name, ok=False, what=what, next_step=_("See what lies there: lab show purchases"))
        what = _("{rows} rows for {objects} objects").format(
            rows=whole(seen.total()), objects=whole(sum(after[tenant] for tenant in before))
        )
        return Check(name, ok=True, what=what)

    def _query(self, tenant: str) -> Check:
        name = _("query")
        try:
            result = self._lake.run("SELECT count(*) FROM compras_actuales", tenant=tenant)
        except (LabError, ClientError) as error:
            return _failed(name, error)
        what = _("tenant {tenant} has {count} purchases at present; read: {kilobytes} kB").format(
            tenant=tenant, count=result.rows[0][0], kilobytes=decimal(result.scanned_bytes / 1000)
        )
        return Check(name, ok=True, what=what)


def _partitions(objects: Counter[str], tenants: list[str] | None, table: TableTypeDef) -> Check:
    """Say whether every document lies in a partition that the table's properties tell of."""
    name = _("partitions")
    if table.get("Parameters", {}).get("projection.enabled") != "true":
        what = _("partition projection is switched off")
        return Check(name, ok=False, what=what, next_step=_("Deploy it again: lab refresh, lab up purchases"))
    hidden = sorted(tenant for tenant in objects if tenants is not None and tenant not in tenants)
    if hidden:
        what = _("no query sees {count} documents of: {tenants}").format(
            count=whole(sum(objects[tenant] for tenant in hidden)), tenants=", ".join(hidden)
        )
        next_step = _("Add them to `tenants` under streamlab:purchases in the stack's file, then: lab up purchases")
        return Check(name, ok=False, what=what, next_step=next_step)
    projected = _("any tenant, each query names one") if tenants is None else ", ".join(tenants)
    return Check(name, ok=True, what=_("projected for: {tenants}").format(tenants=projected))


def _failed(name: str, error: Exception) -> Check:
    told: LabError = told_of(error)
    return Check(name, ok=False, what=f"{told.what} {told.why}".strip(), next_step=told.next_step)
