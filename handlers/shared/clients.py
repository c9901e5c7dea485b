"""How a function's AWS clients behave: made once when the function starts, because making one takes long."""

from __future__ import annotations

from botocore.config import Config

# A call that hangs must end before the function's timeout does: else all that is seen is "Task timed out".
PATIENCE = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
"""The configuration of every client."""
