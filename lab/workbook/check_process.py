"""The process in which a check runs, beside the learner's code.

Its arguments: the exercise, a file descriptor to tell the verdict to, as one JSON object, another that ends when its
supervisor does, and the limit in seconds. What the learner's code prints goes to standard output. The signal SIGUSR1
makes it write where it is to standard error.
"""

from __future__ import annotations

import dataclasses
import faulthandler
import importlib.util
import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from lab import workspace
from lab.errors import LabError
from lab.workbook import contents, failures
from lab.workbook.attempt import Attempt, Failed
from lab.workbook.supervisor import remove
from lab.workbook.verdict import Verdict

if TYPE_CHECKING:
    from types import ModuleType

_MOST_MEMORY_BYTES = 2 * 1024**3


def main() -> None:
    """Run one check and tell what came of it."""
    name, descriptor, life_line, seconds = sys.argv[1:]
    own = os.getpid()
    threading.Thread(target=_end_with_the_supervisor, args=(int(life_line),), daemon=True).start()
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    sys.dont_write_bytecode = True  # nothing of ours appears beside the learner's files
    _limit_memory()
    exercise = contents.find(name)
    sys.path.insert(0, str(exercise.folder))
    verdict = _verdict(exercise, float(seconds))
    sys.stdout.flush()
    if os.getpid() == own:  # not a child that the learner's code has forked
        with os.fdopen(int(descriptor), "w", encoding="utf-8") as told:
            told.write(json.dumps(dataclasses.asdict(verdict)) + "\n")
    sys.stderr.flush()
    os._exit(0)  # a thread that the learner's code left running must not keep us


def _verdict(exercise: contents.Exercise, seconds: float) -> Verdict:
    attempt = Attempt(exercise, seconds)
    try:
        _check_of(exercise).check(attempt)
        verdict = Verdict(passed=True)
    except Failed as failed:
        verdict = failed.verdict
    except LabError as error:
        verdict = failures.cloud(error.what + (f" {error.why}" if error.why else ""))
    except BaseException as error:  # noqa: BLE001  (exit() and Ctrl-C in the learner's code, too)
        verdict = _of_an_error(attempt, error)
    verdict.notes = attempt.notes
    return verdict


def _of_an_error(attempt: Attempt, error: BaseException) -> Verdict:
    if type(error).__module__.startswith("botocore.") and not getattr(error, "response", None):
        return failures.cloud(str(error))  # it does not answer: it died, whoever called it
    return attempt.verdict_of(error)


def _check_of(exercise: contents.Exercise) -> ModuleType:
    specification = importlib.util.spec_from_file_location("check", exercise.folder / "check.py")
    if specification is None or specification.loader is None:
        raise ImportError(exercise.path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _end_with_the_supervisor(life_line: int) -> None:
    """End this process, whatever it is doing, and its cloud, once nobody waits for its verdict any more."""
    os.read(life_line, 1)
    remove(workspace.lab_folder())
    os.killpg(0, signal.SIGKILL)


def _limit_memory() -> None:
    """Let a list that grows for ever end in a MemoryError instead of taking the machine with it."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY_BYTES, _MOST_MEMORY_BYTES))


if __name__ == "__main__":
    main()
