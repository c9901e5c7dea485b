import base64
import json
import os

import boto3

dynamodb = boto3.resource('dynamodb')
TABLE_NAME = os.environ.get('DYNAMODB_TABLE_NAME', 'f1-vote-results')
table = dynamodb.Table(TABLE_NAME)
client = table.meta.client


def lambda_handler(event, context):
    for record in event['Records']:
        payload = base64.b64decode(record['kinesis']['data']).decode('utf-8')
        vote_data = json.loads(payload)
        count_once(vote_data['id'], vote_data['vote'])


def count_once(vote_id, option):
    """Remember the vote and add it: both or neither."""
    try:
        client.transact_write_items(TransactItems=[
            {'Put': {
                'TableName': TABLE_NAME,
                'Item': {'option_id': f'vote#{vote_id}'},
                'ConditionExpression': 'attribute_not_exists(option_id)',
            }},
            {'Update': {
                'TableName': TABLE_NAME,
                'Key': {'option_id': option},
                'UpdateExpression': 'ADD votes :inc',
                'ExpressionAttributeValues': {':inc': 1},
            }},
        ])
    except client.exceptions.TransactionCanceledException as error:
        reasons = [reason['Code'] for reason in error.response['CancellationReasons']]
        if reasons[0] != 'ConditionalCheckFailed':
            raise  # a conflict or a throttle: not counted yet, so Lambda shall bring the batch again
