import base64
import json
import uuid
from datetime import datetime

import boto3

dynamodb = boto3.resource('dynamodb')
table = dynamodb.Table('EventLogs')


def lambda_handler(event, context):
    for record in event['Records']:
        # TODO: which numbers does a table take, and which should nobody have sent?
        payload = json.loads(base64.b64decode(record['kinesis']['data']))
        event_id = str(uuid.uuid4())
        timestamp = datetime.utcnow().isoformat()

        table.put_item(
            Item={
                'eventId': event_id,
                'timestamp': timestamp,
                'data': payload
            }
        )
