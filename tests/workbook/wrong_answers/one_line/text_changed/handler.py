import json


def object_body(documents):
    lines = []
    for document in documents:
        clean = {name: value.replace('\n', ' ') if isinstance(value, str) else value for name, value in document.items()}
        lines.append(json.dumps(clean))
    return '\n'.join(lines).encode()
