"""An HTTP API, called as a good client calls it.

Connections are kept; what is throttled (429) or fails (5xx, a broken connection) is sent again, ever more patiently. A
failure does not say whether the request was done, so that only a request that may be done twice can be sent again.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import urllib3

from handlers.shared.back_off import back_off_seconds
from lab.errors import LabError
from lab.json_values import as_object
from languages import gettext as _
from languages import language

if TYPE_CHECKING:
    from collections.abc import Callable

MAXIMUM_ATTEMPTS = 8
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 3.2
_TIMEOUT = urllib3.Timeout(connect=5, read=35)  # API Gateway answers within 30 seconds
_THROTTLED = 429
_FAILED = 500
_REFUSED = 400


class Api:
    """An API; thread-safe.

    Args:
        url: where it answers; ends with a slash.
        connections: how many are kept.
        resending: called before a request is sent again.
    """

    def __init__(self, url: str, *, connections: int = 1, resending: Callable[[], None] = lambda: None) -> None:
        self.url = url
        self.stopped = threading.Event()
        """Set it to let nothing be sent again."""
        self._resending = resending
        self._pool = urllib3.PoolManager(maxsize=connections, block=True, retries=False, timeout=_TIMEOUT)

    def get(self, path: str) -> Any:
        """Return the JSON at a path.

        Raises:
            LabError: the API refuses, or fails again and again.
        """
        return self._request("GET", path, None)

    def post(self, path: str, body: bytes) -> Any:
        """Post a body of JSON, and return the answer's.

        Raises:
            LabError: the API refuses, or fails again and again.
        """
        return self._request("POST", path, body)

    def _request(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"Content-Type": "application/json", "Accept-Language": language()}
        reason = ""
        for attempt in range(MAXIMUM_ATTEMPTS):
            if attempt:
                pause = back_off_seconds(attempt - 1, first=FIRST_WAIT_SECONDS, longest=LONGEST_WAIT_SECONDS)
                if self.stopped.wait(pause):
                    break
                self._resending()
            try:
                answer = self._pool.request(method, self.url + path, body=body, headers=headers)
            except urllib3.exceptions.HTTPError as error:
                reason = str(error)
                continue
            if answer.status < _REFUSED:
                return _json(answer.data)
            reason = f"{answer.status} {as_object(_json(answer.data)).get('message', '')}"
            if answer.status < _FAILED and answer.status != _THROTTLED:
                raise LabError(_("{url} refused a request.").format(url=self.url + path), why=reason)
        raise LabError(
            _("{url} failed {attempts} times.").format(url=self.url + path, attempts=MAXIMUM_ATTEMPTS), why=reason
        )


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None
