import base64
import os
from datetime import UTC, datetime
from urllib.parse import quote

import boto3

s3 = boto3.client("s3")


def lambda_handler(event, context):
    # TODO: an object for each record is a bill for each record
    for record in event["Records"]:
        s3.put_object(
            Bucket=os.environ["S3_BUCKET_NAME"],
            Key=object_key(record["kinesis"]),
            Body=base64.b64decode(record["kinesis"]["data"]),
        )


def object_key(kinesis):
    arrival = datetime.fromtimestamp(kinesis["approximateArrivalTimestamp"], UTC)
    key = quote(kinesis["partitionKey"], safe="")
    return f"{key}-{arrival:%Y-%m-%d-%H%M%S}-{kinesis['sequenceNumber']}.txt"
