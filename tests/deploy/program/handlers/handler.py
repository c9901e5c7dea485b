import json


def handler(event, context):  # noqa: ARG001 - Lambda's own signature
    return {"statusCode": 200, "body": json.dumps({"n": len(event.get("Records", []))})}
