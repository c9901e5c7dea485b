"""What MiniStack keeps of Athena: our Athena answers from it, so that it is saved, and CloudFormation finds it."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AthenaRecords:
    """The stores, as mappings, of the account and region of the request that is being answered.

    Attributes:
        workgroups: by name.
        named_queries: by id.
        executions: by id.
        tags: of every resource of the account, by ARN.
    """

    workgroups: Any
    named_queries: Any
    executions: Any
    tags: Any


def athena_records() -> AthenaRecords:
    """Return what there is; the workgroup `primary` always is."""
    from ministack.services import athena

    athena._ensure_default_workgroup()
    return AthenaRecords(athena._workgroups, athena._named_queries, athena._executions, athena._tags)


def repair_athena_authorization() -> None:
    """Let calls be allowed on their workgroup's ARN.

    MiniStack asks its policies about `*` for every call that does not spell out a member `WorkGroup`: executions and
    named queries belong to one, a workgroup is made by its `Name`, and what names none means `primary`.
    """
    from ministack.core import iam_actions

    original = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, method: str, path: str, headers: dict[str, str], body: bytes,
                             query: dict[str, Any], region: str, account: str) -> str:  # fmt: skip
        if service == "athena" and (found := _resource(headers.get("x-amz-target", "").rpartition(".")[2], body)):
            return found if found.startswith("arn:") else f"arn:aws:athena:{region}:{account}:{found}"
        return original(service, method, path, headers, body, query, region, account)

    iam_actions.extract_resource_arn = extract_resource_arn


_OF_NO_WORKGROUP = {"ListWorkGroups", "ListEngineVersions", "ListDataCatalogs"}


def _resource(operation: str, body: bytes) -> str | None:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    if not isinstance(request, dict) or operation in _OF_NO_WORKGROUP or "Catalog" in operation:
        return None
    if isinstance(arn := request.get("ResourceARN"), str):
        return arn
    records = athena_records()
    name = request.get("WorkGroup") or (request.get("Name") if operation == "CreateWorkGroup" else None)
    for member, kept in (("QueryExecutionId", records.executions), ("NamedQueryId", records.named_queries)):
        ids = request.get(member) or (request.get(member + "s") or [None])[0]
        if isinstance(ids, str) and ids in kept:
            name = kept[ids]["WorkGroup"]
    return f"workgroup/{name or 'primary'}"
