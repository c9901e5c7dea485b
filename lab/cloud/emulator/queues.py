"""The metrics of MiniStack's queues and topics, which it does not write."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from lab.cloud.emulator.scope import scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.cloud.emulator.app import Answer, Handler

    Record = Callable[[str, str, float, str, Mapping[str, str]], None]

REPORT_SECONDS = 20.0
"""How often a queue tells how much is in it although nothing happens; AWS's do every minute."""
ACTIVE_SECONDS = 6 * 3600
"""After so long without messages and calls a queue tells nothing any more, as on AWS."""


class _Report(NamedTuple):
    told: float
    """When a queue told last how much is in it; this and the next on the clock that never jumps."""
    active: float
    """When something happened last, or there was a message."""
    messages: int


class QueueMeter:
    """Writes AWS/SQS by QueueName, and NumberOfMessagesPublished of AWS/SNS by TopicName.

    Args:
        record: takes a figure: namespace, name, value, unit, dimensions.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._changed: set[str] = set()
        self._reported: dict[str, _Report] = {}
        self._counting = self._counting_topics = False

    # --- what happens ------------------------------------------------------------------------------------------------

    def handler(self, ministack: Handler) -> Handler:
        """Return SQS's handler, counting from its first call on: before, its module is not loaded."""

        async def handler(*request: Any) -> Answer:
            if not self._counting:
                self._counting = True
                self._count()
            return await ministack(*request)

        return handler

    def topic_handler(self, ministack: Handler) -> Handler:
        """Return SNS's handler, counting what is published."""

        async def handler(*request: Any) -> Answer:
            if not self._counting_topics:
                self._counting_topics = True
                self._count_topics()
            return await ministack(*request)

        return handler

    def _count(self) -> None:
        from ministack.services import sqs

        counts: dict[str, Callable[[dict[str, Any], dict[str, Any]], tuple[str, int]]] = {
            "SendMessage": lambda _request, _result: ("NumberOfMessagesSent", 1),
            "SendMessageBatch": lambda _request, result: ("NumberOfMessagesSent", len(result.get("Successful", []))),
            "DeleteMessage": lambda _request, _result: ("NumberOfMessagesDeleted", 1),
            "DeleteMessageBatch": lambda _request, result: (
                "NumberOfMessagesDeleted",
                len(result.get("Successful", [])),
            ),
            "ReceiveMessage": lambda _request, result: _received(result),
        }
        for action, count in counts.items():
            act = sqs._HANDLERS[action]

            async def counted(data: dict[str, Any], url: str, act: Any = act, count: Any = count) -> dict[str, Any]:
                queue = sqs._get_q(data.get("QueueUrl", url))
                result = act(data, url)
                if hasattr(result, "__await__"):
                    result = await result
                self._changed.add(_arn(queue))
                name, number = count(data, result or {})
                if number:
                    self._record("AWS/SQS", name, number, "Count", {"QueueName": _name(queue)})
                return result

            sqs._HANDLERS[action] = counted

    def _count_topics(self) -> None:
        from ministack.services import sns

        fan_out = sns._fanout

        def counted(topic_arn: str, *arguments: Any, **named: Any) -> None:
            _, _, _, region, account, topic = topic_arn.split(":", 5)
            with scope(account, region):
                self._record("AWS/SNS", "NumberOfMessagesPublished", 1, "Count", {"TopicName": topic})
            fan_out(topic_arn, *arguments, **named)

        sns._fanout = counted

    # --- how much there is -------------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Write how much is in the queues to which something has happened, and in the others from time to time."""
        sqs = sys.modules.get("ministack.services.sqs")
        if sqs is None:
            return
        changed, self._changed = self._changed, set()
        now = time.monotonic()
        queues = {_arn(queue): queue for queue in sqs._queues.all_values()}
        for arn, queue in queues.items():
            before = self._reported.get(arn, _Report(told=-math.inf, active=now, messages=0))
            messages = len(queue["messages"])
            # Topics, buckets and rules put messages into queues without a call that is seen here.
            happened = arn in changed or messages != before.messages
            active = now if happened or messages else before.active
            due = now - before.told >= REPORT_SECONDS and now - active <= ACTIVE_SECONDS
            if happened or due:
                self._report(sqs, queue)
            self._reported[arn] = _Report(now if happened or due else before.told, active, messages)
        for arn in self._reported.keys() - queues.keys():
            del self._reported[arn]

    def _report(self, sqs: Any, queue: dict[str, Any]) -> None:
        sqs._refresh_counts(queue)
        attributes = queue["attributes"]
        _, _, _, region, account, _ = _arn(queue).split(":")
        now = time.time()
        oldest = max((now - message.get("sent_at", now) for message in queue["messages"]), default=0.0)
        with scope(account, region):
            dimensions = {"QueueName": _name(queue)}
            for metric, attribute in _GAUGES.items():
                self._record("AWS/SQS", metric, int(attributes[attribute]), "Count", dimensions)
            self._record("AWS/SQS", "ApproximateAgeOfOldestMessage", max(0, int(oldest)), "Seconds", dimensions)


_GAUGES = {
    "ApproximateNumberOfMessagesVisible": "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
}
"""CloudWatch's names for the queue attributes."""


def _received(result: dict[str, Any]) -> tuple[str, int]:
    messages = len(result.get("Messages", []))
    return ("NumberOfMessagesReceived", messages) if messages else ("NumberOfEmptyReceives", 1)


def _arn(queue: dict[str, Any]) -> str:
    return queue["attributes"]["QueueArn"]


def _name(queue: dict[str, Any]) -> str:
    return _arn(queue).rsplit(":", 1)[-1]
