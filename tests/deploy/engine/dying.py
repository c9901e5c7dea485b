"""Runs programs in processes that are killed at a chosen moment.

A process of its own, because it forks: it has imported pulumi once, and has no threads that a fork would leave behind.
Reads lines of JSON `[folder, body, [number, moment]]` (an empty body: everything is destroyed); answers each with
whether the engine was killed. The number counts calls that change the cloud (moments "before", "between", "after") or
saves of the state ("saving", "saved").
"""

import json
import os
import signal
import sys
from pathlib import Path

import pulumi  # noqa: F401 - imported before the fork, so that no child has to

from lab.deploy.engine import monitor, program  # noqa: F401 - the same
from lab.deploy.engine.store import Store
from tests.deploy.engine.conftest import Bench
from tests.deploy.engine.fake import Cloud


def run_and_die(folder, body, kill_at):
    """Run a program in a child that is killed at a moment; say whether it came to that."""
    child = os.fork()
    if child == 0:
        try:
            cloud = Cloud(folder / "cloud.json")
            cloud.kill_at = kill_at
            if kill_at[1] in ("saving", "saved"):
                die_while_saving(*kill_at)
            bench = Bench(folder, cloud)
            bench.up(body) if body else bench.destroy()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def die_while_saving(number, moment):
    original = Store.save
    count = 0

    def save(self, deployment, **options):
        nonlocal count
        count += 1
        if (count, moment) == (number, "saving"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.with_name(f"{self.path.name}.new").write_text('{"version": 3, "deploy')  # half of it
            os.kill(os.getpid(), signal.SIGKILL)
        original(self, deployment, **options)
        if (count, moment) == (number, "saved"):
            os.kill(os.getpid(), signal.SIGKILL)

    Store.save = save


if __name__ == "__main__":
    for line in sys.stdin:
        folder, body, kill_at = json.loads(line)
        print(json.dumps(run_and_die(Path(folder), body, tuple(kill_at))), flush=True)  # noqa: T201
