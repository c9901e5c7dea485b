"""Runs a handler once, from its source, in a process of its own: what `lab invoke --local` starts.

Arguments: the handler (`handlers.orders.producer.lambda_handler`), then folders to import from. The environment is the
function's. Standard input is the event; the answer goes to standard output as one JSON object, `{"answer": …}` or
`{"error": …}`; what the handler itself prints goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
import uuid
from typing import Any


class Context:
    """What Lambda passes beside the event."""

    def __init__(self) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = "$LATEST"
        self.invoked_function_arn = os.environ["LAB_FUNCTION_ARN"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.aws_request_id = str(uuid.uuid4())
        self.log_group_name = self.log_stream_name = "local"
        self.client_context = self.identity = None
        self._deadline = time.monotonic() + float(os.environ["LAB_TIMEOUT_SECONDS"])

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left."""
        return max(0, round(1000 * (self._deadline - time.monotonic())))


def main() -> None:
    """Call the handler."""
    handler, *folders = sys.argv[1:]
    sys.path[:1] = folders  # this file's own folder has modules that hide Python's
    answers, sys.stdout = sys.stdout, sys.stderr
    try:
        module, _dot, function = handler.rpartition(".")
        answer = getattr(importlib.import_module(module), function)(json.load(sys.stdin), Context())
        told: dict[str, Any] = {"answer": answer}
        text = json.dumps(told)
    except Exception as error:  # noqa: BLE001 - whatever the handler raises is its answer
        told = {"errorType": type(error).__name__, "errorMessage": str(error)}
        told["stackTrace"] = traceback.format_exception(error)
        text = json.dumps({"error": told})
    answers.write(text)


if __name__ == "__main__":
    main()
