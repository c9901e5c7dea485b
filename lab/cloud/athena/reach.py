"""What a query reaches of the cloud: Glue's catalogue and S3's objects, as far as who asks may."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from lab.cloud import emulator
from lab.cloud.athena.failures import QueryFailure
from lab.cloud.emulator import objects
from lab.json_values import as_object

if TYPE_CHECKING:
    from lab.cloud.athena.wire import Message
    from lab.cloud.emulator.callers import Caller

_OF_DATABASES = {"GetDatabase", "GetDatabases", "CreateDatabase", "DeleteDatabase"}
_OF_TABLES = {"GetTable", "GetTables", "CreateTable", "UpdateTable", "DeleteTable", "GetPartitions",
              "BatchCreatePartition"}  # fmt: skip
_HTTP_OK = 200


class Reach:
    """Answers what one query's process asks.

    Args:
        caller: whose permissions count.
        cutoff: how many bytes the query may read; None: any number.

    Attributes:
        scanned: how many bytes it has read.
        is_over_cutoff: whether it would have read more than it may.
    """

    def __init__(self, caller: Caller, cutoff: int | None) -> None:
        self._caller = caller
        self._cutoff = cutoff
        self.scanned = 0
        self.is_over_cutoff = False

    async def answer(self, message: Message) -> tuple[Any, list[bytes]]:
        """Answer a question.

        Raises:
            QueryFailure: who asks may not, or it is not there.
        """
        match message["ask"]:
            case "glue":
                return await self._glue(message["operation"], message["request"]), []
            case "list":
                return await self._list(message["bucket"], message["prefix"]), []
            case _:
                return None, await self._read(message["bucket"], message["keys"])

    async def _glue(self, operation: str, request: dict[str, Any]) -> dict[str, Any] | None:
        for resource in _glue_resources(operation, request):
            if denial := self._caller.denial(f"glue:{operation}", resource):
                raise QueryFailure(
                    f"Insufficient permissions to execute the query. {denial} (Service: AWSGlue; Status Code: 400;"
                    " Error Code: AccessDeniedException)"
                )
        headers = {"x-amz-target": f"AWSGlue.{operation}", "content-type": "application/x-amz-json-1.1"}
        _account, region = emulator.current_scope()
        body = json.dumps(request).encode()
        status, _headers, answer = await emulator.call("glue", "POST", "/", headers, body, region=region)
        said: dict[str, Any] = json.loads(answer or b"{}")
        if status == _HTTP_OK:
            return said
        if "EntityNotFoundException" in said.get("__type", ""):
            return None
        raise QueryFailure(f"FAILED: Execution Error: {said.get('__type')}: {said.get('message')}")

    async def _list(self, bucket: str, prefix: str) -> list[str]:
        if self._caller.denial("s3:ListBucket", f"arn:aws:s3:::{bucket}", prefix=prefix):
            raise _permission_denied(bucket, prefix)
        keys = await asyncio.to_thread(objects.list_objects, bucket, prefix)
        if keys is None:
            raise QueryFailure(
                "HIVE_FILESYSTEM_ERROR: The specified bucket does not exist (Service: Amazon S3; Status Code: 404;"
                f" Error Code: NoSuchBucket): {bucket}"
            )
        return keys

    async def _read(self, bucket: str, keys: list[str]) -> list[bytes]:
        for key in keys:
            if self._caller.denial("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}"):
                raise _permission_denied(bucket, key)
        # In a thread: a thousand small files take a while, and everybody else is waiting.
        bodies = await asyncio.to_thread(lambda: [objects.read_object(bucket, key) for key in keys])
        found = [b"" if body is None else body for body in bodies]
        self.scanned += sum(map(len, found))
        if self._cutoff is not None and self.scanned > self._cutoff:
            self.is_over_cutoff = True
            raise QueryFailure("Bytes scanned limit was exceeded")
        return found


def _permission_denied(bucket: str, key: str) -> QueryFailure:
    return QueryFailure(f"PERMISSION_DENIED: Permission denied on S3 path: s3://{bucket}/{key}")


def _glue_resources(operation: str, request: dict[str, Any]) -> list[str]:
    """Return everything that must be allowed for a call: the catalogue, the database, the table."""
    account, region = emulator.current_scope()
    if operation not in _OF_DATABASES | _OF_TABLES:
        raise QueryFailure(f"NOT_SUPPORTED: {operation}")
    resources = ["catalog"]
    database = request.get("DatabaseName")
    if operation in _OF_DATABASES:
        database = request.get("Name") or as_object(request.get("DatabaseInput")).get("Name")
    if database:
        resources.append(f"database/{database}")
    if operation in _OF_TABLES:
        table = (
            as_object(request.get("TableInput")).get("Name") or request.get("TableName") or request.get("Name") or "*"
        )
        resources.append(f"table/{database}/{table}")
    return [f"arn:aws:glue:{region}:{account}:{resource}" for resource in resources]
