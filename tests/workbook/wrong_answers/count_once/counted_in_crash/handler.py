import base64
import json
import os

import boto3

dynamodb = boto3.resource('dynamodb')
TABLE_NAME = os.environ.get('DYNAMODB_TABLE_NAME', 'f1-vote-results')
table = dynamodb.Table(TABLE_NAME)


def lambda_handler(event, context):
    for record in event['Records']:
        vote = json.loads(base64.b64decode(record['kinesis']['data']))
        key = {'option_id': 'vote#' + vote['id']}
        if 'Item' in table.get_item(Key=key, ConsistentRead=True):
            continue
        table.update_item(
            Key={'option_id': vote['vote']},
            UpdateExpression='ADD votes :inc',
            ExpressionAttributeValues={':inc': 1}
        )
        table.put_item(Item=key)
