from boto3.dynamodb.types import TypeDeserializer

deserializer = TypeDeserializer()

# Who the record says has removed an item whose time was over.
TIME_TO_LIVE = 'dynamodb.amazonaws.com'


def read_change(record):
    """Return what a record of the table's stream tells: what happened, to which purchase, and whether TTL did it."""
    # An INSERT has a new image only, a MODIFY both, a REMOVE an old one only.
    view = 'OldImage' if record['eventName'] == 'REMOVE' else 'NewImage'
    image = record['dynamodb'].get('NewImage') or record['dynamodb']['Keys']
    who = record.get('userIdentity') or {}
    return {
        'event_name': record['eventName'],
        'compra': {name: deserializer.deserialize(value) for name, value in image.items()},
        'removed_by_ttl': who.get('principalId') == TIME_TO_LIVE,
    }
