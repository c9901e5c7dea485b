"""`lab pulumi`: the Pulumi CLI, driving the local cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lab import shell_environment
from lab.cloud.client import require_cloud
from lab.command_line import LOCAL_STACK, Stack, VerbApp
from lab.deploy import pulumi_cli
from lab.errors import UsageError
from lab.terminal import note
from languages import gettext as _

if TYPE_CHECKING:
    from lab.deploy.engine.events import Event

app = VerbApp()


@app.verb(
    "pulumi",
    passes_on=True,
    details=_(
        "With a provider of ours in the place of AWS's, a state under .lab/pulumi, no login and no download. What "
        "`lab up` has deployed, the CLI carries on, and the other way round. A stack for AWS is refused: use `pulumi` "
        "itself."
    ),
    examples=(
        "lab pulumi -- preview --diff",
        "lab pulumi -- up --yes",
        "lab pulumi -- refresh --yes",
        "lab pulumi -- stack export --show-secrets",
        "lab pulumi -- destroy --yes",
    ),
)
def pulumi(
    arguments: Annotated[
        list[str],
        typer.Argument(metavar="ARGS", help=_("What the Pulumi CLI is told; options of `lab pulumi` come before it.")),
    ],
    *,
    stack: Stack = LOCAL_STACK,
) -> None:
    """Run it in the project's folder, and end as it ends."""
    from lab.deploy.stack import Stack as Deployment
    from lab.deploy.stack_files import StackFiles

    for argument in arguments:
        if argument.startswith(("-C", "--cwd")):
            raise UsageError(
                _("`lab pulumi` works on this project, so {option} cannot be used.").format(option=argument),
                next_step=_('For another project, in its folder: eval "$(lab env)", then pulumi'),
            )
    files = StackFiles.find(pulumi_cli.stack_of(arguments) or stack)
    environment = shell_environment.with_variables(shell_environment.variables(files, require_cloud()))
    code = Deployment(files).run_pulumi(arguments, environment, _tell)
    if code:
        raise typer.Exit(code)


def _tell(event: Event) -> None:
    note(event.message)
