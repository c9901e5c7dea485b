"""The two drivers of a stack, our engine and the Pulumi CLI: each goes on from where the other stopped.

Each keeps a state of its own. The one that was written last tells what is deployed, and is handed over before the other
driver changes anything.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lab.deploy import pulumi_cli
from lab.deploy.engine.events import Event
from lab.deploy.engine.state import Deployment
from lab.deploy.pulumi_cli import PulumiCli
from lab.deploy.state_import import read_state
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lab.deploy.engine.engine import Engine
    from lab.deploy.stack_files import StackFiles

    Show = Callable[[Event], None]


class Drivers:
    """Both drivers of one stack.

    Args:
        files: the stack's.
        engine: ours; what needs neither program nor configuration is enough.
    """

    def __init__(self, files: StackFiles, engine: Engine) -> None:
        self._files = files
        self._engine = engine
        self._cli = PulumiCli(files)

    def deployed(self) -> Deployment:
        """Return what is deployed, whoever deployed it last.

        Raises:
            LabError: the state cannot be read.
        """
        return self._of_the_cli() if self._cli.was_last else self._engine.load()

    def to_json(self, deployment: Deployment) -> dict[str, Any]:
        """Return a deployment as `pulumi stack import` takes it; secrets stand in it as they are."""
        document = deployment.to_json()
        if salt := self._files.encryption_salt:
            # By this the CLI knows how to encrypt them again.
            document["deployment"]["secrets_providers"] = {"type": "passphrase", "state": {"salt": salt}}
        return document

    def take_over_from_the_cli(self, show: Show) -> None:
        """Let our engine go on from where the CLI stopped; the environment must tell where the cloud is.

        Raises:
            LabError: the CLI's state cannot be read, or another run works on the stack.
        """
        if not self._cli.was_last:
            return
        if not self._cli.has_anything:
            self._engine.find_what_is_left()  # it has destroyed everything; what it never knew of is kept
        elif self._engine.take_over(self._of_the_cli()):
            message = _("The Pulumi CLI was the last to change this stack: its state is taken over.")
            show(Event("log", message=message))

    def run_cli(self, arguments: Sequence[str], environment: Mapping[str, str], show: Show) -> int:
        """Let the CLI work on what is deployed, from where our engine stopped; return its exit code.

        Args:
            arguments: the CLI's.
            environment: the CLI's.
            show: called with what there is to tell before it begins.

        Raises:
            LabError: what it deployed is gone, or another run works on the stack.
        """
        with self._engine.alone():
            self._hand_over_to_the_cli(environment, show)
            if not pulumi_cli.looks_by_itself(arguments):
                self._refuse_what_is_gone()
            return self._cli.run(arguments, environment)

    def _of_the_cli(self) -> Deployment:
        try:
            return read_state(json.dumps(self._cli.document), self._files.project_name, self._files.name)
        except LabError as error:
            raise LabError(
                _("The Pulumi CLI was the last to change stack {name}, and its state cannot be taken over.").format(
                    name=self._files.name
                ),
                why=str(error),
                next_step=_("Take it over by hand: lab pulumi -- stack export --show-secrets | lab stack import"),
            ) from error

    def _hand_over_to_the_cli(self, environment: Mapping[str, str], show: Show) -> None:
        if not self._cli.is_behind:
            return
        deployment = self._engine.load()
        if self._engine.exists(deployment) if deployment.resources else not self._is_there():
            self._cli.hand_over(self.to_json(deployment), environment)
            message = _("The lab was the last to change this stack: the Pulumi CLI takes its state over.")
            show(Event("log", message=message))

    def _refuse_what_is_gone(self) -> None:
        if not self._is_there():
            raise LabError(
                _("Nothing of what the Pulumi CLI has deployed is in this local cloud any more."),
                why=_("It was made in another cloud, or before this one was reset."),
                next_step=_("Tell the CLI: lab pulumi -- refresh --yes"),
            )

    def _is_there(self) -> bool:
        """Say whether anything of what the CLI has deployed exists, or it has deployed nothing."""
        try:
            deployment = Deployment.from_json(self._cli.document)
        except LabError:
            return True  # it holds secrets, which only the CLI can read
        return self._engine.exists(deployment)
