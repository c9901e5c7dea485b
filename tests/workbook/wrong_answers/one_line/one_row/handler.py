import json


def object_body(documents):
    return ''.join(json.dumps(document) for document in documents).encode()
