"""Entry point of the cloud's process (`lab cloud start` runs it in the background)."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from lab.cloud.client import LEAST_SCALE
from lab.errors import LabError


def main() -> int:
    """Serve; 1 with a sentence when that is not possible."""
    parser = argparse.ArgumentParser(prog="python -m lab.cloud")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--time-scale", type=float, default=1.0)
    parser.add_argument("--write-limits", action="store_true", help="1 MB or 1,000 records a second and shard")
    arguments = parser.parse_args()
    if not LEAST_SCALE <= arguments.time_scale <= 1:
        parser.error(f"--time-scale must be from {LEAST_SCALE} to 1")
    from lab.cloud.server import serve

    try:
        serve(
            arguments.port,
            arguments.state_dir,
            time_scale=arguments.time_scale,
            write_limits=arguments.write_limits,
        )
    except LabError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    # Everything is saved and closed. Python would take every object apart now, which takes longer than all of the stop.
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
