"""Starting and stopping the local cloud as a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from lab.cloud.client import Cloud, find_cloud
from lab.cloud.state_folder import is_taken
from lab.errors import LabError
from lab.workspace import cloud_folder
from languages import gettext as _

DEFAULT_PORT = 4566
START_SECONDS = 30.0
STOP_SECONDS = 30.0
_POLL_SECONDS = 0.02


def start(
    port: int | None = None, state_folder: Path | None = None, time_scale: float | None = None
) -> tuple[Cloud, bool]:
    """Start this clone's cloud, if it is not running, and wait until it answers.

    Args:
        port: where it shall listen; None takes 4566, or a free one when that is taken; 0 takes a free one.
        state_folder: what it keeps; None takes `.lab/cloud`.
        time_scale: by what its long waits are multiplied; None is 1, whatever it was the last time: nobody shall
            wonder why waits are short.

    Returns:
        the cloud, and whether it was started now.

    Raises:
        LabError: it does not come up; the message says why.
    """
    running = find_cloud()
    if running:
        if port not in (None, 0, running.port):
            raise LabError(
                _("The local cloud is already running on port {port}.").format(port=running.port),
                next_step=_("Stop it first: lab cloud stop"),
            )
        if time_scale not in (None, running.time_scale):
            raise LabError(
                _("The local cloud is already running with time scale {scale:g}.").format(scale=running.time_scale),
                next_step=_("Stop it first: lab cloud stop"),
            )
        return running, False
    folder = state_folder or cloud_folder()
    log = _open_log(folder)
    wanted = DEFAULT_PORT if port is None else port
    if port is None and not _is_free(wanted):
        wanted = 0
    command = [sys.executable, "-m", "lab.cloud", "--port", str(wanted), "--state-dir", str(folder)]
    # A lesson is to meet the limits that it teaches.
    command += ["--write-limits"]
    command += [] if time_scale is None else ["--time-scale", str(time_scale)]
    with log:
        begin = log.tell()
        # Byte code may be written, whatever the shell says: compiling everything at every start takes a second.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        if cloud := find_cloud():
            return cloud, cloud.pid == process.pid
        # Another start of the same moment may have won: then its cloud will answer soon.
        if ended and not is_taken(folder):
            if wanted and port is None and not _is_free(wanted):
                # Somebody took it between our look and the start.
                return start(0, state_folder, time_scale)
            raise LabError(_("The local cloud did not start."), why=_last_words(folder, begin),
                           next_step=_("Its log: {file}").format(file=folder / "server.log"))  # fmt: skip
        time.sleep(_POLL_SECONDS)
    process.terminate()
    raise LabError(_("The local cloud did not answer within {seconds} s.").format(seconds=int(START_SECONDS)),
                   next_step=_("Its log: {file}").format(file=folder / "server.log"))  # fmt: skip


def stop() -> Cloud | None:
    """Stop this clone's cloud, which saves its state; return the one that was stopped, None when none ran."""
    cloud = find_cloud()
    if cloud is None:
        return None
    with contextlib.suppress(ProcessLookupError):
        os.kill(cloud.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        # The last thing it does is to give its folder back. Its process id may stay for long, as a zombie, where the
        # system's first process is slow to ask (containers).
        if not is_taken(Path(cloud.state_folder)):
            return cloud
        time.sleep(_POLL_SECONDS)
    raise LabError(
        _("The local cloud (process {pid}) did not stop within {seconds} s.").format(
            pid=cloud.pid, seconds=int(STOP_SECONDS)
        ),
        next_step=_("End it by hand: kill -9 {pid}. What it had not saved is lost then.").format(pid=cloud.pid),
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _open_log(folder: Path):  # noqa: ANN202  (a text file)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / "server.log").open("a")
    except OSError as error:
        raise LabError(
            _("The state folder {folder} cannot be used.").format(folder=folder),
            why=str(error),
            next_step=_("Make it writable, or name another one with --state-dir."),
        ) from error


def _last_words(folder: Path, begin: int) -> str:
    with contextlib.suppress(OSError):
        lines = (folder / "server.log").read_bytes()[begin:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""
    return ""
