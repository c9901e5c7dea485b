import base64
import json
import os
from decimal import Decimal

import boto3

dynamodb = boto3.resource('dynamodb')
s3 = boto3.client('s3')
readings = dynamodb.Table(os.environ['READINGS_TABLE'])
limits = dynamodb.Table(os.environ['LIMITS_TABLE'])
bucket = os.environ['ARCHIVE_BUCKET']


def process(record):
    """Store a reading, say whether it is over its sensor's limit, and archive it as it came."""
    raw = base64.b64decode(record['kinesis']['data'])
    payload = json.loads(raw, parse_float=Decimal)
    limit = limits.get_item(Key={'sensor': payload['sensor']}).get('Item', {}).get('limit')
    readings.put_item(
        Item={
            'eventId': record['eventID'],
            'data': payload,
            'too_high': limit is not None and payload['value'] > limit,
        }
    )
    s3.put_object(Bucket=bucket, Key=f"readings/{record['eventID']}.json", Body=raw)


def lambda_handler(event, context):
    for record in event['Records']:
        try:
            process(record)
        except Exception as error:
            print(f'{type(error).__name__}: {error}')
            return {'batchItemFailures': [{'itemIdentifier': record['kinesis']['sequenceNumber']}]}
    return {'batchItemFailures': []}
