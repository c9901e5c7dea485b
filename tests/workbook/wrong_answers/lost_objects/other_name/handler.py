import base64
import os
from datetime import UTC, datetime
from urllib.parse import quote

import boto3

s3 = boto3.client("s3")


def lambda_handler(event, context):
    for record in event["Records"]:
        s3.put_object(
            Bucket=os.environ["S3_BUCKET_NAME"],
            Key=object_key(record["kinesis"]),
            Body=base64.b64decode(record["kinesis"]["data"]),
        )


def object_key(kinesis):
    """Made of the record alone: delivered again it writes the same object, and no other record has its number."""
    arrival = datetime.fromtimestamp(kinesis["approximateArrivalTimestamp"], UTC)
    # The partition key is somebody's data: a "/" in it would open a folder.
    key = quote(kinesis["partitionKey"], safe="")
    return f"{key}-{kinesis['sequenceNumber']}.txt"
