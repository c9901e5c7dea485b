"""A stack on AWS: the Pulumi CLI deploys it and says what its outputs are; a person's own credentials reach it.

On AWS is only a stack that is named and whose file gives no endpoint on this machine. A shell that points at a local
cloud is refused, so that nobody takes the one for the other.
"""

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
    from lab.deploy.stack_files import StackFiles

ENDPOINTS = "AWS_ENDPOINT_URL"
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_LONGEST_SECONDS = 120
"""A backend that is far away may take a while."""


def region(files: StackFiles) -> str:
    """Return the region of a stack on AWS, once it is certain that AWS is where calls go.

    Raises:
        LabError: the shell points at another endpoint, or nobody names a region.
    """
    for variable in sorted(os.environ):
        if variable.startswith(ENDPOINTS) and os.environ[variable]:
            raise LabError(
                _("Nothing was asked: {variable} points your shell at {url}, not at AWS.").format(
                    variable=variable, url=os.environ[variable]
                ),
                next_step=_('Take it back: eval "$(lab env --unset)"'),
            )
    named = files.named_region or next((os.environ[name] for name in _REGIONS if os.environ.get(name)), "")
    if not named:
        raise LabError(
            _("{file} names no region (aws:region), nor does {variable}.").format(
                file=files.file.name, variable=_REGIONS[0]
            ),
            next_step=_("Name it: pulumi config set aws:region us-east-1 --stack {name}").format(name=files.name),
        )
    return named


def outputs(files: StackFiles) -> dict[str, Any]:
    """Return a stack's outputs, as `pulumi stack output` tells them; secrets stay masked.

    Raises:
        LabError: there is no Pulumi CLI, it does not know the stack, or nothing is deployed.
    """
    program = shutil.which("pulumi")
    if program is None:
        raise LabError(
            _("Stack {name} is on AWS: only the Pulumi CLI knows what is deployed there.").format(name=files.name),
            why=_("The Pulumi CLI is not installed: there is no `pulumi` on PATH."),
            next_step=_("For AWS, install it: pulumi.com/docs/install"),
        )
    command = (program, "stack", "output", "--json", "--stack", files.name, "--non-interactive")
    try:
        done = subprocess.run(
            command,
            cwd=workspace.ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LONGEST_SECONDS,
        )
        told = json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise _failed(files, str(error)) from error
    if told is None:
        raise _failed(files, done.stderr.strip())
    if not told:
        raise LabError(
            _("Nothing is deployed in stack {name}.").format(name=files.name),
            next_step=_(
                "To deploy it to AWS: pulumi up --stack {name} (what it costs: lab cost --stack {name})"
            ).format(name=files.name),
        )
    return told


def _failed(files: StackFiles, reason: str) -> LabError:
    return LabError(
        _("`{command}` failed.").format(command=f"pulumi stack output --stack {files.name}"),
        why=reason,
        next_step=_("Ask it: pulumi stack --stack {name}. To remove all: pulumi destroy --stack {name}").format(
            name=files.name
        ),
    )
