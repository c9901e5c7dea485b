import json


def object_body(documents):
    return '\n'.join(json.dumps(document, indent=2) for document in documents).encode()
