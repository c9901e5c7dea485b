import base64
import json
import os

import boto3

client = boto3.client('dynamodb')
TABLE_NAME = os.environ.get('DYNAMODB_TABLE_NAME', 'f1-vote-results')


def lambda_handler(event, context):
    for record in event['Records']:
        vote_data = json.loads(base64.b64decode(record['kinesis']['data']))
        # "Idempotent", says the documentation of the token; for how long stands further down.
        client.transact_write_items(
            ClientRequestToken=vote_data['id'][:36],
            TransactItems=[{'Update': {
                'TableName': TABLE_NAME,
                'Key': {'option_id': {'S': vote_data['vote']}},
                'UpdateExpression': 'ADD votes :inc',
                'ExpressionAttributeValues': {':inc': {'N': '1'}},
            }}],
        )
