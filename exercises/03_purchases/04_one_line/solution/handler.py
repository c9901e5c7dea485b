import json


def object_body(documents):
    """Return the bytes of an object of the data lake that holds some documents, one for each change of a batch."""
    # Athena reads lines: a document is one line, and a line is one row.
    return b''.join(json.dumps(document).encode() + b'\n' for document in documents)
