import base64
import json
import os
import random
import time
from decimal import Decimal

import boto3
from botocore.exceptions import BotoCoreError, ClientError

table = boto3.resource("dynamodb").Table(os.environ.get("DYNAMODB_TABLE_NAME", ""))
sleep = time.sleep

ATTEMPTS = 3
REFUSALS = ("ValidationException", "ItemCollectionSizeLimitExceededException")


def lambda_handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            store_patiently(record)
        except (ClientError, BotoCoreError, ValueError, LookupError, TypeError) as error:
            number = record["kinesis"]["sequenceNumber"]
            print(json.dumps({"failure": kind_of(error), "sequenceNumber": number, "reason": type(error).__name__}))
            failures.append({"itemIdentifier": number})
    return {"batchItemFailures": failures}


def store_patiently(record):
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return store(record)
        except Exception as error:
            if kind_of(error) == "permanent" or attempt == ATTEMPTS:
                raise
            sleep(random.uniform(0.05, 0.1 * 2**attempt))


def store(record):
    order = json.loads(base64.b64decode(record["kinesis"]["data"]), parse_float=Decimal)
    table.put_item(Item={"order_id": order["order_id"], "quantity": order["quantity"], "price": order["price"]})


def kind_of(error):
    """Say whether an error of `store` is "transient" or "permanent"."""
    if isinstance(error, ClientError):
        # AWS refuses this very item, and always will. Anything else passes, or somebody can mend it.
        return "permanent" if error.response["Error"]["Code"] in REFUSALS else "transient"
    # No answer at all: a timeout, no connection. All others are about what is in the record.
    return "transient" if isinstance(error, BotoCoreError) else "permanent"
