"""Notes each change that reaches it, where a real shop would send a mail. Not to be edited."""

import os

import boto3

table = boto3.resource('dynamodb').Table(os.environ['DYNAMODB_TABLE_NAME'])


def lambda_handler(event, context):
    for record in event['Records']:
        keys = record['dynamodb']['Keys']
        tenant, purchase = keys['tenant_id']['S'], keys['compra_id']['S']
        print(record['eventName'], tenant, purchase)
        table.put_item(
            Item={'eventID': record['eventID'], 'event_name': record['eventName'], 'tenant_id': tenant, 'compra_id': purchase}
        )
    return {'batchItemFailures': []}
