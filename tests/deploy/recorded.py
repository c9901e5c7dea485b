"""Reads the recordings of the real Pulumi CLI (see recordings/README.md)."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "recordings"
PROGRAM = Path(__file__).resolve().parent / "program"


@dataclass(frozen=True)
class Call:
    """One completed RPC.

    `service` and `method` name it; `request` and `response` are plain JSON, names as protobuf's JSON has them;
    `error` is set instead of a response.
    """

    service: str
    method: str
    request: dict[str, Any]
    response: dict[str, Any] | None
    error: str | None

    @property
    def subject(self) -> str:
        """What it is about: a resource's name, a function's token."""
        return self.request.get("name") or self.request.get("tok") or self.request.get("urn", "")


def calls(name, replaced=None):
    """Return the calls of a recording, in the order in which they completed.

    Args:
        name: the recording, such as "02-up".
        replaced: texts to put in the place of others: the recordings have PROGRAM for the program's folder.
    """
    text = gzip.decompress((FOLDER / f"{name}.jsonl.gz").read_bytes()).decode()
    for old, new in (replaced or {}).items():
        text = text.replace(old, new)
    return [_call(json.loads(line)) for line in text.splitlines()]


def passes(name, replaced=None):
    """Return a recording cut into the passes of the engine: `pulumi up` is a preview, then the update itself."""
    found = []
    for call in calls(name, replaced):
        begins = call.method == "GetDeploymentInfo" or (call.method == "Handshake" and (not found or _ended(found[-1])))
        if begins:
            found.append([])
        if found:
            found[-1].append(call)
    return found


def _ended(past):
    return any(call.method == "Cancel" for call in past)


def _call(line):
    _package, service, method = line["method"].replace(".", "/").split("/")[-3:]
    errors = line.get("errors") or [None]
    return Call(service, method, line.get("request") or {}, line.get("response"), errors[0])
