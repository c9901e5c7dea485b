"""Finds the newest events of one sensor: python query.py SENSOR."""

import json
import subprocess
import sys

import boto3


def newest_events(table, sensor, limit):
    """Return the newest events of a sensor, at most `limit`, the newest first: [{'timestamp': …, 'data': …}, …]."""
    # TODO: this reads the whole table, and DynamoDB does not even understand it
    found = table.scan(ProjectionExpression='timestamp, data')
    return [event for event in found['Items'] if event['data'].get('sensor') == sensor][:limit]


if __name__ == '__main__':
    outputs = json.loads(subprocess.check_output(['lab', 'outputs', '--stack', 'exercises', '--json']))
    deployed = boto3.resource('dynamodb').Table(outputs['basic']['DynamoDBTableName'])
    for event in newest_events(deployed, sys.argv[1], 5):
        print(event['timestamp'], event['data'])
