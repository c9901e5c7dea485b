import base64
import json
import os

import boto3

dynamodb = boto3.resource("dynamodb")
TABLE_NAME = os.environ.get("DYNAMODB_TABLE_NAME", "f1-vote-results")
table = dynamodb.Table(TABLE_NAME)


def lambda_handler(event, context):
    for record in event["Records"]:
        payload = base64.b64decode(record["kinesis"]["data"]).decode("utf-8")
        vote_data = json.loads(payload)
        try:
            table.update_item(
                Key={"option_id": vote_data["vote"]},
                UpdateExpression="ADD votes :inc, ids :id",
                ConditionExpression="NOT contains(ids, :one)",
                ExpressionAttributeValues={":inc": 1, ":id": {vote_data["id"]}, ":one": vote_data["id"]},
            )
        except dynamodb.meta.client.exceptions.ConditionalCheckFailedException:
            pass
