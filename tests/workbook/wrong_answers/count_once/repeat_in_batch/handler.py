import base64
import json
import os

import boto3

dynamodb = boto3.resource('dynamodb')
TABLE_NAME = os.environ.get('DYNAMODB_TABLE_NAME', 'f1-vote-results')
table = dynamodb.Table(TABLE_NAME)


def lambda_handler(event, context):
    # The whole batch in one transaction.
    actions = []
    for record in event['Records']:
        vote = json.loads(base64.b64decode(record['kinesis']['data']))
        key = {'option_id': 'vote#' + vote['id']}
        if 'Item' in table.get_item(Key=key, ConsistentRead=True):
            continue
        actions.append(vote)
    if not actions:
        return
    options = {vote['vote'] for vote in actions}
    table.meta.client.transact_write_items(TransactItems=[
        *({'Put': {
            'TableName': TABLE_NAME,
            'Item': {'option_id': 'vote#' + vote['id']},
            'ConditionExpression': 'attribute_not_exists(option_id)',
        }} for vote in actions),
        *({'Update': {
            'TableName': TABLE_NAME,
            'Key': {'option_id': option},
            'UpdateExpression': 'ADD votes :votes',
            'ExpressionAttributeValues': {':votes': sum(vote['vote'] == option for vote in actions)},
        }} for option in options),
    ])
