"""The one logger of a function: JSON lines with ids and counts, never payloads.

The service's name comes from POWERTOOLS_SERVICE_NAME, the level from POWERTOOLS_LOG_LEVEL.
"""

from __future__ import annotations

from aws_lambda_powertools.logging import Logger

logger = Logger()
