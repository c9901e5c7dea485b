"""Lesson `purchases`: every change of a table becomes a document of a data lake, which SQL can be asked of.

The lesson: a stream of changes is a history that the table itself does not keep. Written down as objects, in paths that
tell tenant and day, it costs nothing to keep and little to ask.
"""

from __future__ import annotations

import re

import pulumi
import pulumi_aws as aws
from pulumi import Output, ResourceOptions

from components.data_catalog import DataCatalog
from components.http_api import HttpApi, HttpRoute
from components.lesson import Lesson
from components.policies import allow
from components.settings import LessonArgs, PurchasesSettings

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


class PurchasesLesson(Lesson):
    """`compras` → its stream → `actualizarComprasStream` → bucket → Athena; `generarReporteCompras` beside it."""

    def __init__(self, name: str, args: PurchasesLessonArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("purchases", name, args, args["settings"], opts)
        settings, tags = args["settings"], args["tags"]
        self._settings = settings
        self._stage = settings.stage or re.sub(r"[^a-z0-9]+", "-", pulumi.get_stack().lower()).strip("-")

        self.table = self._table()
        self.bucket = self._bucket()
        self.function = self._function(
            "consumer",
            "actualizarComprasStream",
            module="stream",
            environment={
                "S3_BUCKET_NAME": self.bucket.bucket,
                "CURRENCY": settings.currency,
                "STAGE": self._stage,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
            },
            statements=[allow(["s3:PutObject"], Output.concat(self.bucket.arn, f"/{DOCUMENTS}*"))],
        )
        self.reader = self._reader(self.function, self.table.stream_arn, source="dynamodb")
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
            module="report",
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

    def _table(self) -> aws.dynamodb.Table:
        return aws.dynamodb.Table(
            f"{self._name}-table",
            name=self._text_name(f"{self._stage}-t_MS3_compras"),
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
            bucket=self._text_name(f"{self._stage}-compras-backup-s3-bucket"),
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
