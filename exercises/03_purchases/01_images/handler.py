from boto3.dynamodb.types import TypeDeserializer

deserializer = TypeDeserializer()


def read_change(record):
    """Return what a record of the table's stream tells: what happened, to which purchase, and whether TTL did it."""
    # TODO: this is all that the text shows. What does a REMOVE bring, and who made it?
    image = record['dynamodb']['NewImage']
    return {
        'event_name': record['eventName'],
        'compra': {name: deserializer.deserialize(value) for name, value in image.items()},
        'removed_by_ttl': False,
    }
