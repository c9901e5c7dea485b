"""`lab env`: what a shell needs so that the AWS CLI, every AWS SDK and the Pulumi CLI work on this local cloud."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lab import shell_environment
from lab.cloud.client import require_cloud
from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.deploy.pulumi_cli import PulumiCli, path_without_plugin
from lab.deploy.stack_files import StackFiles
from lab.errors import LabError
from lab.terminal import note, say, say_json
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

app = VerbApp()


@app.verb(
    "env",
    details=_(
        "Run in one terminal, it holds for that terminal only. The credentials are dummies: with them nothing can "
        "reach an account on AWS. The Pulumi CLI, too, works on the local cloud then: pulumi up --stack local"
    ),
    json_shape="{VARIABLE: VALUE}",
    examples=(
        'eval "$(lab env)"',
        "aws kinesis list-streams",
        "pulumi preview --stack local",
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
        say(f"unset {' '.join(name for name in shell_environment.NAMES if name != 'PATH')}")
        say(f"export PATH={shlex.quote(path_without_plugin())}")
        return
    try:
        files = StackFiles.find(stack)
        variables = shell_environment.variables(files, require_cloud())
    except LabError:
        if not as_json and not sys.stdout.isatty():
            # In `eval "$(lab env)"` the shell does not see our exit code, and goes on with the person's own account.
            what = _("Nothing was set: the AWS CLI would talk to your own account, not to the local cloud.")
            say(f"echo {shlex.quote(what)} >&2; false")
        raise
    _prepare_for_pulumi(files, variables)
    if as_json:
        say_json(variables)
        return
    say(f"unset {' '.join(shell_environment.misleading())}")
    for name, value in variables.items():
        say(f"export {name}={shlex.quote(value)}")
    if sys.stdout.isatty():
        say(_('# Only shown so far. For this terminal: eval "$(lab env)"'))


def _prepare_for_pulumi(files: StackFiles, variables: Mapping[str, str]) -> None:
    """Make what `pulumi up` finds in place; what is wrong with it is no reason to keep the rest from the shell."""
    if not PulumiCli(files).is_installed:
        return
    from lab.deploy.stack import Stack as Deployment

    try:
        Deployment(files).prepare_for_pulumi(shell_environment.with_variables(variables))
    except LabError as error:
        note(str(error))
