"""Finds the newest events of one sensor: python query.py SENSOR."""

import json
import subprocess
import sys

import boto3


def newest_events(table, sensor, limit):
    """Return the newest events of a sensor, at most `limit`, the newest first: [{'timestamp': …, 'data': …}, …]."""
    found = table.query(
        IndexName='sensor-timestamp-index',
        KeyConditionExpression='sensor = :sensor',
        ExpressionAttributeValues={':sensor': sensor},
        ScanIndexForward=False,  # an index is in the order of its sort key; this begins at its end
        Limit=limit,
        # timestamp and data are words of DynamoDB's own language; a name with # stands for each.
        ProjectionExpression='timestamp, data',
    )
    return found['Items']


if __name__ == '__main__':
    outputs = json.loads(subprocess.check_output(['lab', 'outputs', '--stack', 'exercises', '--json']))
    deployed = boto3.resource('dynamodb').Table(outputs['basic']['DynamoDBTableName'])
    for event in newest_events(deployed, sys.argv[1], 5):
        print(event['timestamp'], event['data'])
