"""Which stack has something in its state: what is deployed is in use, not left over."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from lab import workspace
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.leftovers.place import Place

_EXPORT_SECONDS = 30


def deployed(place: Place) -> Mapping[str, str]:
    """Return the ids and ARNs of what is deployed in a place, and for each the stack that deployed it.

    Raises:
        LabError: nobody can know, for no state can be read; the message says why.
    """
    if not place.is_local:
        return dict.fromkeys(_names(_exported(place.stack)), place.stack)
    from lab.deploy.stack import Stack

    # Beside the states lie files of our own, NAME.cloud.json; what the Pulumi CLI deployed has its state elsewhere.
    states = (file.stem for file in workspace.stack_file("any").parent.glob("*.json") if "." not in file.stem)
    found: dict[str, str] = {}
    for stack in sorted({place.stack, *states}):
        found |= dict.fromkeys(_names(Stack.load(stack).export()), stack)
    return found


def _exported(stack: str) -> Any:
    """Return a stack's state as the Pulumi CLI tells it."""
    pulumi = shutil.which("pulumi")
    what = _("Nobody knows whether stack {name} is deployed: its state cannot be read.").format(name=stack)
    if pulumi is None:
        raise LabError(what, why=_("The Pulumi CLI is not installed."))
    command = [pulumi, "stack", "export", "--stack", stack, "--non-interactive"]
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            command, cwd=workspace.ROOT, env=environment, capture_output=True, text=True, timeout=_EXPORT_SECONDS,
            check=True,
        )  # fmt: skip
        return json.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        raise LabError(what, why=error.stderr.strip().removeprefix("error: ")) from error
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise LabError(what, why=str(error)) from error


def _names(state: Any) -> Iterator[str]:
    deployment: dict[str, Any] = state.get("deployment") or {}
    resources: list[dict[str, Any]] = deployment.get("resources") or []
    for resource in resources:
        if resource.get("custom") and not resource.get("external") and not resource.get("delete"):
            outputs: dict[str, Any] = resource.get("outputs") or {}
            yield from (name for name in (resource.get("id"), outputs.get("arn")) if name)
