import json
import os
import uuid

import boto3

kinesis_client = boto3.client("kinesis")
STREAM_NAME = os.environ.get("KINESIS_STREAM_NAME", "f1-vote-stream")


def lambda_handler(event, context):
    body = json.loads(event["body"])
    vote_option = body.get("vote")
    kinesis_client.put_record(
        StreamName=STREAM_NAME,
        Data=json.dumps({"vote": vote_option}),
        # The vote's own id, where its sender gave it one: what is sent twice comes to the same shard.
        PartitionKey=body.get("id") or vote_option,
    )
    return {"statusCode": 200, "body": json.dumps({"message": "Voto recibido exitosamente"})}
