import base64
import json
import os
from decimal import Decimal

import boto3

table = boto3.resource('dynamodb').Table(os.environ['DYNAMODB_TABLE_NAME'])


def store(record):
    """Make an item of a reading; the same reading makes the same item, also when it is replayed."""
    payload = json.loads(base64.b64decode(record['kinesis']['data']), parse_float=Decimal)
    # A record that is put into the stream again has a new id; replay_of says whose place it takes.
    event_id = payload.pop('replay_of', record['eventID'])
    table.put_item(Item={'eventId': event_id, 'data': payload})


def lambda_handler(event, context):
    for record in event['Records']:
        try:
            store(record)
        except Exception as error:
            print(f"{record['eventID']} failed: {type(error).__name__}: {error}")
            return {'batchItemFailures': [{'itemIdentifier': record['kinesis']['sequenceNumber']}]}
    return {'batchItemFailures': []}
