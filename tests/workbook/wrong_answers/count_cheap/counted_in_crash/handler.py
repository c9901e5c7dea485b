import base64
import json
import os

import boto3

dynamodb = boto3.resource('dynamodb')
TABLE_NAME = os.environ.get('DYNAMODB_TABLE_NAME', 'f1-vote-results')
table = dynamodb.Table(TABLE_NAME)


def lambda_handler(event, context):
    numbers = {}
    for record in event['Records']:
        vote_data = json.loads(base64.b64decode(record['kinesis']['data']))
        # 56 digits: an int in Python, a text in DynamoDB, whose numbers have 38.
        numbers.setdefault(vote_data['vote'], []).append(int(record['kinesis']['sequenceNumber']))
    shard = event['Records'][0]['eventID'].partition(':')[0]
    for option, of_option in numbers.items():
        count_behind(option, shard, of_option)


def count_behind(option, shard, numbers):
    """Add what lies behind the last record counted of this shard, and move that mark: in one update."""
    mark = f'last_{shard}'
    item = table.get_item(Key={'option_id': option}, ConsistentRead=True).get('Item', {})
    new = [number for number in numbers if number > int(item.get(mark, '0'))]
    if not new:
        return
    values = {':new': len(new), ':newest': str(max(new))}
    # Where somebody else moved the mark since, this fails, and Lambda brings the batch again.
    table.update_item(
        Key={'option_id': option},
        UpdateExpression='ADD votes :new',
        ExpressionAttributeValues={':new': len(new)}
    )
    table.update_item(
        Key={'option_id': option},
        UpdateExpression='SET #mark = :newest',
        ExpressionAttributeNames={'#mark': mark},
        ExpressionAttributeValues={':newest': str(max(new))}
    )
