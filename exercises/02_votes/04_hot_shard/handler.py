import json
import os

import boto3

kinesis_client = boto3.client('kinesis')
STREAM_NAME = os.environ.get('KINESIS_STREAM_NAME', 'f1-vote-stream')


def lambda_handler(event, context):
    body = json.loads(event['body'])
    vote_option = body.get('vote')
    # TODO: first observe where these go (answers.toml), then choose another key
    kinesis_client.put_record(
        StreamName=STREAM_NAME,
        Data=json.dumps({'vote': vote_option}),
        PartitionKey='partition_key_1'
    )
    return {'statusCode': 200, 'body': json.dumps({'message': 'Voto recibido exitosamente'})}
