import base64
import json
import os
import time

import boto3

table = boto3.resource('dynamodb').Table(os.environ['DYNAMODB_TABLE_NAME'])
SECONDS_PER_RECORD = float(os.environ['SECONDS_PER_RECORD'])


def lambda_handler(event, context):
    started = time.monotonic()
    for number, record in enumerate(event['Records'], start=1):
        vote = json.loads(base64.b64decode(record['kinesis']['data']))
        table.update_item(
            Key={'option_id': vote['vote']},
            UpdateExpression='ADD votes :inc',
            ExpressionAttributeValues={':inc': 1}
        )
        # A service is asked whether the vote is real. It takes its time, and is not ours.
        time.sleep(max(0, started + number * SECONDS_PER_RECORD - time.monotonic()))
