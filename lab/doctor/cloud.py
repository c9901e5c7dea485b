"""The local cloud: whether it runs, where it listens, and what of it is unusual."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from lab.cloud.process import DEFAULT_PORT
from lab.doctor.finding import Finding, ok, warn
from lab.workspace import lab_folder
from languages import gettext as _

if TYPE_CHECKING:
    from lab.cloud.client import Cloud


def status(cloud: Cloud | None) -> Finding:
    """Whether it runs."""
    if cloud is None:
        recorded = (lab_folder() / "cloud.json").exists()
        text = _("does not run; it did not stop by itself") if recorded else _("does not run")
        return warn("cloud", text, _("Start it: lab cloud start"))
    if cloud.time_scale != 1:
        text = _("runs on {url}; long waits are multiplied by {scale:g}").format(url=cloud.url, scale=cloud.time_scale)
        return warn("cloud", text, _("For waits as on AWS: lab cloud stop && lab cloud start"))
    return ok("cloud", _("runs on {url}, keeps its state in {folder}").format(url=cloud.url, folder=cloud.state_folder))


def port(cloud: Cloud | None) -> Finding:
    """Whether it has, or would get, the port that the texts' commands and Pulumi.local.yaml name."""
    if cloud and cloud.port == DEFAULT_PORT:
        return ok("port", str(DEFAULT_PORT))
    if cloud is None and not _is_taken(DEFAULT_PORT):
        return ok("port", _("{port} is free").format(port=DEFAULT_PORT))
    text = _("{port} is taken by another program, perhaps another clone's cloud; this one takes another")
    if cloud and not _is_taken(DEFAULT_PORT):
        text = _("the cloud listens on {own}, not on {port}").format(own=cloud.port, port=DEFAULT_PORT)
    return warn(
        "port", text.format(port=DEFAULT_PORT), _('Every `lab` command finds it; for others: eval "$(lab env)"')
    )


def _is_taken(number: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", number)) == 0
