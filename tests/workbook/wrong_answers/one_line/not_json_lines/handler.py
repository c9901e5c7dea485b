import json


def object_body(documents):
    return b''.join(str(document).encode() + b'\n' for document in documents)
