"""Query executions: started, told of, stopped, and their results page by page."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from typing import TYPE_CHECKING, Any

from lab.cloud.athena.errors import AthenaError, invalid
from lab.cloud.athena.failures import USER, QueryFailure
from lab.cloud.athena.reach import Reach
from lab.cloud.athena.results import rows_of
from lab.cloud.athena.workgroups import check_location
from lab.cloud.emulator import DestinationError, objects, put_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.athena.call import Call
    from lab.cloud.athena.process import QueryProcesses

MOST_KEPT = 1_000
"""How many executions are remembered; AWS forgets them after 45 days."""
_DML = {"select", "with", "values", "table", "insert", "(", "delete", "update", "merge", "unload"}
_DDL = {"create", "drop", "alter", "msck"}
_RUNNING = {"QUEUED", "RUNNING"}
_COLUMNS, _TOKEN = "_columns", "_ClientRequestToken"
_ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
_USER_ERROR, _DATA_ERROR, _RESULTS_NOT_WRITTEN, _ENGINE_ERROR = 1000, 1001, 401, 200
"""Types of docs.aws.amazon.com/athena/latest/ug/error-reference.html."""
_log = logging.getLogger("lab.athena")


class Executions:
    """What runs.

    Args:
        processes: answer the queries.
        changed: called when an execution has changed by itself.
    """

    def __init__(self, processes: QueryProcesses, changed: Callable[[], None]) -> None:
        self._processes = processes
        self._changed = changed
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def stop(self) -> None:
        """End what runs."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- the API -----------------------------------------------------------------------------------------------------

    def start_query_execution(self, call: Call) -> dict[str, Any]:
        """Begin to run a statement; the same token begins it once."""
        group = call.workgroup()
        if group["State"] != "ENABLED":
            raise invalid(f"WorkGroup {group['Name']} is disabled.")
        if known := _same_request(call):
            return {"QueryExecutionId": known}
        query = call.request["QueryString"]
        if not query.strip():
            raise invalid("Query string is empty", "MALFORMED_QUERY")
        id_ = str(uuid.uuid4())
        execution = _new(call, group, id_)
        _forget_oldest(call)
        call.records.executions[id_] = execution
        # The task has the request's context: MiniStack's stores are its account's and region's.
        self._tasks[id_] = task = asyncio.create_task(self._run(call, execution, group))
        task.add_done_callback(lambda _task: self._tasks.pop(id_, None))
        return {"QueryExecutionId": id_}

    def get_query_execution(self, call: Call) -> dict[str, Any]:
        """Tell of an execution."""
        return {"QueryExecution": _public(self._found(call))}

    def batch_get_query_execution(self, call: Call) -> dict[str, Any]:
        """Tell of some executions."""
        kept, ids = call.records.executions, call.request["QueryExecutionIds"]
        return {
            "QueryExecutions": [_public(kept[id_]) for id_ in ids if id_ in kept],
            "UnprocessedQueryExecutionIds": [
                {"QueryExecutionId": id_, "ErrorCode": "INVALID_INPUT", "ErrorMessage": _missing(id_)}
                for id_ in ids
                if id_ not in kept
            ],
        }

    def list_query_executions(self, call: Call) -> dict[str, Any]:
        """Return the ids of a workgroup's executions, the newest first."""
        group = call.workgroup()["Name"]
        ids = [id_ for id_, each in call.records.executions.items() if each["WorkGroup"] == group]
        page, more = call.page(ids[::-1], 50)
        return {"QueryExecutionIds": page} | more

    def stop_query_execution(self, call: Call) -> dict[str, Any]:
        """Cancel an execution that still runs."""
        execution = self._found(call)
        if execution["Status"]["State"] in _RUNNING:
            _finish(execution, "CANCELLED", "Query cancelled by user")
            if task := self._tasks.get(execution["QueryExecutionId"]):
                task.cancel()
        return {}

    def get_query_results(self, call: Call) -> dict[str, Any]:
        """Return a page of an execution's rows, from its file in S3."""
        execution = self._found(call)
        state = execution["Status"]["State"]
        if state in _RUNNING:
            raise invalid(f"Query has not yet finished. Current state: {state}", "INVALID_QUERY_EXECUTION_STATE")
        if state != "SUCCEEDED":
            raise invalid(
                f"Query did not finish successfully. Final query state: {state}", "INVALID_QUERY_EXECUTION_STATE"
            )
        location = execution["ResultConfiguration"]["OutputLocation"]
        bucket, _, key = location[5:].partition("/")
        if denial := call.caller.denial("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}"):
            raise AthenaError(f"You do not seem to have access to the S3 location of your query results. {denial}")
        body = objects.read_object(bucket, key)
        if body is None:
            raise invalid(f"Could not find results at {location}")
        columns = execution[_COLUMNS]
        rows = rows_of(body.decode(), is_csv=location.endswith(".csv"), columns=len(columns))
        page, more = call.page(rows, 1000)
        return {
            "UpdateCount": 0,
            "ResultSet": {
                "Rows": [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in page],
                "ResultSetMetadata": {"ColumnInfo": columns},
            },
        } | more

    def _found(self, call: Call) -> dict[str, Any]:
        id_ = call.request["QueryExecutionId"]
        found = call.records.executions.get(id_)
        if found is None:
            raise invalid(_missing(id_))
        if found["Status"]["State"] in _RUNNING and id_ not in self._tasks:
            # It ran in a life of the cloud before this one.
            _finish(found, "FAILED", "GENERIC_INTERNAL_ERROR: the cloud was stopped", _ENGINE_ERROR)
        return found

    # --- running -----------------------------------------------------------------------------------------------------

    async def _run(self, call: Call, execution: dict[str, Any], group: dict[str, Any]) -> None:
        reach = Reach(call.caller, group["Configuration"].get("BytesScannedCutoffPerQuery"))
        queued = time.monotonic()
        statistics = execution["Statistics"]

        def started() -> None:
            execution["Status"]["State"] = "RUNNING"
            statistics["QueryQueueTimeInMillis"] = int((time.monotonic() - queued) * 1000)

        try:
            database = execution["QueryExecutionContext"]["Database"]
            columns, body = await self._processes.run(execution["Query"], database, reach.answer, started)
            await _write(call, execution, body)
            execution[_COLUMNS] = columns
            _finish(execution, "SUCCEEDED")
        except QueryFailure as failure:
            state = "CANCELLED" if reach.is_over_cutoff else "FAILED"
            _finish(execution, state, failure.message, _error_type(failure))
        except asyncio.CancelledError:
            _finish(execution, "CANCELLED", "Query cancelled by user")
        except Exception as error:  # noqa: BLE001  (whatever goes wrong fails one query)
            _log.exception("A query failed")
            _finish(execution, "FAILED", f"GENERIC_INTERNAL_ERROR: {error}", _ENGINE_ERROR)
        finally:
            spent = int((time.monotonic() - queued) * 1000)
            statistics["DataScannedInBytes"] = reach.scanned
            statistics["TotalExecutionTimeInMillis"] = spent
            statistics["EngineExecutionTimeInMillis"] = max(0, spent - statistics["QueryQueueTimeInMillis"])
            self._changed()


async def _write(call: Call, execution: dict[str, Any], body: bytes) -> None:
    location = execution["ResultConfiguration"]["OutputLocation"]
    bucket, _, key = location[5:].partition("/")
    is_csv = key.endswith(".csv")
    files = [(key, body, "text/csv" if is_csv else "text/plain"), (f"{key}.metadata", b"", "binary/octet-stream")]
    for name, content, content_type in files:
        denied = call.caller.denial("s3:PutObject", f"arn:aws:s3:::{bucket}/{name}")
        try:
            if denied:
                raise DestinationError(denied)  # noqa: TRY301
            await put_object(bucket, name, content, content_type)
        except DestinationError as error:
            raise QueryFailure(
                f"Access denied when writing output to url: {location} . Please ensure you are allowed to access the"
                " S3 bucket. If you are encrypting query results with KMS key, please ensure you are allowed to access"
                " your KMS key"
            ) from error


def _new(call: Call, group: dict[str, Any], id_: str) -> dict[str, Any]:
    configuration = group["Configuration"]
    enforced = configuration.get("EnforceWorkGroupConfiguration", False)
    asked: dict[str, Any] = {} if enforced else call.get("ResultConfiguration", {})
    results = configuration.get("ResultConfiguration", {}) | asked
    location = results.get("OutputLocation")
    if not location:
        raise invalid(
            "No output location provided. An output location is required either through the Workgroup result"
            " configuration setting or as an API input."
        )
    check_location(location)
    _check_bucket(call, location[5:].partition("/")[0])
    query = call.request["QueryString"]
    kind = _kind(query)
    file = f"{id_}.csv" if kind == "DML" else f"{id_}.txt"
    context = call.get("QueryExecutionContext", {})
    return {
        "QueryExecutionId": id_,
        "Query": query,
        "StatementType": kind,
        "ResultConfiguration": results | {"OutputLocation": f"{location.rstrip('/')}/{file}"},
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {
            "Database": context.get("Database", "default").lower(),
            "Catalog": context.get("Catalog", "AwsDataCatalog").lower(),
        },
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {
            "EngineExecutionTimeInMillis": 0,
            "DataScannedInBytes": 0,
            "TotalExecutionTimeInMillis": 0,
            "QueryQueueTimeInMillis": 0,
            "QueryPlanningTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        },
        "WorkGroup": group["Name"],
        "EngineVersion": configuration.get("EngineVersion", _ENGINE),
        "SubstatementType": _first_word(query).upper(),
        _COLUMNS: list[Any](),
    } | ({_TOKEN: call.get("ClientRequestToken")} if call.get("ClientRequestToken") else {})


def _check_bucket(call: Call, bucket: str) -> None:
    denied = call.caller.denial("s3:GetBucketLocation", f"arn:aws:s3:::{bucket}")
    if denied or not objects.bucket_exists(bucket):
        raise invalid(f"Unable to verify/create output bucket {bucket}" + (f". {denied}" if denied else ""))


def _same_request(call: Call) -> str | None:
    """Return the execution that a token began before."""
    token = call.get("ClientRequestToken")
    for id_, kept in call.records.executions.items():
        if token and kept.get(_TOKEN) == token:
            if kept["Query"] != call.request["QueryString"]:
                raise invalid("Idempotent parameters do not match")
            return id_
    return None


def _forget_oldest(call: Call) -> None:
    kept = call.records.executions
    ended = [id_ for id_, each in kept.items() if each["Status"]["State"] not in _RUNNING]
    for id_ in ended[: max(0, len(kept) + 1 - MOST_KEPT)]:
        del kept[id_]


def _first_word(query: str) -> str:
    lines = (line.strip() for line in query.splitlines())
    text = " ".join(line for line in lines if line and not line.startswith("--"))
    return "(" if text.startswith("(") else text.split(maxsplit=1)[0].lower() if text else ""


def _kind(query: str) -> str:
    first = _first_word(query)
    return "DML" if first in _DML else "DDL" if first in _DDL else "UTILITY"


def _finish(execution: dict[str, Any], state: str, reason: str | None = None, error_type: int | None = None) -> None:
    status = execution["Status"]
    if status["State"] not in _RUNNING:  # it was cancelled meanwhile
        return
    status |= {"State": state, "CompletionDateTime": time.time()}
    if reason is not None:
        status["StateChangeReason"] = reason
    if state == "FAILED":
        category = USER if error_type in {_USER_ERROR, _DATA_ERROR} else 1
        status["AthenaError"] = {
            "ErrorCategory": category,
            "ErrorType": error_type,
            "Retryable": False,
            "ErrorMessage": reason,
        }


def _error_type(failure: QueryFailure) -> int:
    if failure.category != USER:
        return _ENGINE_ERROR
    if failure.message.startswith("Access denied when writing"):
        return _RESULTS_NOT_WRITTEN
    return _DATA_ERROR if failure.message.startswith(("HIVE_BAD_DATA", "HIVE_CURSOR_ERROR")) else _USER_ERROR


def _missing(id_: str) -> str:
    return f"QueryExecution {id_} was not found"


def _public(execution: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in execution.items() if not key.startswith("_")}
