import json
import os
from datetime import date

import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource('dynamodb').Table(os.environ['DYNAMODB_TABLE_NAME'])


def lambda_handler(event, context):
    """Answer GET /reportes?tenant_id=…&desde=… with how many purchases a shop has, and what they amount to."""
    asked = event.get('queryStringParameters') or {}  # missing where there are none
    tenant, first_day = asked.get('tenant_id'), asked.get('desde')
    if not tenant:
        return _answer(400, {'message': 'tenant_id is missing: whose report? Such as ?tenant_id=empresa_sur'})
    if first_day is not None and not _is_day(first_day):
        return _answer(400, {'message': 'desde must be a day of the calendar, such as 2026-07-13'})
    count, total = 0, 0
    for item in _purchases(tenant):
        if item['fecha'] >= (first_day or ''):
            count += 1
            total += item['total']
    # The sum of Decimals is exact; as a text it stays so.
    return _answer(200, {'tenant_id': tenant, 'compras': count, 'total_precio': float(total)})


def _purchases(tenant):
    """Yield a shop's purchases: a Query by the key reads, and bills, no others. It answers 1 MB at a time."""
    query = {'KeyConditionExpression': Key('tenant_id').eq(tenant)}
    while True:
        page = table.query(**query)
        yield from page['Items']
        if 'LastEvaluatedKey' not in page:
            return
        query['ExclusiveStartKey'] = page['LastEvaluatedKey']


def _is_day(text):
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _answer(status, body):
    return {'statusCode': status, 'headers': {'Content-Type': 'application/json'}, 'body': json.dumps(body)}
