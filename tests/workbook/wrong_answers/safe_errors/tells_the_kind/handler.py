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
        kinesis_client.put_record(
            StreamName=STREAM_NAME,
            Data=json.dumps({'vote': vote_option}),
            PartitionKey='partition_key_1'
        )
        return answer(200, 'Voto recibido exitosamente')
    except NotAVote as reason:
        return answer(400, str(reason))
    except Exception as e:
        print(e)
        # TODO: who reads this, and who does not?
        return answer(500, f'Error: {type(e).__name__}')


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
