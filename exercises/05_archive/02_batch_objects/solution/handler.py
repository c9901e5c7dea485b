import base64
import gzip
import json
import os
from datetime import UTC, datetime
from itertools import groupby

import boto3

s3 = boto3.client("s3")


def lambda_handler(event, context):
    # A batch is of one shard and in order; only around midnight has it records of two days.
    for day, records in groupby(event["Records"], key=lambda record: arrival(record).date().isoformat()):
        store(day, list(records))


def store(day, records):
    first, last = (records[place]["kinesis"]["sequenceNumber"] for place in (0, -1))
    lines = "".join(f"{json.dumps(line(record), ensure_ascii=False)}\n" for record in records)
    s3.put_object(
        Bucket=os.environ["S3_BUCKET_NAME"],
        # Made of the records alone: the same batch writes the same object again.
        Key=f"dt={day}/{first}-{last}.ndjson.gz",
        Body=gzip.compress(lines.encode(), mtime=0),
    )


def line(record):
    """A record as a line: all that somebody needs who wants to read it again."""
    kinesis = record["kinesis"]
    return {
        "shard": record["eventID"].partition(":")[0],
        "sequence_number": kinesis["sequenceNumber"],
        "partition_key": kinesis["partitionKey"],
        "arrival": arrival(record).isoformat(timespec="milliseconds"),
        **payload(kinesis["data"]),
    }


def payload(data):
    """Text where it is text, to be searched; other bytes in base64."""
    try:
        return {"data": base64.b64decode(data).decode()}
    except UnicodeDecodeError:
        return {"data_base64": data}


def arrival(record):
    return datetime.fromtimestamp(record["kinesis"]["approximateArrivalTimestamp"], UTC)
