import json
import uuid
from datetime import datetime

import boto3

dynamodb = boto3.resource('dynamodb')
table = dynamodb.Table('EventLogs')


def lambda_handler(event, context):
    for record in event['Records']:  # Obtener datos del evento
    payload = json.loads(record['kinesis']['data'])
    event_id = str(uuid.uuid4())
    timestamp = datetime.utcnow().isoformat()

    # TODO: what is in record['kinesis']['data'], and what does the table need?
    table.put_item(
        Item={
            'eventId': event_id,
            'timestamp': timestamp,
            'data': payload
        }
    )
