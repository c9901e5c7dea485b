import base64
import json
import os
from collections import Counter

import boto3

dynamodb = boto3.resource('dynamodb')
TABLE_NAME = os.environ.get('DYNAMODB_TABLE_NAME', 'f1-vote-results')
table = dynamodb.Table(TABLE_NAME)


def lambda_handler(event, context):
    votes = Counter()
    for record in event['Records']:
        vote_data = json.loads(base64.b64decode(record['kinesis']['data']))
        votes[vote_data['vote']] += 1
    for option, count in votes.items():
        # TODO: one update for each option is cheap. What if some of these votes are in the sum already?
        table.update_item(
            Key={'option_id': option},
            UpdateExpression='ADD votes :count',
            ExpressionAttributeValues={':count': count}
        )
