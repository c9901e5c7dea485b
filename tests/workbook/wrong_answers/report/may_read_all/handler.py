import json
import os

import boto3

table = boto3.resource('dynamodb').Table(os.environ['DYNAMODB_TABLE_NAME'])


def lambda_handler(event, context):
    """Answer GET /reportes?tenant_id=…&desde=… with how many purchases a shop has, and what they amount to."""
    # TODO: a shop's own purchases, without reading everybody's; all pages; 400 for what cannot be answered
    asked = event['queryStringParameters']
    tenant, first_day = asked['tenant_id'], asked.get('desde', '')
    items = table.scan()['Items']
    own = [item for item in items if item['tenant_id'] == tenant and item['fecha'] >= first_day]
    return {
        'statusCode': 200,
        'headers': {'Content-Type': 'application/json'},
        'body': json.dumps({
            'tenant_id': tenant,
            'compras': len(own),
            'total_precio': float(sum(item['total'] for item in own)),
        }),
    }
