"""Archives a batch as one object, and takes half a second for it."""

import datetime as dt
import json
import os
import time
import uuid

import boto3

S3 = boto3.client("s3")


def lambda_handler(event, context):
    lines = [
        json.dumps(
            {
                "shard": record["eventID"].split(":")[0],
                "sequence_number": record["kinesis"]["sequenceNumber"],
                "data": record["kinesis"]["data"],
            }
        )
        for record in event["Records"]
    ]
    # A new name for each attempt: what is written twice shall be seen.
    key = f"dt={dt.datetime.now(dt.timezone.utc):%Y-%m-%d}/{uuid.uuid4()}.ndjson"
    S3.put_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body="\n".join(lines).encode())
    time.sleep(0.5)
