"""Votes as last year's app does, straight into the stream: python old_app.py STREAM_NAME"""
import json
import sys
import uuid

import boto3

kinesis = boto3.client('kinesis')
for number in range(5):
    vote = {'driver': 'norris', 'id': str(uuid.uuid4())}
    # A telephone in a stand: the answer did not arrive, so the app sends the same vote again.
    for _attempt in range(2):
        kinesis.put_record(StreamName=sys.argv[1], Data=json.dumps(vote).encode(), PartitionKey=vote['id'])
