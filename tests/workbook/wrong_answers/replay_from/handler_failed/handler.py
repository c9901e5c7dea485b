import base64
import json
import os
from decimal import Decimal

import boto3

table = boto3.resource("dynamodb").Table(os.environ.get("DYNAMODB_TABLE_NAME", ""))


def lambda_handler(event, context):
    for record in event["Records"]:
        order = json.loads(base64.b64decode(record["kinesis"]["data"]), parse_float=Decimal)
        table.put_item(
            Item={
                "id": order["id"],  # the same in a retry, in a replay, and when the producer sent it twice
                "order_id": order["id"],
                "customer_id": order["customer_id"],
                "total": order["quantity"] * order["unit_price"],
            }
        )
        # `lab show orders` counts these lines
        print(json.dumps({"message": "Order processed", "order_id": order["id"], "event_id": record["eventID"]}))
