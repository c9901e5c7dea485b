"""Runs a check in a process of its own and sees to it that there is always a verdict, and nothing left behind.

An endless loop, `exit()`, output without end, a kill: each becomes a failure with a sentence. The check has a folder of
its own as `LAB_HOME`, so that its cloud and its stack can meet nothing of the learner's; afterwards both are gone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import package, workspace
from lab.aws import LOCAL_REGION, local_variables
from lab.errors import LabError
from lab.workbook import contents, failures
from lab.workbook.verdict import Verdict
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.workbook.contents import Exercise

OFFLINE_LIMIT_SECONDS = 10.0
CLOUD_LIMIT_SECONDS = 60.0
_MOST_OUTPUT_MEGABYTES = 1
_SHOWN_OUTPUT_CHARACTERS = 2_000
_LAST_WORDS_SECONDS = 0.5
_KEPT = frozenset({"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"})
_KEPT_KINDS = ("LC_", "LAB_")
_NOWHERE = "http://127.0.0.1:9"
"""Where requests go before there is a cloud: a port on which nobody listens, so that none leaves this machine."""
_FRAME = re.compile(r'File "(?P<file>.+)", line (?P<line>\d+) in ')


class Check:
    """A check that is running.

    Args:
        exercise: whose.
        exercises_folder: where the exercises are, where that is not the usual folder.
    """

    def __init__(self, exercise: Exercise, exercises_folder: Path | None = None) -> None:
        self._exercise = exercise
        self._folder = exercises_folder or contents.folder()
        self._limit_seconds = OFFLINE_LIMIT_SECONDS if exercise.needs == "offline" else CLOUD_LIMIT_SECONDS
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """End it, from any thread: nobody wants to know any more."""
        self._cancelled = True
        if self._process:
            _kill(self._process)

    def run(self) -> Verdict:
        """Run it to its end and return the verdict.

        Raises:
            LabError: the check itself is at fault, not the learner's work.
        """
        self._exercise.require_folder()
        begin = time.monotonic()
        with _home() as home:
            if self._exercise.is_deployed:
                _take_packages(self._exercise, home / "packages")
            verdict = self._run(home)
        verdict.seconds = round(time.monotonic() - begin, 3)
        return verdict

    def _run(self, home: Path) -> Verdict:
        reading, writing = os.pipe()
        life_line, held = os.pipe()
        command = [sys.executable, "-m", "lab.workbook.check_process", self._exercise.name, str(writing)]
        process = self._process = subprocess.Popen(
            [*command, str(life_line), str(self._limit_seconds)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(writing, life_line),
            env=self._environment(home),
            cwd=self._folder / self._exercise.path,
            start_new_session=True,
        )
        os.close(writing)
        os.close(life_line)
        if self._cancelled:
            _kill(process)
        outputs = (_Output(process.stdout, process), _Output(process.stderr, process))
        told: list[bytes] = []
        listening = threading.Thread(target=lambda: told.append(_line_of(reading)), daemon=True)
        listening.start()
        overdue = False
        try:
            process.wait(self._limit_seconds)
        except subprocess.TimeoutExpired:
            overdue = True
            _ask_where_it_is(process)
        finally:
            _kill(process)
            process.wait()
            os.close(held)
        for output in outputs:
            output.end()
        listening.join(_LAST_WORDS_SECONDS)
        return self._verdict(told[0] if told else b"", outputs, overdue=overdue)

    def _verdict(self, told: bytes, outputs: tuple[_Output, _Output], *, overdue: bool) -> Verdict:
        printed, errors = (output.text() for output in outputs)
        place = self._place(errors)
        if self._cancelled:
            verdict = Verdict(passed=False, failure="cancelled")
        elif any(output.flooded for output in outputs):
            verdict = failures.too_much_output(_MOST_OUTPUT_MEGABYTES, place)
        elif overdue:
            verdict = failures.too_long(self._limit_seconds, place)
        elif told.endswith(b"\n"):
            content: dict[str, Any] = json.loads(told)
            verdict = Verdict(**content)
        elif "Traceback (most recent call last)" in errors:
            raise _fault_of_the_check(self._exercise, errors)
        else:
            verdict = failures.ended("", place)
        verdict.printed = printed[-_SHOWN_OUTPUT_CHARACTERS:].strip()
        return verdict

    def _place(self, errors: str) -> str:
        """Return the innermost line of the learner's in what `faulthandler` wrote, else the file to edit."""
        folder = self._folder / self._exercise.path
        for found in _FRAME.finditer(errors):
            file = Path(found["file"])
            if file.is_relative_to(folder) and file.name != "check.py":
                return f"{self._exercise.shown_path(file.relative_to(folder).as_posix())}:{found['line']}"
        return self._exercise.shown_path(self._exercise.files[0] if self._exercise.files else "")

    def _environment(self, home: Path) -> Mapping[str, str]:
        """Return the environment: nothing of the person's that is a secret, no cloud but the check's own.

        A teacher runs what others wrote: tokens that a shell or a CI job holds are none of its business.
        """
        return {
            **{name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_KINDS)},
            workspace.HOME_VARIABLE: str(home),
            workspace.PACKAGES_VARIABLE: str(home / "packages"),
            contents.FOLDER_VARIABLE: str(self._folder),
            **local_variables(_NOWHERE, LOCAL_REGION),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "PYTHONIOENCODING": "utf-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "",
        }


def run_check(exercise: Exercise, exercises_folder: Path | None = None) -> Verdict:
    """Run an exercise's check and return the verdict; for the arguments and errors see `Check`."""
    return Check(exercise, exercises_folder).run()


class _Output:
    """Reads what a process writes, keeps its end, and ends the process where it does not stop writing."""

    def __init__(self, pipe: Any, process: subprocess.Popen[bytes]) -> None:
        self.flooded = False
        self._pipe, self._process = pipe, process
        self._kept = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        read = 0
        while part := self._pipe.read1(65_536):
            read += len(part)
            self._kept += part
            if not self.flooded and read > _MOST_OUTPUT_MEGABYTES * 1024**2:
                self.flooded = True
                _ask_where_it_is(self._process)
                _kill(self._process)
            if self.flooded:
                del self._kept[: -128 * 1024]

    def end(self) -> None:
        """Read what is left; a grandchild that keeps the pipe open is not waited for."""
        self._thread.join(_LAST_WORDS_SECONDS)

    def text(self) -> str:
        """Return what is kept."""
        return bytes(self._kept).decode(errors="replace")


def _ask_where_it_is(process: subprocess.Popen[bytes]) -> None:
    """Let the process write to its standard error which line it is at."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGUSR1)
    time.sleep(_LAST_WORDS_SECONDS / 2)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _line_of(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as pipe:
        return pipe.readline()  # to its end: a grandchild may hold the pipe open for ever


@contextlib.contextmanager
def _home() -> Any:
    """Give a check a folder of its own; afterwards end the cloud that it started there and remove all of it."""
    checks = workspace.lab_folder() / "checks"
    checks.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(checks)
    home = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=checks))
    try:
        yield home
    finally:
        remove(home)


def _take_packages(exercise: Exercise, target: Path) -> None:
    """Give a check the lessons' packages, built once for all; the learner's own is built there and seen by no other.

    Two checks of an exercise at once, of two students, would deploy each other's handler.
    """
    target.mkdir()
    for lesson in package.needed_by([exercise.name]):
        if lesson == exercise.name:
            continue
        built = package.build(lesson)
        for file in (built, built.with_suffix(".json")):
            try:
                os.link(file, target / file.name)  # nobody writes into it: a new package takes its place
            except OSError:  # on another disk
                shutil.copyfile(file, target / file.name)


def _remove_abandoned(checks: Path) -> None:
    """Remove the folders of checks whose supervisor was killed; a cloud ends when its folder is gone."""
    for folder in checks.iterdir():
        pid = folder.name.partition("-")[0]
        if pid.isdigit() and not _lives(int(pid)):
            remove(folder)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def remove(home: Path) -> None:
    """End what runs with a check's folder as its LAB_HOME, and remove the folder."""
    end_clouds_of(home)
    _end_strays(home)
    shutil.rmtree(home, ignore_errors=True)


def end_clouds_of(home: Path) -> None:
    """End the cloud that was started with a folder as its LAB_HOME; what it holds is lost."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        pid = int(json.loads((home / "cloud.json").read_text())["pid"])
        # Its process group: the execution environments of its functions go with it.
        os.killpg(pid, signal.SIGKILL)


def _end_strays(home: Path) -> None:
    """End what the learner's code started in a session of its own, and a cloud that has not said yet where it is.

    They are known by their environment, which only Linux shows.
    """
    mark = f"{workspace.HOME_VARIABLE}={home}".encode()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        pid = int(environment.parent.name)
        with contextlib.suppress(OSError):
            if pid != os.getpid() and mark in environment.read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)


def _fault_of_the_check(exercise: Exercise, errors: str) -> LabError:
    last = errors.strip().splitlines()[-1]
    folder = workspace.lab_folder() / "log"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"check-{exercise.name}.txt"
    file.write_text(errors, encoding="utf-8")
    return LabError(
        _("The check of {name} itself failed; your work was not judged: {reason}").format(
            name=exercise.name, reason=last
        ),
        why=_("The details are in {file}.").format(file=file),
        next_step=_("Run it once more; if it fails again, open an issue with that file. Go on: lab goto NAME"),
    )


def as_data(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict for a program."""
    return dataclasses.asdict(verdict)
