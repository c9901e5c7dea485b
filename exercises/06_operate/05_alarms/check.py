"""Checks `alarms`: deploys them, then tells them five stories, as CloudWatch's own evaluation would hear them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lab.cloud.cloudwatch.alarm import evaluate
from lab.cloud.cloudwatch.alarm_settings import watched
from lab.cloud.cloudwatch.metrics import Metric, Metrics
from lab.cloud.cloudwatch.watch import datapoints

if TYPE_CHECKING:
    from lab.cloud.cloudwatch.alarm import State
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

ALARMS = {"lag": "LagAlarmName", "errors": "ErrorsAlarmName", "given_up": "GivenUpAlarmName"}
MINUTES = 8
CALLS_A_MINUTE = 200
LAMBDA, SQS = "AWS/Lambda", "AWS/SQS"
USUAL_AGE, USUAL_GREATEST_AGE, FAR_BEHIND_AGE = 400, 5000, 200_000
"""Milliseconds."""


class Story:
    """What CloudWatch knows of some minutes, the last one ending now.

    Args:
        alarm: an alarm as DescribeAlarms tells it, whose account and region the metrics are in.
    """

    def __init__(self, alarm: dict[str, Any]) -> None:
        self.alarm, self.metrics, self.now = alarm, Metrics(), time.time()

    def happens(self, ago: int, namespace: str, name: str, dimensions: dict[str, str], value: float, times: int = 1):
        """Let something be measured so many minutes ago."""
        _, _, _, region, account, *_ = self.alarm["AlarmArn"].split(":")
        metric = Metric.of((account, region), namespace, name, dimensions)
        self.metrics.record(metric, value, at=self.now - 60 * ago - 20, times=times)

    def of_function(self, ago: int, function: str, **values: tuple[float, int]) -> None:
        """Let a function's metrics be measured: of itself, of its version, and of all functions together."""
        for name, (value, times) in values.items():
            for dimensions in ({"FunctionName": function}, {"FunctionName": function, "Resource": function}, {}):
                self.happens(ago, LAMBDA, name, dimensions, value, times)

    def of_queue(self, ago: int, queue: str, *, visible: int, age_seconds: int = 0, sent: int = 0) -> None:
        """Let a queue's metrics be measured."""
        values = {
            "ApproximateNumberOfMessagesVisible": visible,
            "ApproximateAgeOfOldestMessage": age_seconds,
            "NumberOfMessagesSent": sent,
            "NumberOfMessagesReceived": 0,
            "ApproximateNumberOfMessagesNotVisible": 0,
        }
        for name, value in values.items():
            self.happens(ago, SQS, name, {"QueueName": queue}, value)

    def state(self, before: State = "OK") -> State:
        """Return what state the alarm is in at the end."""
        what = watched(self.alarm)
        return evaluate(what.rule, datapoints(self.metrics, what, self.now), before).state if what else before


def check(attempt: Attempt) -> None:
    """Deploy; then the quiet night, the usual evening, and what each alarm is for."""
    attempt.read("program.py")
    cloud = attempt.cloud()
    outputs: Any = cloud.up().get("basic") or {}
    function, queue = outputs.get("ConsumerFunctionName", ""), outputs.get("FailureQueueUrl", "").rpartition("/")[2]
    alarms = {name: _alarm(attempt, cloud, outputs.get(output), name) for name, output in ALARMS.items()}
    for name, alarm in alarms.items():
        attempt.require(Story(alarm).state() != "ALARM", "rings_at_night", alarm=name)
        attempt.require(Story(alarm).state("ALARM") != "ALARM", "rings_for_ever", alarm=name)
    for name, alarm in alarms.items():
        _watches_something(attempt, name, alarm, function, queue)
    for name, alarm in alarms.items():
        if _usual(alarm, function, queue).state() == "ALARM":
            attempt.require(alarm.get("Dimensions"), "everybodys", alarm=name)
            attempt.require(alarm.get("MetricName") != "IteratorAge", "milliseconds", threshold=alarm.get("Threshold"))
            attempt.fail("rings_every_evening", alarm=name, **_about(alarm))
    _lag(attempt, alarms["lag"], function, queue)
    _errors(attempt, alarms["errors"], function, queue)
    _given_up(attempt, alarms["given_up"], function, queue)


def _alarm(attempt: Attempt, cloud: Workbench, name: Any, which: str) -> dict[str, Any]:
    client: Any = cloud.clients.cloudwatch
    found = client.describe_alarms(AlarmNames=[name])["MetricAlarms"] if name else []
    attempt.require(found, "no_such_alarm", alarm=which, output=ALARMS[which])
    return found[0]


def _usual(alarm: dict[str, Any], function: str, queue: str) -> Story:
    """Return a usual evening: the consumer is well; a report that nobody needs fails, and a queue of others is full."""
    story = Story(alarm)
    for ago in range(MINUTES):
        _well(story, ago, function)
        story.of_queue(ago, queue, visible=0)
        story.of_function(ago, "somebody-elses-report", Errors=(1, 3), IteratorAge=(900_000, 2), Throttles=(1, 2),
                          DeadLetterErrors=(1, 1), DestinationDeliveryFailures=(1, 1))  # fmt: skip
        story.of_queue(ago, "somebody-elses-queue", visible=7, age_seconds=5000, sent=2)
    return story


def _well(story: Story, ago: int, function: str) -> None:
    story.of_function(ago, function, Errors=(0, CALLS_A_MINUTE), Invocations=(1, CALLS_A_MINUTE),
                      Duration=(35, CALLS_A_MINUTE), Throttles=(0, CALLS_A_MINUTE),
                      IteratorAge=(USUAL_AGE, CALLS_A_MINUTE))  # fmt: skip
    story.of_function(ago, function, IteratorAge=(USUAL_GREATEST_AGE, 1))


def _watches_something(attempt: Attempt, name: str, alarm: dict[str, Any], function: str, queue: str) -> None:
    story, what = _usual(alarm, function, queue), watched(alarm)
    if what and not any(datapoints(story.metrics, what, story.now)):
        attempt.require(alarm.get("MetricName") != "DeadLetterErrors", "asynchronous", alarm=name)
        attempt.fail("watches_nothing", alarm=name, **_about(alarm))


def _lag(attempt: Attempt, alarm: dict[str, Any], function: str, queue: str) -> None:
    """One minute of delay is none; three with one shard of two far behind are."""
    story = _usual(alarm, function, queue)
    story.of_function(0, function, IteratorAge=(90_000, 3))
    attempt.require(story.state() != "ALARM", "one_minute", **_about(alarm))
    story = _usual(alarm, function, queue)
    for ago in range(5):
        story.of_function(ago, function, IteratorAge=(FAR_BEHIND_AGE, 3))
    if story.state() != "ALARM":
        attempt.require(alarm.get("Statistic") != "Average", "average_hides", seconds=FAR_BEHIND_AGE // 1000)
        attempt.fail("lag_silent", seconds=FAR_BEHIND_AGE // 1000, **_about(alarm))
    story = _usual(alarm, function, queue)
    for ago in range(5):
        story.of_function(ago, function, IteratorAge=(70_000, CALLS_A_MINUTE))
    attempt.require(story.state() == "ALARM", "lag_silent", seconds=70, **_about(alarm))


def _errors(attempt: Attempt, alarm: dict[str, Any], function: str, queue: str) -> None:
    story = _usual(alarm, function, queue)
    story.of_function(0, function, Errors=(1, 1))
    attempt.require(story.state() == "ALARM", "error_silent", calls=CALLS_A_MINUTE, **_about(alarm))


def _given_up(attempt: Attempt, alarm: dict[str, Any], function: str, queue: str) -> None:
    """One message came half an hour ago, and nobody has looked at it."""
    story = Story(alarm)
    for ago in range(MINUTES):
        _well(story, ago, function)
        story.of_queue(ago, queue, visible=1, age_seconds=1800)
    attempt.require(story.state() == "ALARM", "forgets", **_about(alarm))


def _about(alarm: dict[str, Any]) -> dict[str, str]:
    dimensions = ", ".join(f"{each['Name']}={each['Value']}" for each in alarm.get("Dimensions", [])) or "-"
    statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic", "")
    return {
        "metric": f"{alarm.get('Namespace', '')} {alarm.get('MetricName', '')}",
        "dimensions": dimensions,
        "rule": f"{statistic} {alarm['ComparisonOperator']} {alarm.get('Threshold', 0):g}, "
        f"{alarm['EvaluationPeriods']} × {alarm.get('Period', 60)} s",
    }
