import json


def object_body(documents):
    return json.dumps({'documents': documents}).encode()
