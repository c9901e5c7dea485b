import base64
import json
import os
from datetime import datetime, timezone
from decimal import Decimal

import boto3

dynamodb = boto3.resource('dynamodb')
# Not written here: the same code serves every stack, and without the variable it does not even start.
table = dynamodb.Table(os.environ['DYNAMODB_TABLE_NAME'])


def decode(record):
    """Return what was sent, every number as it was written."""
    # Kinesis holds bytes; in the event, which is JSON, they are written in base64.
    raw = base64.b64decode(record['kinesis']['data'])
    return json.loads(raw, parse_float=Decimal, parse_constant=refuse)


def refuse(name):
    # Python's json reads and writes NaN and Infinity; neither JSON nor DynamoDB has them.
    raise ValueError(f'{name} is not a number')


def arrival(record):
    """Return when the stream took the record, in UTC."""
    # Seconds since 1970 with three decimals: when the event came, not when somebody got round to it.
    return datetime.fromtimestamp(record['kinesis']['approximateArrivalTimestamp'], timezone.utc)


def store(record):
    """Make an item of a record; the same record makes the same item again."""
    payload = decode(record)
    item = {
        # Shard and sequence number: the record's own, the same however often it is delivered.
        'eventId': record['eventID'],
        'timestamp': arrival(record).isoformat(timespec='milliseconds'),
        'data': payload
    }
    sensor = payload.get('sensor')
    # The key of an index must be a text that is not empty; an item without it is only missing from the index.
    if isinstance(sensor, str) and sensor:
        item['sensor'] = sensor
    table.put_item(Item=item)


def lambda_handler(event, context):
    for record in event['Records']:
        try:
            store(record)
        except Exception as error:
            # Whatever it was: Lambda takes what came before as done, and delivers again from here.
            sequence_number = record['kinesis']['sequenceNumber']
            print(f'{sequence_number} failed: {type(error).__name__}: {error}')
            return {'batchItemFailures': [{'itemIdentifier': sequence_number}]}
    return {'batchItemFailures': []}
