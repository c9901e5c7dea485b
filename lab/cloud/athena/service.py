"""Athena's API: queries, workgroups and named queries are ours; catalogues and tags stay MiniStack's."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from lab.cloud.athena.call import Call
from lab.cloud.athena.errors import AthenaError
from lab.cloud.athena.executions import Executions
from lab.cloud.athena.named_queries import (
    batch_get_named_query,
    create_named_query,
    delete_named_query,
    get_named_query,
    list_named_queries,
)
from lab.cloud.athena.process import QueryProcesses
from lab.cloud.athena.workgroups import (
    create_work_group,
    delete_work_group,
    get_work_group,
    list_work_groups,
    update_work_group,
)
from lab.cloud.emulator.callers import caller_of
from lab.cloud.kinesis.errors import KinesisError
from lab.cloud.kinesis.validation import validated

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.emulator.app import Answer, Handler

_log = logging.getLogger("lab.athena")


class AthenaService:
    """Athena.

    Args:
        changed: called when an execution has changed by itself.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._processes = QueryProcesses()
        self._executions = executions = Executions(self._processes, changed)
        self._operations: dict[str, Callable[[Call], dict[str, Any]]] = {
            "BatchGetNamedQuery": batch_get_named_query,
            "BatchGetQueryExecution": executions.batch_get_query_execution,
            "CreateNamedQuery": create_named_query,
            "CreateWorkGroup": create_work_group,
            "DeleteNamedQuery": delete_named_query,
            "DeleteWorkGroup": delete_work_group,
            "GetNamedQuery": get_named_query,
            "GetQueryExecution": executions.get_query_execution,
            "GetQueryResults": executions.get_query_results,
            "GetWorkGroup": get_work_group,
            "ListNamedQueries": list_named_queries,
            "ListQueryExecutions": executions.list_query_executions,
            "ListWorkGroups": list_work_groups,
            "StartQueryExecution": executions.start_query_execution,
            "StopQueryExecution": executions.stop_query_execution,
            "UpdateWorkGroup": update_work_group,
        }

    async def stop(self) -> None:
        """End every query."""
        await self._executions.stop()
        await self._processes.stop()

    def before(self, handler: Handler) -> Handler:
        """Return what answers: ourselves, and MiniStack's handler for the operations that are not ours."""

        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Answer:
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            perform = self._operations.get(operation)
            if perform is None:
                return await handler(method, path, headers, body, query)
            try:
                request = validated(operation, _decoded(body), service="athena")
                return _answer(200, perform(Call(operation, request, caller_of(headers, query))))
            except KinesisError as error:  # what the model forbids
                code = "SerializationException" if error.code == "SerializationException" else "InvalidRequestException"
                return _answer(400, {"__type": code, "message": error.message or ""}, code)
            except AthenaError as error:
                return _answer(400, {"__type": error.code, "message": error.message} | error.details, error.code)
            except Exception:  # noqa: BLE001  (an error of ours is InternalServerException to the caller)
                _log.exception("%s failed", operation)
                code = "InternalServerException"
                return _answer(500, {"__type": code, "message": "Internal service error"}, code)

        return handle


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise AthenaError("The request is no JSON", "SerializationException") from error


def _answer(status: int, values: dict[str, Any], error: str = "") -> Answer:
    headers = {"Content-Type": "application/x-amz-json-1.1"} | ({"x-amzn-ErrorType": error} if error else {})
    return status, headers, json.dumps(values).encode()
