"""The query process: answers one statement after another until the cloud closes the pipe."""

from __future__ import annotations

import logging
import signal
import sys
import traceback

from lab.cloud.athena.failures import SYSTEM, QueryFailure
from lab.cloud.athena.sql.cloud import CloudAsked
from lab.cloud.athena.sql.statements import run_statement


def main() -> None:
    """Answer statements."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is the cloud's affair
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    cloud = CloudAsked(sys.stdin.buffer, sys.stdout.buffer)
    while True:
        try:
            statement, _ = cloud.next_message()
            _answer(cloud, statement["query"], statement["database"])
        except (EOFError, BrokenPipeError):
            return


def _answer(cloud: CloudAsked, query: str, database: str) -> None:
    try:
        result = run_statement(cloud, query, database)
    except QueryFailure as failure:
        cloud.say({"failed": {"message": failure.message, "category": failure.category}})
    except (EOFError, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001  (whatever goes wrong here fails one query)
        traceback.print_exc()
        message = f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}"
        cloud.say({"failed": {"message": message[:2000], "category": SYSTEM}})
    else:
        cloud.say({"done": {"columns": result.columns}}, [result.body])


if __name__ == "__main__":
    main()
