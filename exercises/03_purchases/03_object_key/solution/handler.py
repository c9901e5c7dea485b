from datetime import datetime, timezone
from urllib.parse import quote


def object_key(record):
    """Return the key of the object in S3 that a change of the table is kept in."""
    change = record['dynamodb']
    keys = change['Keys']
    tenant, purchase = _segment(keys['tenant_id']['S']), _segment(keys['compra_id']['S'])
    # The change's own time: at every delivery of it the same day, on every computer.
    changed_at = datetime.fromtimestamp(change['ApproximateCreationDateTime'], timezone.utc)
    folder = f'compras/tenant_id={tenant}/{changed_at:year=%Y/month=%m/day=%d}'
    kind = record['eventName'].lower()
    # Two changes of a purchase within a second have two sequence numbers.
    return f'{folder}/{kind}_{purchase}_{change["SequenceNumber"]}.json'


def _segment(text):
    """Return a text that is one segment of a path, another for every other text: no slash, no dots."""
    return quote(text, safe='').replace('.', '%2E')
