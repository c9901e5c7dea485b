"""`lab env`: what a shell needs so that the AWS CLI, boto3 and every AWS SDK talk to this clone's local cloud."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Annotated

import typer

from lab.aws import local_variables
from lab.cloud.client import require_cloud
from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import LabError
from lab.target import Target
from lab.terminal import say, say_json
from languages import gettext as _

app = VerbApp()

_MISLEADING = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
)
"""Variables that would lead an SDK elsewhere in spite of `AWS_ENDPOINT_URL`."""


@app.verb(
    "env",
    details=_(
        "Run in one terminal, it holds for that terminal only. The credentials are dummies: with them nothing can "
        "reach an account on AWS."
    ),
    json_shape="{VARIABLE: VALUE}",
    examples=(
        'eval "$(lab env)"',
        "aws kinesis list-streams",
        'eval "$(lab env --unset)"',
    ),
)
def env(
    *,
    unset: Annotated[bool, typer.Option("--unset", help=_("Print what takes it all back."))] = False,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Print the lines for sh, bash and zsh."""
    if unset:
        say(f"unset {' '.join(local_variables('-', '-'))}")
        return
    try:
        variables = local_variables(require_cloud().url, Target(stack).region)
    except LabError:
        if not as_json and not sys.stdout.isatty():
            # In `eval "$(lab env)"` the shell does not see our exit code, and goes on with the person's own account.
            what = _("Nothing was set: the AWS CLI would talk to your own account, not to the local cloud.")
            say(f"echo {shlex.quote(what)} >&2; false")
        raise
    if as_json:
        say_json(variables)
        return
    # A variable for one service (AWS_ENDPOINT_URL_KINESIS) would win over the one for all.
    misleading = [*_MISLEADING, *(name for name in sorted(os.environ) if name.startswith("AWS_ENDPOINT_URL_"))]
    say(f"unset {' '.join(misleading)}")
    for name, value in variables.items():
        say(f"export {name}={shlex.quote(value)}")
    if sys.stdout.isatty():
        say(_('# Only shown so far. For this terminal: eval "$(lab env)"'))
