import base64
import json


def lambda_handler(event, context):
    for record in event['Records']:
        raw = base64.b64decode(record['kinesis']['data'])
        if b'crash' in raw:
            raise RuntimeError('a reading that nobody had thought of')
        try:
            json.loads(raw)
        except ValueError:
            # Reported, not raised: the call itself has succeeded.
            return {'batchItemFailures': [{'itemIdentifier': record['kinesis']['sequenceNumber']}]}
    return {'batchItemFailures': []}
