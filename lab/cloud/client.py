"""Finding this clone's local cloud: where it listens and which one it is."""

from __future__ import annotations

import http.client
import json
import os
from dataclasses import dataclass
from typing import Any

from lab.errors import LabError
from lab.json_values import is_object
from lab.workspace import cloud_record
from languages import gettext as _

LEAST_SCALE = 0.001
"""The smallest factor by which long waits may be shortened."""
ANSWER_SECONDS = 5.0
"""A cloud that is alive answers within milliseconds; a machine that swaps may need a while."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running local cloud.

    Attributes:
        url: its address, the AWS_ENDPOINT_URL of every SDK.
        port: its port.
        pid: its process.
        id: which cloud it is.
        epoch: which life of it: one more whenever everything was lost.
        interruptions: kills that may have cost something that was deployed.
        state_folder: what it keeps.
        time_scale: by what its long waits are multiplied.
    """

    url: str
    port: int
    pid: int
    id: str
    epoch: int
    interruptions: int
    state_folder: str
    time_scale: float


def find_cloud(but_not_on: int | None = None) -> Cloud | None:
    """Return this clone's cloud, None when none runs.

    Args:
        but_not_on: a port that is not asked.
    """
    try:
        recorded: dict[str, Any] = json.loads(cloud_record().read_text())
        pid, port, wanted = int(recorded["pid"]), int(recorded["port"]), recorded["id"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # A killed cloud leaves its record. Who has its port now may never answer, and would be waited for.
    if port == but_not_on or not _is_alive(pid):
        return None
    found = ask(port)
    # Another program, or another clone's cloud, may have the port by now.
    return found if found and found.id == wanted else None


def require_cloud() -> Cloud:
    """Return this clone's cloud; LabError with the command that starts it when none runs."""
    cloud = find_cloud()
    if cloud is None:
        raise LabError(_("The local cloud is not running."), next_step=_("Start it with: lab cloud start"))
    return cloud


def ask(port: int) -> Cloud | None:
    """Return the cloud that listens on a port, None when what is there is no cloud of ours."""
    answer = _request(port, "GET", "/_lab/identity")
    return _cloud(answer) if answer else None


def reset(cloud: Cloud) -> Cloud:
    """Make a cloud forget every resource; return it with its new epoch."""
    answer = _request(cloud.port, "POST", "/_lab/reset", seconds=60)
    if answer is None:
        raise LabError(_("The local cloud did not answer."), next_step=_("See how it is: lab cloud status"))
    return _cloud(answer)


def save(cloud: Cloud) -> None:
    """Return when all that has happened in a cloud would survive a kill of its process."""
    if _request(cloud.port, "POST", "/_lab/save", seconds=60) is None:
        raise LabError(_("The local cloud did not answer."), next_step=_("See how it is: lab cloud status"))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # signal 0 is sent to nobody
    except PermissionError:
        return True  # another user's
    except (OSError, OverflowError):
        return False
    return True


def _cloud(answer: dict[str, Any]) -> Cloud:
    return Cloud(**{name: answer[name] for name in Cloud.__slots__})


def _request(port: int, method: str, path: str, seconds: float = ANSWER_SECONDS) -> dict[str, Any] | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return answer if is_object(answer) and "epoch" in answer else None
