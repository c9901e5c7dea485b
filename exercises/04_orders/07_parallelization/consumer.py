import base64
import json
import time


def lambda_handler(event, context):
    time.sleep(0.5)  # such as a slow payment service
    for record in event["Records"]:
        order = json.loads(base64.b64decode(record["kinesis"]["data"]))
        print(json.dumps({"message": "Order processed", "order_id": order["order_id"], "event_id": record["eventID"]}))
