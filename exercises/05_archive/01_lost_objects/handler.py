import base64
import os
from datetime import datetime

import boto3

s3 = boto3.client("s3")


def lambda_handler(event, context):
    for record in event["Records"]:
        data = base64.b64decode(record["kinesis"]["data"])
        # TODO: which name does each record have for itself alone, however often it is delivered?
        time = datetime.now().strftime("%Y-%m-%d-%H%M%S")
        key = f"{record['kinesis']['partitionKey']}-{time}.txt"
        s3.put_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=data)
