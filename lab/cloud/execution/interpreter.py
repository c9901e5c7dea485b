"""Which Python runs a function: the one its runtime names, where that exists on this machine."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROBE = "import platform, sys, zlib, ssl; print('%d.%d' % sys.version_info[:2], platform.python_version())"
PROBE_SECONDS = 10
OWN_EXECUTABLE = os.path.realpath(sys.executable)
"""Not the virtual environment's: a program that a handler starts with it must not find our packages."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python.

    Attributes:
        path: the executable.
        version: such as `3.13.1`.
    """

    path: str
    version: str


class Interpreters:
    """Finds the interpreter of each runtime, once.

    Args:
        warn: told, once per runtime, that another version runs its functions.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._found: dict[str, asyncio.Task[Interpreter]] = {}

    async def find(self, runtime: str) -> Interpreter:
        """Return the interpreter of a runtime such as `python3.13`, or this process's own."""
        search = self._found.get(runtime)
        if search is None:
            search = self._found[runtime] = asyncio.create_task(self._search(runtime))
        return await asyncio.shield(search)

    async def _search(self, runtime: str) -> Interpreter:
        own = Interpreter(OWN_EXECUTABLE, sys.version.split()[0])
        if runtime == f"python{sys.version_info[0]}.{sys.version_info[1]}":
            return own
        version = runtime.removeprefix("python")
        if re.fullmatch(r"3\.[0-9]+", version) and (found := await asyncio.to_thread(_look_for, version)):
            return found
        self._warn(
            f"No {runtime} on this machine: functions of that runtime run in Python {own.version}, "
            f"which may know more or less than on AWS. Install Python {version} to have the same."
        )
        return own


def _look_for(version: str) -> Interpreter | None:
    for candidate in _candidates(version):
        try:
            answer = subprocess.run(
                [candidate, "-I", "-S", "-c", PROBE],
                capture_output=True,
                check=True,
                stdin=subprocess.DEVNULL,
                text=True,
                timeout=PROBE_SECONDS,
            ).stdout.split()
        except (OSError, subprocess.SubprocessError):
            continue  # a pyenv shim without that version, a broken installation
        if answer and answer[0] == version:
            return Interpreter(candidate, answer[1])
    return None


def _candidates(version: str) -> Iterator[str]:
    """Name the executables to try: on PATH, then what pyenv and uv keep beside it, the newest first."""
    name = f"python{version}"
    if on_path := shutil.which(name):
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local" / "share" / "uv" / "python")
    for folder, pattern in ((pyenv / "versions", f"{version}.*"), (uv, f"cpython-{version}.*")):
        for installation in sorted(folder.glob(pattern), key=_by_numbers, reverse=True):
            yield str(installation / "bin" / name)


def _by_numbers(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", folder.name)]
