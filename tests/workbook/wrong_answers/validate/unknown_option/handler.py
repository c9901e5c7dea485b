import base64
import json
import os

import boto3

kinesis_client = boto3.client('kinesis')
STREAM_NAME = os.environ.get('KINESIS_STREAM_NAME', 'f1-vote-stream')
OPTIONS = {'hamilton', 'leclerc', 'norris', 'piastri', 'verstappen'}


class NotAVote(Exception):
    """What came is no vote. The text says why, in our own words: the sender may read it."""


def lambda_handler(event, context):
    try:
        vote_option = read_vote(event)
    except NotAVote as reason:
        return answer(400, str(reason))

    # Outside the try: when Kinesis fails, it is not the voter's fault.
    kinesis_client.put_record(
        StreamName=STREAM_NAME,
        Data=json.dumps({'vote': vote_option}),
        PartitionKey='partition_key_1'
    )
    return answer(200, 'Voto recibido exitosamente')


def read_vote(event):
    body = event.get('body')
    if not body:
        raise NotAVote('Falta el cuerpo de la solicitud')
    try:
        if event.get('isBase64Encoded'):
            body = base64.b64decode(body).decode('utf-8')
        body = json.loads(body)
    except ValueError:  # broken base64, other bytes than UTF-8, no JSON: all of them are ValueErrors
        raise NotAVote('El cuerpo debe ser JSON') from None
    if not isinstance(body, dict):
        raise NotAVote('El cuerpo debe ser un objeto JSON')
    vote_option = body.get('vote')
    if not isinstance(vote_option, str) or not vote_option:
        raise NotAVote('Opciones: ' + ', '.join(sorted(OPTIONS)))
    return vote_option


def answer(status, message):
    return {'statusCode': status, 'body': json.dumps({'message': message})}
