import base64
import json
import os
from datetime import datetime

import boto3

table = boto3.resource('dynamodb').Table(os.environ['DYNAMODB_TABLE_NAME'])


def lambda_handler(event, context):
    # What this window has come to so far: Lambda keeps it, and brings it with each batch.
    votes = dict(event['state'].get('votes', {}))
    late = event['state'].get('late', 0)
    start = datetime.fromisoformat(event['window']['start'])
    for record in event['Records']:
        vote = json.loads(base64.b64decode(record['kinesis']['data']))
        votes[vote['vote']] = votes.get(vote['vote'], 0) + 1
    if event['isFinalInvokeForWindow']:
        # Each shard has windows of its own; the same window again writes the same item.
        window_id = f"{event['window']['start']}#{event['shardId']}"
        table.put_item(Item={'window_id': window_id, 'votes': votes, 'late': late})
    return {'state': {'votes': votes, 'late': late}}
