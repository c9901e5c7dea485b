"""Sending to queues, topics and buckets of this cloud, without HTTP."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import json
import os
from urllib.parse import quote, urlencode

from lab.cloud.emulator.app import call


class DestinationError(Exception):
    """A destination refused a message; the text says why."""


async def send_to_queue(queue_arn: str, body: str) -> None:
    """Send a message to an SQS queue."""
    name = queue_arn.rsplit(":", 1)[-1]
    request = {"QueueUrl": f"{os.environ['AWS_ENDPOINT_URL']}/{queue_arn.split(':')[4]}/{name}", "MessageBody": body}
    headers = {"x-amz-target": "AmazonSQS.SendMessage", "content-type": "application/x-amz-json-1.0"}
    await _deliver("sqs", "POST", "/", headers, json.dumps(request).encode())


async def publish_to_topic(topic_arn: str, body: str) -> None:
    """Publish a message to an SNS topic."""
    form = urlencode({"Action": "Publish", "Version": "2010-03-31", "TopicArn": topic_arn, "Message": body}).encode()
    await _deliver("sns", "POST", "/", {"content-type": "application/x-www-form-urlencoded"}, form)


async def put_object(bucket: str, key: str, body: bytes, content_type: str = "application/json") -> None:
    """Store an S3 object."""
    await _deliver("s3", "PUT", f"/{bucket}/{quote(key)}", {"content-type": content_type}, body)


async def _deliver(service: str, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    # As the account's root: whether the function's role may was asked before. S3 takes a call that names no key for
    # an anonymous one.
    root = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/any/aws4_request, SignedHeaders=host, Signature=none"
    headers = {"host": "127.0.0.1", "content-length": str(len(body)), "authorization": root, **headers}
    status, _headers, answer = await call(service, method, path, headers, body)
    if status >= 300:  # noqa: PLR2004
        raise DestinationError((answer.decode() if isinstance(answer, bytes) else str(answer))[:500])
