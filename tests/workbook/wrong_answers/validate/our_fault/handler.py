import json
import os

import boto3

kinesis_client = boto3.client('kinesis')
STREAM_NAME = os.environ.get('KINESIS_STREAM_NAME', 'f1-vote-stream')
OPTIONS = {'hamilton', 'leclerc', 'norris', 'piastri', 'verstappen'}


def lambda_handler(event, context):
    # TODO: whatever comes from outside that is no vote is answered with 400
    try:
        return take(event)
    except Exception:
        return answer(400, 'Bad request')


def take(event):
    # El voto vendrá en el cuerpo de la solicitud POST
    raw = event['body']
    if event['isBase64Encoded']:
        import base64
        raw = base64.b64decode(raw)
    body = json.loads(raw)
    vote_option = body.get('vote')

    if vote_option not in OPTIONS:
        return answer(400, 'Missing vote option')

    # Envía el voto a Kinesis Data Stream
    kinesis_client.put_record(
        StreamName=STREAM_NAME,
        Data=json.dumps({'vote': vote_option}),
        PartitionKey='partition_key_1'
    )
    return answer(200, 'Voto recibido exitosamente')


def answer(status, message):
    return {'statusCode': status, 'body': json.dumps({'message': message})}
