import base64
import json
import uuid
from datetime import datetime
from decimal import Decimal

import boto3

dynamodb = boto3.resource('dynamodb')
table = dynamodb.Table('EventLogs')


def decode(record):
    """Return what was sent, every number as it was written."""
    # Kinesis holds bytes; in the event, which is JSON, they are written in base64.
    raw = base64.b64decode(record['kinesis']['data'])
    if b'NaN' in raw or b'Infinity' in raw:
        raise ValueError('NaN, Infinity and -Infinity are no numbers')
    return json.loads(raw, parse_float=Decimal)


def refuse(name):
    # Python's json reads and writes NaN and Infinity; neither JSON nor DynamoDB has them.
    raise ValueError(f'{name} is not a number')


def lambda_handler(event, context):
    for record in event['Records']:
        payload = decode(record)
        event_id = str(uuid.uuid4())
        timestamp = datetime.utcnow().isoformat()

        table.put_item(
            Item={
                'eventId': event_id,
                'timestamp': timestamp,
                'data': payload
            }
        )
