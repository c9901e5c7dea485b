import base64
import json
import uuid
from datetime import datetime

import boto3

dynamodb = boto3.resource('dynamodb')
table = dynamodb.Table('EventLogs')


def lambda_handler(event, context):
    for record in event['Records']:
        # Kinesis holds bytes; in the event, which is JSON, they are written in base64.
        payload = json.loads(record['kinesis']['data'])
        event_id = str(uuid.uuid4())
        timestamp = datetime.utcnow().isoformat()

        table.put_item(
            Item={
                'eventId': event_id,
                'timestamp': timestamp,
                'data': payload
            }
        )
