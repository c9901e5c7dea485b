"""Recording in `.lab` where this clone's cloud listens: how its commands find it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from typing import TYPE_CHECKING, Any

from lab.cloud.client import find_cloud
from lab.workspace import cloud_record

if TYPE_CHECKING:
    from collections.abc import Generator

_log = logging.getLogger("lab.cloud")


@contextlib.contextmanager
def recorded(description: dict[str, Any]) -> Generator[None]:
    """Record a cloud of this process, as long as it serves.

    Args:
        description: who it is (`LocalCloud.describe`).
    """
    record = cloud_record()
    # On our port listens nobody but we, who do not answer yet: a record that names it was left by a cloud that is gone.
    if find_cloud(but_not_on=description["port"]):
        # Another cloud of this clone runs, with another state folder: that is the one its commands speak to.
        _log.warning(
            "Another cloud of this clone is recorded; reach this one by AWS_ENDPOINT_URL=%s", description["url"]
        )
        yield
        return
    with contextlib.suppress(OSError):
        record.parent.mkdir(parents=True, exist_ok=True)
        temporary = record.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(description))
        temporary.replace(record)
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            if json.loads(record.read_text()).get("pid") == os.getpid():
                record.unlink()
