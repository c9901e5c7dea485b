import base64
import json
import os
from collections import Counter

import boto3

dynamodb = boto3.resource('dynamodb')
TABLE_NAME = os.environ.get('DYNAMODB_TABLE_NAME', 'f1-vote-results')
table = dynamodb.Table(TABLE_NAME)


def lambda_handler(event, context):
    shard = event['Records'][0]['eventID'].partition(':')[0]
    key = {'option_id': f'mark#{shard}'}
    mark = int(table.get_item(Key=key, ConsistentRead=True).get('Item', {}).get('last', '0'))
    votes = Counter()
    newest = mark
    for record in event['Records']:
        number = int(record['kinesis']['sequenceNumber'])
        if number <= mark:
            continue
        newest = number
        vote_data = json.loads(base64.b64decode(record['kinesis']['data']))
        votes[vote_data['vote']] += 1
    table.put_item(Item=key | {'last': str(newest)})
    for option, count in votes.items():
        table.update_item(
            Key={'option_id': option},
            UpdateExpression='ADD votes :count',
            ExpressionAttributeValues={':count': count}
        )
