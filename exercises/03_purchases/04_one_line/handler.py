import json


def object_body(documents):
    """Return the bytes of an object of the data lake that holds some documents, one for each change of a batch."""
    texts = []
    for document in documents:
        texts.append(json.dumps(document, indent=2))  # easy to read in S3's console
    return ','.join(texts).encode()
