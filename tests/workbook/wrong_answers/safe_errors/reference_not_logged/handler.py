import json
import logging
import os

import boto3
from botocore.exceptions import BotoCoreError, ClientError

logger = logging.getLogger()

kinesis_client = boto3.client('kinesis')
STREAM_NAME = os.environ.get('KINESIS_STREAM_NAME', 'f1-vote-stream')
OPTIONS = {'hamilton', 'leclerc', 'norris', 'piastri', 'verstappen'}


class NotAVote(Exception):
    """What came is no vote. The text says why, in our own words: the sender may read it."""


def lambda_handler(event, context):
    # By this id the voter's complaint and our log find each other.
    request_id = event['requestContext']['requestId']
    try:
        vote_option = read_vote(event)
    except NotAVote as reason:
        return answer(400, str(reason))
    try:
        kinesis_client.put_record(
            StreamName=STREAM_NAME,
            Data=json.dumps({'vote': vote_option}),
            PartitionKey='partition_key_1'
        )
    except (ClientError, BotoCoreError):  # all that AWS's client raises; a bug of ours may end the invocation
        logger.exception('Vote not taken')
        return answer(503, f'No pudimos registrar tu voto. Inténtalo de nuevo. Referencia: {request_id}')
    return answer(200, 'Voto recibido exitosamente')


def read_vote(event):
    try:
        vote_option = json.loads(event['body'])['vote']
    except (KeyError, TypeError, ValueError):
        raise NotAVote('El cuerpo debe ser un objeto JSON con "vote"') from None
    if not isinstance(vote_option, str) or vote_option not in OPTIONS:
        raise NotAVote('Opciones: ' + ', '.join(sorted(OPTIONS)))
    return vote_option


def answer(status, message):
    return {'statusCode': status, 'body': json.dumps({'message': message})}
