import base64
import json
import os

import boto3

dynamodb = boto3.resource('dynamodb')
TABLE_NAME = os.environ.get('DYNAMODB_TABLE_NAME', 'f1-vote-results')
table = dynamodb.Table(TABLE_NAME)
seen = set()


def lambda_handler(event, context):
    for record in event['Records']:
        payload = base64.b64decode(record['kinesis']['data']).decode('utf-8')
        vote_data = json.loads(payload)
        if vote_data['id'] in seen:
            continue
        seen.add(vote_data['id'])
        table.update_item(
            Key={'option_id': vote_data['vote']},
            UpdateExpression='ADD votes :inc',
            ExpressionAttributeValues={':inc': 1}
        )
