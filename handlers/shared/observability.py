"""The one logger of a function: JSON lines with ids and counts, never payloads.

The service's name comes from POWERTOOLS_SERVICE_NAME, the level from POWERTOOLS_LOG_LEVEL.
"""

from __future__ import annotations

from aws_lambda_powertools.logging import Logger

# Where in the code a line was written says nothing here: all of them are written by the one loop over a batch.
logger = Logger(location=None)
