"""CloudWatch: log groups and alarms."""

# ruff: noqa: ARG002, D102, RUF012 - the base class says what every method takes and means, and what a class holds

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.deploy.provider.errors import undone_on_failure
from lab.deploy.provider.resources.base import TAGS, AutoName, Change, Input, Resource
from lab.deploy.provider.values import given, part, parts, tag_list, tags_from_list, tags_of, to_aws, told

if TYPE_CHECKING:
    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties

_RETENTIONS = {
    0,
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
}


class LogGroup(Resource):
    """A log group; its id is its name. A retention of 0 days means for ever."""

    pulumi_type = "aws:cloudwatch/logGroup:LogGroup"
    name = AutoName("name", longest=512, pattern=r"[A-Za-z0-9_./#-]+")
    inputs = {
        "name": Input(replaces=True),
        "retentionInDays": Input(default=0, allowed=_RETENTIONS),
        "logGroupClass": Input(
            default="STANDARD", allowed={"STANDARD", "INFREQUENT_ACCESS"}, replaces=True, told=False
        ),
        "skipDestroy": Input(default=False, told=False),
        "tags": TAGS,
    }
    computed = ("arn",)

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        name = inputs["name"]
        aws.logs.create_log_group(
            logGroupName=name, logGroupClass=inputs["logGroupClass"], **given(tags=tags_of(inputs) or None)
        )
        with undone_on_failure(lambda: aws.logs.delete_log_group(logGroupName=name)):
            if inputs["retentionInDays"]:
                aws.logs.put_retention_policy(logGroupName=name, retentionInDays=inputs["retentionInDays"])
            return name, {"arn": aws.arn("logs", f"log-group:{name}")}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        pages = aws.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=id_)
        groups = (group for page in pages for group in page["logGroups"])
        group = next((group for group in groups if group.get("logGroupName") == id_), None)
        if group is None:
            return None
        arn = aws.arn("logs", f"log-group:{id_}")
        return {
            "name": id_,
            "retentionInDays": group.get("retentionInDays", 0),
            "tags": aws.logs.list_tags_for_resource(resourceArn=arn).get("tags") or None,
            "arn": arn,
        }

    def update(self, aws: Account, change: Change) -> Properties:
        name, arn = change.id, change.known["arn"]
        if change.of("retentionInDays"):
            if days := change.new["retentionInDays"]:
                aws.logs.put_retention_policy(logGroupName=name, retentionInDays=days)
            else:
                aws.logs.delete_retention_policy(logGroupName=name)
        change.retag(
            lambda tags: aws.logs.tag_resource(resourceArn=arn, tags=tags),
            lambda keys: aws.logs.untag_resource(resourceArn=arn, tagKeys=keys),
        )
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        if not known.get("skipDestroy"):
            aws.logs.delete_log_group(logGroupName=id_)


class MetricAlarm(Resource):
    """An alarm on a metric; its id is its name."""

    pulumi_type = "aws:cloudwatch/metricAlarm:MetricAlarm"
    name = AutoName("name", longest=255)
    inputs = {
        "name": Input(replaces=True),
        "comparisonOperator": Input(
            required=True,
            allowed={
                "GreaterThanOrEqualToThreshold",
                "GreaterThanThreshold",
                "LessThanThreshold",
                "LessThanOrEqualToThreshold",
                "LessThanLowerOrGreaterThanUpperThreshold",
                "LessThanLowerThreshold",
                "GreaterThanUpperThreshold",
            },
        ),
        "evaluationPeriods": Input(required=True),
        "datapointsToAlarm": Input(),
        "metricName": Input(),
        "namespace": Input(),
        "dimensions": Input(),
        "period": Input(),
        "statistic": Input(allowed={"SampleCount", "Average", "Sum", "Minimum", "Maximum"}),
        "extendedStatistic": Input(),
        "threshold": Input(),
        "unit": Input(),
        "treatMissingData": Input(default="missing", allowed={"missing", "ignore", "breaching", "notBreaching"}),
        "actionsEnabled": Input(default=True),
        "alarmActions": Input(kind="set"),
        "okActions": Input(kind="set"),
        "insufficientDataActions": Input(kind="set"),
        "alarmDescription": Input(),
        "metricQueries": Input(),
        "tags": TAGS,
    }
    computed = ("arn",)

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        self._put(aws, inputs, Tags=tag_list(tags_of(inputs)) or None)
        return inputs["name"], {"arn": aws.arn("cloudwatch", f"alarm:{inputs['name']}")}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        alarms = aws.cloudwatch.describe_alarms(AlarmNames=[id_], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
        if not alarms:
            return None
        alarm: dict[str, Any] = dict(alarms[0])
        arn = alarm["AlarmArn"]
        settings = told(alarm)
        dimensions = {item["Name"]: item["Value"] for item in alarm.get("Dimensions", [])}
        return {
            **{name: settings[name] for name in self.inputs if name in settings},
            "name": id_,
            "okActions": settings.get("oKActions"),
            "dimensions": dimensions or None,
            "metricQueries": _queries_as_told(parts(settings, "metrics")),
            "treatMissingData": settings.get("treatMissingData", "missing"),
            "tags": tags_from_list(aws.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]) or None,
            "arn": arn,
        }

    def update(self, aws: Account, change: Change) -> Properties:
        if change.of(*(name for name in self.inputs if name != "tags")):
            self._put(aws, {**change.new, "name": change.id})
        arn = change.known["arn"]
        change.retag(
            lambda tags: aws.cloudwatch.tag_resource(ResourceARN=arn, Tags=tag_list(tags)),
            lambda keys: aws.cloudwatch.untag_resource(ResourceARN=arn, TagKeys=keys),
        )
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.cloudwatch.delete_alarms(AlarmNames=[id_])

    def _put(self, aws: Account, inputs: Properties, **more: Any) -> None:
        """Make or change an alarm: one call does both and takes all of it."""
        renamed = {"name", "dimensions", "okActions", "metricQueries", "tags"}
        arguments = {name: value for name, value in inputs.items() if name not in renamed}
        dimensions = [{"Name": key, "Value": value} for key, value in part(inputs, "dimensions").items()]
        aws.cloudwatch.put_metric_alarm(
            AlarmName=inputs["name"],
            **to_aws(arguments),
            **given(
                Dimensions=dimensions or None,
                OKActions=inputs.get("okActions"),
                Metrics=_queries(parts(inputs, "metricQueries")),
                **more,
            ),
        )


def _queries(queries: list[Any]) -> list[Any] | None:
    """Return metric queries as CloudWatch takes them: a metric's name, namespace and dimensions in an object."""
    result: list[Any] = []
    for query in queries:
        taken = to_aws(query)
        if metric := taken.pop("Metric", None):
            dimensions = [{"Name": key, "Value": value} for key, value in metric.pop("Dimensions", {}).items()]
            name = {key: metric.pop(key) for key in ("MetricName", "Namespace") if key in metric}
            taken["MetricStat"] = {"Metric": {**name, "Dimensions": dimensions}, **metric}
        result.append(taken)
    return result or None


def _queries_as_told(queries: list[Any]) -> list[Any] | None:
    """Return CloudWatch's metric queries as Pulumi says them; the inverse of `_queries`."""
    result: list[Any] = []
    for query in queries:
        if stat := query.pop("metricStat", None):
            metric = stat.pop("metric")
            dimensions = {item["Name"]: item["Value"] for item in metric.pop("dimensions", [])}
            query["metric"] = metric | stat | given(dimensions=dimensions or None)
        result.append(query)
    return result or None
