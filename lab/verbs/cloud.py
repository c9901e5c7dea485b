"""`lab cloud`: starts, stops and looks after the local cloud."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lab import workspace
from lab.command_line import AsJson, VerbApp
from lab.errors import UsageError
from lab.terminal import note, progress, say, say_json
from languages import gettext as _

if TYPE_CHECKING:
    from lab.cloud.client import Cloud

app = VerbApp()

_CLOUD_SHAPE = '"url": URL, "port": N, "pid": N, "id": ID, "epoch": N,\n "state_folder": FOLDER, "time_scale": N, …'

Port = Annotated[
    int | None,
    typer.Option(
        "--port", metavar="N", min=0, max=65535, help=_("Where it listens; 0 takes a free port. [default: 4566]")
    ),
]
StateFolder = Annotated[
    Path | None, typer.Option("--state-dir", metavar="FOLDER", help=_("What it keeps. [default: .lab/cloud]"))
]

TimeScale = Annotated[
    float | None,
    typer.Option(
        "--time-scale",
        metavar="N",
        help=_("Multiplies the long waits (retries, record age, windows): 0.1 is ten times as fast. [default: 1]"),
    ),
]


def _check_scale(time_scale: float | None) -> None:
    from lab.cloud.client import LEAST_SCALE

    if time_scale is not None and not LEAST_SCALE <= time_scale <= 1:
        what = _("--time-scale must be from {least} to 1, not {value:g}.")
        raise UsageError(what.format(least=LEAST_SCALE, value=time_scale))


@app.verb(
    "start",
    changes=True,
    summary=_("Start the local cloud in the background."),
    details=_(
        "It listens on 127.0.0.1 only. If port 4566 is taken, by another clone for example, it takes another one; "
        "every `lab` command finds it."
    ),
    json_shape=f'{{"started": true, {_CLOUD_SHAPE}}}',
    examples=("lab cloud start", "lab cloud start --port 4600", "lab cloud start --time-scale 0.1"),
)
def start(
    *, port: Port = None, state_dir: StateFolder = None, time_scale: TimeScale = None, as_json: AsJson = False
) -> None:
    """Start it and wait until it answers."""
    _check_scale(time_scale)
    from lab.cloud import process

    with progress(_("Starting the local cloud …"), silent=as_json):
        cloud, is_new = process.start(port, state_dir, time_scale)
    if as_json:
        say_json({"started": is_new, **dataclasses.asdict(cloud)})
    else:
        tell_start(cloud, is_new=is_new, port_was_named=port is not None)


def tell_start(cloud: Cloud, *, is_new: bool, port_was_named: bool = False) -> None:
    """Print where the cloud listens."""
    from lab.cloud.process import DEFAULT_PORT

    text = _("The local cloud listens on {url}.") if is_new else _("The local cloud is already running on {url}.")
    say(text.format(url=cloud.url))
    if is_new and not port_was_named and cloud.port != DEFAULT_PORT:
        text = _("Port {wanted} is taken by another program (perhaps another clone's cloud), so it took {port}.")
        say(text.format(wanted=DEFAULT_PORT, port=cloud.port))


@app.verb(
    "serve",
    changes=True,
    summary=_("Run the local cloud in this terminal, until Ctrl-C."),
    examples=("lab cloud serve", "lab cloud serve --port 4600 --state-dir ~/cloud"),
)
def serve(*, port: Port = None, state_dir: StateFolder = None, time_scale: TimeScale = None) -> None:
    """Become the cloud's process, so that nothing of this command stays in its memory."""
    from lab.cloud.process import DEFAULT_PORT

    _check_scale(time_scale)
    wanted = str(DEFAULT_PORT if port is None else port)
    folder = str(state_dir or workspace.cloud_folder())
    note(_("Starting the local cloud in this terminal; Ctrl-C stops it. Where it listens: lab cloud status"))
    sys.stdout.flush()
    command = [sys.executable, "-m", "lab.cloud", "--port", wanted, "--state-dir", folder]
    command += [] if time_scale is None else ["--time-scale", str(time_scale)]
    os.execv(sys.executable, command)  # noqa: S606  (no shell is meant)


@app.verb(
    "stop",
    changes=True,
    summary=_("Stop the local cloud; it keeps what is deployed."),
    examples=("lab cloud stop",),
)
def stop() -> None:
    """Stop it and wait until it has saved its state."""
    from lab.cloud import process

    with progress(_("Stopping the local cloud …")):
        cloud = process.stop()
    say(_("The local cloud has stopped.") if cloud else _("No local cloud was running."))


@app.verb(
    "status",
    summary=_("Say whether the local cloud runs, and where it listens."),
    details=_("The exit code is 0 if it runs, else 1."),
    json_shape=f'{{"running": true, {_CLOUD_SHAPE}}}',
    examples=("lab cloud status", "lab cloud status --json | jq -r .url"),
)
def status(*, as_json: AsJson = False) -> None:
    """Print where it listens, and which cloud it is."""
    from lab.cloud.client import find_cloud, require_cloud

    if as_json:
        cloud = find_cloud()
        say_json({"running": True, **dataclasses.asdict(cloud)} if cloud else {"running": False})
        if not cloud:
            raise typer.Exit(1)
        return
    cloud = require_cloud()
    say(_("The local cloud runs on {url} (process {pid}).").format(url=cloud.url, pid=cloud.pid))
    say(_("It keeps its state in {folder}.").format(folder=cloud.state_folder))
    if cloud.time_scale != 1:
        say(_("Long waits are multiplied by {scale:g} (--time-scale).").format(scale=cloud.time_scale))


@app.verb(
    "reset",
    changes=True,
    summary=_("Empty the local cloud: everything deployed in it is gone."),
    examples=("lab cloud reset", "lab cloud reset && lab up basic"),
)
def reset() -> None:
    """Make it forget every resource."""
    from lab.cloud import client

    with progress(_("Emptying the local cloud …")):
        client.reset(client.require_cloud())
    say(_("The local cloud is empty. Deploy again with: lab up"))
