"""This machine: what is installed and what there is room for. Nothing here uses the network."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from lab import workspace
from lab.doctor.finding import Finding, ok, warn, wrong
from lab.numbers import whole
from languages import LANGUAGES, language
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TOOL_SECONDS = 5
_MEGABYTE = 1_000_000
_LEAST_DISK_MB, _ENOUGH_DISK_MB = 100, 1000
_LEAST_MEMORY_MB, _ENOUGH_MEMORY_MB = 250, 700
"""The cloud takes 42 to 105 MB, `lab up` 200, each execution environment 40 (benchmarks/README.md)."""
_LEAST_COLUMNS = 80


def system() -> Finding:
    """Which system it is, and what differs there."""
    name, release = platform.system(), platform.release()
    if "microsoft" not in release.lower():
        shown = "macOS " + platform.mac_ver()[0] if name == "Darwin" else f"{name} {release}"
        return ok("system", f"{shown}, {platform.machine()}")
    shown = f"WSL, {release}"
    if "WSL2" not in release and "microsoft-standard" not in release:
        return wrong("system", _("{system}: WSL 1, which lacks what the local cloud needs.").format(system=shown),
                     _("In PowerShell: wsl --set-version <distribution> 2"))  # fmt: skip
    if re.match(r"/mnt/[a-z]/", f"{workspace.ROOT}/"):
        return warn(
            "system",
            _("{system}; the clone lies on a disk of Windows ({folder}), where files are many times slower.").format(
                system=shown, folder=workspace.ROOT
            ),
            _("Clone it into your home of Linux: cd ~ && git clone …"),
        )
    return ok("system", _("{system}; the page of a lesson opens in Windows' browser too").format(system=shown))


def python() -> Finding:
    """Python itself, and whether what it imports is what this version of the lab asks for."""
    import bootstrap

    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info < bootstrap.MINIMUM_PYTHON:  # pyright: ignore[reportUnnecessaryComparison]
        return wrong("python", found, _("Install Python 3.11 or newer, then: make PYTHON=python3.12 setup"))
    if not bootstrap.is_ready(development=False):
        text = _("{python}; its packages are not those that this version of the lab asks for.")
        return warn("python", text.format(python=found), _("Bring them up to date: make setup"))
    return ok("python", found)


def packages() -> Finding:
    """The versions that decide how the lab behaves."""
    names = ("pulumi", "pulumi-aws", "ministack", "boto3")
    return ok("packages", ", ".join(f"{name} {version(name)}" for name in names))


def make() -> Finding:
    """Make, which sets the lab up."""
    found = _asked(["make", "--version"])
    if found is None:
        return warn("make", _("is not there; only setting up and tests need it"), _install("make"))
    return ok("make", found.splitlines()[0])


def uv() -> Finding:
    """Uv, which `make setup` brings along."""
    found = _asked([str(Path(sys.prefix) / "bin" / "uv"), "--version"])
    if found is None:
        return warn("uv", _("is not in .venv"), _("Make it whole: make setup"))
    return ok("uv", found)


def pulumi_cli() -> Finding:
    """The Pulumi CLI, which AWS needs and the local cloud does not."""
    found = _asked(["pulumi", "version"])
    if found is None:
        return warn("pulumi-cli", _("is not there; the local cloud needs none (lab up), AWS does"),
                    _("For AWS, install it: pulumi.com/docs/install"))  # fmt: skip
    sdk = version("pulumi")
    if _numbers(found) < _numbers(sdk):
        text = _("{found} is older than the Pulumi that the program is written for, {sdk}")
        return warn("pulumi-cli", text.format(found=found, sdk=sdk), _("Install a newer one: pulumi.com/docs/install"))
    return ok("pulumi-cli", found)


def aws_cli() -> Finding:
    """The AWS CLI, with which the texts' commands are typed."""
    found = _asked(["aws", "--version"])
    if found is None:
        text = _("is not there; the lab needs none, the texts' own commands do")
        return warn("aws-cli", text, _("To try them, install it: aws.amazon.com/cli"))
    shown = found.split()[0]
    if shown.startswith("aws-cli/1"):
        text = _('{found}: knows no --cli-binary-format, and for queues needs --endpoint-url "$AWS_ENDPOINT_URL"')
        return warn("aws-cli", text.format(found=shown), _("Leave that option out, or install AWS CLI 2."))
    return ok("aws-cli", shown)


def disk() -> Finding:
    """The room where the lab keeps its state."""
    folder = workspace.lab_folder()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK):
        elsewhere = _("Make it writable for you, or keep the lab's files in another folder: LAB_HOME=FOLDER")
        return wrong("disk", _("{folder} cannot be written").format(folder=there), elsewhere)
    free = shutil.disk_usage(there).free // _MEGABYTE
    text = _("{free} MB free at {folder}").format(free=whole(free), folder=there)
    next_step = _("Make room on that disk; what the local cloud keeps goes with: lab cloud reset")
    return _by_room("disk", free, _LEAST_DISK_MB, _ENOUGH_DISK_MB, text, next_step)


def memory() -> Finding:
    """The memory that is left, where the system tells it; else all there is."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024 // _MEGABYTE
        text = _("{free} MB available")
    except (OSError, KeyError, ValueError):
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEGABYTE
        text = _("{free} MB in all")
    next_step = _("Close what takes much memory, a browser for example.")
    return _by_room("memory", free, _LEAST_MEMORY_MB, _ENOUGH_MEMORY_MB, text.format(free=whole(free)), next_step)


def terminal() -> Finding:
    """What the terminal can show, and in which language it is spoken to."""
    spoken = _("language {language}").format(language=language())
    wanted = os.environ.get("LAB_LANG", "")
    if wanted and wanted.replace("-", "_").split("_")[0].lower() not in LANGUAGES:
        text = _("LAB_LANG is {wanted}, which the lab does not speak")
        return warn("terminal", text.format(wanted=wanted), _("Choose one: LAB_LANG=es, LAB_LANG=pt or LAB_LANG=en"))
    encoding = (sys.stdout.encoding or "ascii").lower()
    if "utf" not in encoding:
        return warn("terminal", _("{encoding} shows accents as ?").format(encoding=encoding),
                    _("Choose UTF-8: export LC_ALL=C.UTF-8"))  # fmt: skip
    columns = shutil.get_terminal_size().columns
    if sys.stdout.isatty() and columns < _LEAST_COLUMNS:
        text = _("{columns} columns: tables are shown line by line")
        return warn("terminal", text.format(columns=columns), _("Make the window wider: {columns} columns.").format(
            columns=_LEAST_COLUMNS))  # fmt: skip
    return ok("terminal", f"{encoding}, {spoken}")


ALL: Sequence[Callable[[], Finding]] = (
    system,
    python,
    packages,
    make,
    uv,
    pulumi_cli,
    aws_cli,
    disk,
    memory,
    terminal,
)


def _by_room(about: str, free: int, least: int, enough: int, text: str, next_step: str) -> Finding:
    if free < least:
        return wrong(about, text, next_step)
    return warn(about, text, next_step) if free < enough else ok(about, text)


def _install(tool: str) -> str:
    if platform.system() == "Darwin":
        return _("Install it: xcode-select --install")
    return _("Install it, on Debian and Ubuntu: sudo apt install {tool}").format(tool=tool)


def _asked(command: list[str]) -> str | None:
    """Return what a tool answers, None where it is not there or does not work."""
    path = shutil.which(command[0])
    if path is None:
        return None
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            [path, *command[1:]], env=environment, capture_output=True, text=True, timeout=_TOOL_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return (done.stdout or done.stderr).strip()


def _numbers(version_: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version_)[:3]))
