from datetime import datetime


def object_key(record):
    """Return the key of the object in S3 that a change of the table is kept in."""
    # TODO: this is the text's path. Which day is it, whose clock, and whose folder?
    keys = record['dynamodb']['Keys']
    tenant, purchase = keys['tenant_id']['S'], keys['compra_id']['S']
    now = datetime.now()
    kind = record['eventName'].lower()
    return f'compras/{tenant}/{now:%Y/%m/%d}/{kind}_{purchase}_{now:%Y%m%d_%H%M%S}.json'
