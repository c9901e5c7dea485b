import base64
import json
import os
from collections import Counter

import boto3

table = boto3.resource('dynamodb').Table(os.environ['DYNAMODB_TABLE_NAME'])

# TODO: this memory is not the window's, and Lambda never sees it
votes = Counter()


def lambda_handler(event, context):
    for record in event['Records']:
        vote = json.loads(base64.b64decode(record['kinesis']['data']))
        votes[vote['vote']] += 1
    if event['isFinalInvokeForWindow']:
        table.put_item(Item={'window_id': event['window']['start'], 'votes': dict(votes), 'late': 0})
        votes.clear()
    return {'state': dict(votes)}
