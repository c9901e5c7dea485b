import json
import os
import uuid

import boto3

kinesis_client = boto3.client('kinesis')
STREAM_NAME = os.environ['KINESIS_STREAM_NAME']


def lambda_handler(event, context):
    vote_option = json.loads(event['body'])['vote']
    kinesis_client.put_record(
        StreamName=STREAM_NAME,
        Data=json.dumps({'vote': vote_option}),
        PartitionKey=str(uuid.uuid4())
    )
    return {
        'statusCode': 200,
        # The text's header. Where the API has CORS of its own, API Gateway takes it out.
        'headers': {'Access-Control-Allow-Origin': '*'},
        'body': json.dumps({'message': 'Voto recibido exitosamente'})
    }
