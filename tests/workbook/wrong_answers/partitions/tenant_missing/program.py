"""A bucket of purchases that Athena reads as a table. Deploy it with `lab up partitions --stack exercises`."""

import pulumi
import pulumi_aws as aws
from pulumi import Output

from components.settings_reading import read_settings

stack = read_settings().lesson_args("partitions")

bucket = aws.s3.Bucket("purchases", force_destroy=stack["removable"], tags=stack["tags"])
documents = Output.concat("s3://", bucket.bucket, "/compras/")
database = aws.glue.CatalogDatabase("purchases", name=f"{pulumi.get_stack()}_partitions".replace("-", "_"))
table = aws.glue.CatalogTable(
    "purchases",
    name="compras_json",
    database_name=database.name,
    table_type="EXTERNAL_TABLE",
    partition_keys=[{"name": key, "type": "string"} for key in ("tenant_id", "year", "month", "day")],
    storage_descriptor={
        "location": documents,
        "input_format": "org.apache.hadoop.mapred.TextInputFormat",
        "output_format": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "ser_de_info": {"serialization_library": "org.apache.hive.hcatalog.data.JsonSerDe"},
        "columns": [{"name": "compra_id", "type": "string"}, {"name": "total", "type": "decimal(18,2)"}],
    },
    parameters={
        "EXTERNAL": "TRUE",
        "classification": "json",
        # Which partitions there are is computed, not looked up: nothing has to be added for a new day.
        "projection.enabled": "true",
        "projection.tenant_id.type": "enum",
        "projection.tenant_id.values": "empresa_postman",
        # A date, because only a date's range can end with the present.
        "projection.year.type": "date",
        "projection.year.format": "yyyy",
        "projection.year.range": "2025,NOW",
        "projection.year.interval": "1",
        "projection.year.interval.unit": "YEARS",
        "projection.month.type": "integer",
        "projection.month.range": "1,12",
        "projection.month.digits": "2",
        "projection.day.type": "integer",
        "projection.day.range": "1,31",
        "projection.day.digits": "2",
        # Where a partition lies; the paths do not name their columns.
        "storage.location.template": Output.concat(documents, "${tenant_id}/${year}/${month}/${day}/"),
    },
)
workgroup = aws.athena.Workgroup(
    "purchases",
    configuration={
        "bytes_scanned_cutoff_per_query": 100 * 1024 * 1024,
        "result_configuration": {"output_location": Output.concat("s3://", bucket.bucket, "/results/")},
    },
    force_destroy=stack["removable"],
    tags=stack["tags"],
)
pulumi.export(
    "purchases",
    {
        "BucketName": bucket.bucket,
        "GlueDatabaseName": database.name,
        "AthenaWorkGroupName": workgroup.name,
    },
)
