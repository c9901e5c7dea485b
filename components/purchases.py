"""Lesson `purchases`: every change of a table becomes a document of a data lake, which SQL can be asked of.

The lesson: a stream of changes is a history that the table itself does not keep. Written down as objects, in paths that
tell tenant and day, it costs nothing to keep and little to ask.
"""

from __future__ import annotations

import re
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from components.data_catalog import DataCatalog
from components.function import Function
from components.http_api import HttpApi, HttpRoute
from components.policies import Statement, allow
from components.settings import LessonArgs, PurchasesSettings
from components.stream_consumer import StreamConsumer

TIME_TO_LIVE = "expira_en"
"""The attribute (seconds since 1970) after which DynamoDB removes a purchase by itself."""
METRICS_NAMESPACE = "streamlab"
DOCUMENTS, RESULTS = "compras/", "consultas/"
"""Where in the bucket the documents are, and the results of queries."""
DATE_INDEX = "tenant-fecha-index"
BY_DATE: aws.dynamodb.TableGlobalSecondaryIndexArgsDict = {
    "name": DATE_INDEX,
    "key_schemas": [
        {"attribute_name": "tenant_id", "key_type": "HASH"},
        {"attribute_name": "fecha", "key_type": "RANGE"},
    ],
    "projection_type": "ALL",
}
"""The index that answers: the purchases of one tenant in a period."""


class PurchasesLessonArgs(LessonArgs):
    """What a PurchasesLesson is made from."""

    settings: PurchasesSettings
    """The lesson's own settings."""


class PurchasesLesson(pulumi.ComponentResource):
    """`compras` → its stream → `actualizarComprasStream` → bucket → Athena; `generarReporteCompras` beside it."""

    exports: dict[str, Any]
    """The stack's output `purchases`: the physical names by which commands find what was deployed."""

    def __init__(self, name: str, args: PurchasesLessonArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("streamlab:index:PurchasesLesson", name, None, opts)
        settings, tags = args["settings"], args["tags"]
        self._name, self._args, self._settings = name, args, settings
        self._child = ResourceOptions(parent=self)
        self._stage = settings.stage or re.sub(r"[^a-z0-9]+", "-", pulumi.get_stack().lower()).strip("-")

        self.table = self._table()
        self.bucket = self._bucket()
        self.function = self._function(
            "consumer",
            "actualizarComprasStream",
            handler="handlers.purchases.stream.lambda_handler",
            environment={
                "S3_BUCKET_NAME": self.bucket.bucket,
                "CURRENCY": settings.currency,
                "STAGE": self._stage,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
            },
            statements=[allow(["s3:PutObject"], Output.concat(self.bucket.arn, f"/{DOCUMENTS}*"))],
        )
        self.reader = StreamConsumer(
            f"{name}-reader",
            {
                "function": self.function,
                "source": "dynamodb",
                "stream_arn": self.table.stream_arn,
                "settings": settings,
                "removable": args["removable"],
                "tags": tags,
            },
            self._child,
        )
        self.catalog = DataCatalog(
            f"{name}-catalog",
            {
                "stage": self._stage,
                "bucket": self.bucket,
                "documents_prefix": DOCUMENTS,
                "results_prefix": RESULTS,
                "tenants": settings.tenants if settings.tenant_projection == "enum" else None,
                "query_limit_megabytes": settings.query_limit_megabytes,
                "removable": args["removable"],
                "tags": tags,
            },
            self._child,
        )
        self.report = self._function(
            "report",
            "generarReporteCompras",
            handler="handlers.purchases.report.lambda_handler",
            environment={
                "DYNAMODB_TABLE_NAME": self.table.name,
                "DYNAMODB_INDEX_NAME": DATE_INDEX,
                "CURRENCY": settings.currency,
                "ANSWER_LANGUAGE": settings.language,
            },
            statements=[allow(["dynamodb:Query"], Output.concat(self.table.arn, "/index/", DATE_INDEX))],
        )
        self.api = HttpApi(
            f"{name}-http",
            {
                "routes": [HttpRoute("GET", "/reportes", self.report, authorization="AWS_IAM")],
                "throttling_rate": settings.throttling_rate,
                "throttling_burst": settings.throttling_burst,
                "tags": tags,
            },
            self._child,
        )
        self._watch_failures()
        self.exports = {
            "ApiUrl": self.api.url,
            "DynamoDBTableName": self.table.name,
            "DynamoDBStreamArn": self.table.stream_arn,
            "BucketName": self.bucket.bucket,
            **self.reader.exports,
            "ReportFunctionName": self.report.name,
            "ReportLogGroupName": self.report.log_group_name,
            "GlueDatabaseName": self.catalog.database_name,
            "AthenaWorkGroupName": self.catalog.workgroup_name,
            "TimeToLiveAttribute": TIME_TO_LIVE,
            "Tenants": list(settings.tenants),
        }
        self.register_outputs(self.exports)

    def _text_name(self, text: str) -> str | None:
        """Return a name as the text prints it, with the stage in front; None where Pulumi is to make one."""
        return f"{self._stage}-{text}" if self._args["names"] == "text" else None

    def _table(self) -> aws.dynamodb.Table:
        return aws.dynamodb.Table(
            f"{self._name}-table",
            name=self._text_name("t_MS3_compras"),
            billing_mode="PAY_PER_REQUEST",
            hash_key="tenant_id",
            range_key="compra_id",
            attributes=[{"name": key, "type": "S"} for key in ("tenant_id", "compra_id", "fecha")],
            global_secondary_indexes=[BY_DATE],
            stream_enabled=True,
            # A removed purchase has no new image; what it was is in the old one.
            stream_view_type="NEW_AND_OLD_IMAGES",
            ttl={"attribute_name": TIME_TO_LIVE, "enabled": True},
            deletion_protection_enabled=not self._args["removable"],
            tags=self._args["tags"],
            opts=self._child,
        )

    def _bucket(self) -> aws.s3.Bucket:
        bucket = aws.s3.Bucket(
            f"{self._name}-bucket",
            bucket=self._text_name("compras-backup-s3-bucket"),
            force_destroy=self._args["removable"],
            tags=self._args["tags"],
            opts=self._child,
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{self._name}-lifecycle",
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "query-results",
                    "status": "Enabled",
                    "filter": {"prefix": RESULTS},
                    "expiration": {"days": self._settings.query_results_days},
                }
            ],
            opts=self._child,
        )
        return bucket

    def _watch_failures(self) -> None:
        """Raise an alarm when purchases fail, before Lambda gives them up: while a retry may still mend it."""
        if not self._settings.alarms:
            return
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-failed",
            alarm_description="Purchases could not be processed; the log of the function says why.",
            namespace=METRICS_NAMESPACE,
            metric_name="ComprasFallidas",
            dimensions={"FunctionName": self.function.name, "service": "purchases"},
            statistic="Sum",
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            period=60,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            tags=self._args["tags"],
            opts=self._child,
        )

    def _function(
        self,
        part: str,
        text_name: str,
        *,
        handler: str,
        environment: dict[str, Input[str]],
        statements: list[Statement],
    ) -> Function:
        return Function(
            f"{self._name}-{part}",
            {
                "package": "purchases",
                "handler": handler,
                "environment": environment,
                "statements": statements,
                "function_name": text_name if self._args["names"] == "text" else None,
                "settings": self._settings,
                "role_mode": self._args["role_mode"],
                "removable": self._args["removable"],
                "tags": self._args["tags"],
            },
            self._child,
        )
