import base64
import json
import os
import time
from decimal import Decimal

import boto3

table = boto3.resource("dynamodb").Table(os.environ.get("DYNAMODB_TABLE_NAME", ""))
sleep = time.sleep


def lambda_handler(event, context):
    for record in event["Records"]:
        try:
            store(record)
        except Exception as error:
            # TODO: which errors will pass by themselves, and which never? What must Lambda be told?
            print("Error:", error)
    return {"batchItemFailures": []}


def store(record):
    order = json.loads(base64.b64decode(record["kinesis"]["data"]), parse_float=Decimal)
    table.put_item(Item={"order_id": order["order_id"], "quantity": order["quantity"], "price": order["price"]})


def kind_of(error):
    """Say whether an error of `store` is "transient" or "permanent"."""
    return "transient"
