"""Every benchmark, one after the other, as Markdown: `python -m benchmarks`, or with `quick` without the growth tables.

Each runs as a process of its own, so that none measures what another left in memory.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
import sys

from benchmarks.measure import PYTHON, ROOT

BENCHMARKS = {
    "commands": "Commands",
    "lessons": "Lessons",
    "cost": "Cost",
    "mappings": "Event source mappings",
    "execution": "Execution",
    "kinesis": "Kinesis",
}


def main() -> int:
    """Run them; 1 where one of them failed."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    day = dt.datetime.now(dt.UTC).date()
    print(f"Measured {day} on {os.cpu_count()} cores ({platform.system()} {platform.machine()}), ", end="")
    print(f"Python {platform.python_version()}; load at the start {load}.")
    failed = 0
    for name, title in BENCHMARKS.items():
        command = [PYTHON, "-m", f"benchmarks.{name}", *(sys.argv[1:] if name == "mappings" else [])]
        print(f"\n## {title}\n\n`python {' '.join(command[1:])}`\n", flush=True)
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout.strip() if "|" in done.stdout else f"```text\n{done.stdout.rstrip()}\n```", flush=True)
        if done.returncode:
            failed = 1
            print(f"\n`benchmarks.{name}` failed; what it said stands above.", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
