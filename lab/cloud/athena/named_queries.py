"""Named queries: what a team keeps to run again."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from lab.cloud.athena.errors import invalid

if TYPE_CHECKING:
    from lab.cloud.athena.call import Call

_TOKEN = "_ClientRequestToken"  # noqa: S105  (a key)


def create_named_query(call: Call) -> dict[str, Any]:
    """Keep a query; the same token keeps it once."""
    group = call.workgroup()["Name"]
    query = {key: call.get(key, "") for key in ("Name", "Description", "Database", "QueryString")} | {
        "WorkGroup": group
    }
    token = call.get("ClientRequestToken")
    for id_, kept in call.records.named_queries.items():
        if token and kept.get(_TOKEN) == token:
            if _public(kept) != query | {"NamedQueryId": id_}:
                raise invalid("Idempotent parameters do not match")
            return {"NamedQueryId": id_}
    id_ = str(uuid.uuid4())
    call.records.named_queries[id_] = query | {"NamedQueryId": id_} | ({_TOKEN: token} if token else {})
    return {"NamedQueryId": id_}


def get_named_query(call: Call) -> dict[str, Any]:
    """Tell of a query."""
    return {"NamedQuery": _public(_found(call))}


def delete_named_query(call: Call) -> dict[str, Any]:
    """Forget a query."""
    del call.records.named_queries[_found(call)["NamedQueryId"]]
    return {}


def list_named_queries(call: Call) -> dict[str, Any]:
    """Return the ids of a workgroup's queries."""
    group = call.workgroup()["Name"]
    ids = [id_ for id_, each in call.records.named_queries.items() if each["WorkGroup"] == group]
    page, more = call.page(ids, 50)
    return {"NamedQueryIds": page} | more


def batch_get_named_query(call: Call) -> dict[str, Any]:
    """Tell of some queries."""
    kept, ids = call.records.named_queries, call.request["NamedQueryIds"]
    return {
        "NamedQueries": [_public(kept[id_]) for id_ in ids if id_ in kept],
        "UnprocessedNamedQueryIds": [
            {"NamedQueryId": id_, "ErrorCode": "INVALID_INPUT", "ErrorMessage": _missing(id_)}
            for id_ in ids
            if id_ not in kept
        ],
    }


def _found(call: Call) -> dict[str, Any]:
    id_ = call.request["NamedQueryId"]
    found = call.records.named_queries.get(id_)
    if found is None:
        raise invalid(_missing(id_))
    return found


def _missing(id_: str) -> str:
    return f"NamedQuery {id_} does not exist"


def _public(query: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in query.items() if not key.startswith("_")}
