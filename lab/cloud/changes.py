"""What a request changes: nothing, data, or what is deployed. It decides how soon the state is saved."""

from __future__ import annotations

import re
from enum import Enum


class Change(Enum):
    """What a request may have changed."""

    NOTHING = 0
    DATA = 1
    """Items, messages, objects, metrics, log events."""
    DEPLOYED = 2
    """Resources and their configuration."""


_KEPT_BY_ITSELF = "Kinesis_20131202."
"""Streams, and what is in them, are in logs of their own before a call is answered (`lab.cloud.kinesis.store`)."""
_READS = re.compile(r"^(?:Get|Describe|List|Query$|Scan$|BatchGet|TransactGet|Filter|Tail|Lookup|SubscribeToShard)")
_DATA = re.compile(
    r"^(?:PutRecords?|PutItem|UpdateItem|DeleteItem|BatchWriteItem|TransactWriteItems|ExecuteStatement"
    r"|(?:Send|Receive|Delete)Message(?:Batch)?|ChangeMessageVisibility(?:Batch)?|PutLogEvents|PutMetricData"
    r"|(?:Start|Stop)QueryExecution)$"
)
_INVOCATION = re.compile(r"^/(?:2015-03-31/functions/[^/]+/invocations|2021-11-15/functions/|_aws/execute-api/)")
_REST_API = re.compile(r"^/(?:20\d\d-\d\d-\d\d|v2|tags|service)/")


def change_of(method: str, path: str, target: str) -> Change:
    """Return what a request may have changed; in doubt, more.

    Args:
        method: HTTP method.
        path: the path.
        target: the header X-Amz-Target, empty where the service has none.
    """
    if target.startswith(_KEPT_BY_ITSELF):
        return Change.NOTHING
    if _INVOCATION.match(path):
        return Change.DATA
    operation = target.rpartition(".")[2] or (path.rpartition("/operation/")[2] if "/operation/" in path else "")
    if operation:
        if _READS.match(operation):
            return Change.NOTHING
        return Change.DATA if _DATA.match(operation) else Change.DEPLOYED
    if method in ("GET", "HEAD", "OPTIONS"):
        return Change.NOTHING
    # S3: a key behind the bucket is an object; everything else on this road changes what is deployed.
    is_object = not _REST_API.match(path) and path.strip("/").count("/") >= 1
    return Change.DATA if is_object else Change.DEPLOYED
