"""A stack on the local cloud: its files, its cloud, and the engine that deploys it.

The engine knows neither AWS nor this project; here they meet.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from lab import workspace
from lab.deploy import pulumi_cli
from lab.deploy.drivers import Drivers
from lab.deploy.engine.engine import Engine
from lab.deploy.engine.events import Event
from lab.deploy.engine.run import Project
from lab.deploy.engine.state import Deployment
from lab.deploy.engine.values import masked
from lab.deploy.pulumi_cli import PulumiCli
from lab.deploy.stack_files import StackFiles
from lab.deploy.state_import import read_state
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from lab.cloud.client import Cloud
    from lab.deploy.engine.events import Result
    from lab.deploy.planning import PlannedResource
    from lab.deploy.policed import Advice

    Show = Callable[[Event], None]

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL"


def _aws() -> Any:
    """Make the provider of aws:* resources for the local cloud."""
    from lab.deploy.provider import AwsProvider

    return AwsProvider()


def _advice() -> Advice:
    """Make what the rules tell their advice to."""
    from lab.deploy.policed import Advice

    return Advice()


class Stack:
    """One stack of this project on the local cloud.

    Args:
        files: what is written down about it.
    """

    def __init__(self, files: StackFiles) -> None:
        self._files = files

    @classmethod
    def load(cls, name: str) -> Stack:
        """Return the stack of `Pulumi.<name>.yaml`.

        Raises:
            LabError: there is no such stack.
        """
        return cls(StackFiles.find(name))

    @property
    def name(self) -> str:
        """The stack's name."""
        return self._files.name

    @property
    def is_on_aws(self) -> bool:
        """Whether it is deployed to an account, which the Pulumi CLI does."""
        return self._files.is_on_aws

    def up(self, lessons: Sequence[str] | None, show: Show) -> Result:
        """Deploy lessons and remove what is deployed beside them.

        Args:
            lessons: their names; they count until others are named. None for those named last, else those of the
                stack's file.
            show: called with every event.

        Raises:
            LabError: it cannot even begin: no cloud runs, a file is wrong, another run works on this stack.
        """
        self._files.refuse_unless_local()
        cloud = self._cloud()
        advice = _advice()
        engine = self._engine(lessons, advice)
        self._meet(cloud, engine, show)
        with self._surroundings(cloud):
            self._build_packages(lessons)
            self._tell_of_the_lessons(lessons, show)
            result = engine.up(show)
        advice.tell(show)
        self._save(cloud)
        if lessons is not None and result.program_ended:
            # What the program itself refuses (a wrong name) is not worth remembering.
            self._files.save_lessons(lessons)
        return result

    def preview(self, lessons: Sequence[str] | None, show: Show) -> Result:
        """Tell what `up` would do; change nothing. For the arguments and errors see there."""
        self._files.refuse_unless_local()
        cloud = self._cloud()
        deployed = self._deployed()
        if self._is_of_another_cloud(cloud):
            self._tell_of_the_new_cloud(show)
        with self._surroundings(cloud):
            self._build_packages(lessons)
            self._tell_of_the_lessons(lessons, show)
            advice = _advice()
            result = self._engine(lessons, advice).preview(show, deployed)
        advice.tell(show)
        return result

    def plan(self, lessons: Sequence[str] | None) -> tuple[Result, list[PlannedResource]]:
        """Return what `up` would deploy where nothing is deployed, here or on AWS; no cloud is needed or asked.

        Args:
            lessons: see `up`.

        Raises:
            LabError: it cannot even begin: a file is wrong.
        """
        from lab.deploy.planning import PlanningProvider

        provider = PlanningProvider()
        with _environment(self._told_to_the_program()):
            self._build_packages(lessons)
            engine = Engine(self._project(lessons), self._files.state, {"aws": lambda: provider})
            result = engine.preview(deployed=Deployment())
        return result, provider.planned

    def refresh(self, show: Show) -> Result:
        """Bring the state to what really exists.

        Raises:
            LabError: it cannot begin; see `up`.
        """
        return self._without_program(lambda engine: engine.refresh(show), show)

    def down(self, show: Show) -> Result:
        """Remove everything that is deployed.

        Raises:
            LabError: it cannot begin; see `up`.
        """
        result = self._without_program(lambda engine: engine.destroy(show), show)
        if result.ok:
            self._files.forget_lessons()
        return result

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """Return the stack's outputs: the physical names of what is deployed, one object for each lesson.

        Args:
            show_secrets: whether secrets are told, else they read "[secret]".

        Raises:
            LabError: nothing is deployed.
        """
        from lab.deploy import property_values as pv
        from lab.deploy.engine.urns import STACK_TYPE

        stacks = [resource for resource in self._deployed().resources if resource.type == STACK_TYPE]
        if not stacks or not stacks[0].outputs:
            self.refuse_aws()
            raise LabError(
                _("Nothing is deployed in stack {name}.").format(name=self.name),
                next_step=_("Deploy a lesson: lab up basic"),
            )
        outputs = dict(stacks[0].outputs)
        return pv.strip_secrets(outputs) if show_secrets else masked(outputs)

    def refuse_aws(self) -> None:
        """Refuse to speak of a stack on AWS, of which no state is here, as if nothing of it were deployed.

        Raises:
            LabError: it is one.
        """
        if self._files.file.is_file() and self.is_on_aws:
            raise LabError(
                _("Stack {name} is on AWS: only the Pulumi CLI knows what is deployed there.").format(name=self.name),
                next_step=_("Ask it: pulumi stack --stack {name}. To remove all: pulumi destroy --stack {name}").format(
                    name=self.name
                ),
            )

    def export(self) -> dict[str, Any]:
        """Return the state as `pulumi stack import` takes it; secrets stand in it as they are."""
        return self._drivers.to_json(self._deployed())

    def import_state(self, text: str) -> int:
        """Take a state that another engine wrote for what is deployed; return how many resources it has.

        Args:
            text: what `pulumi stack export --show-secrets` or `lab stack export` prints.

        Raises:
            LabError: it is none that this stack could go on from, no cloud runs, or another run works on the stack.
        """
        self._files.refuse_unless_local()
        deployment = read_state(text, self._files.project_name, self.name)
        cloud = self._cloud()
        engine = self._bare_engine()
        with self._surroundings(cloud):
            if not self._is_of_another_cloud(cloud):
                self._refuse_to_lose(engine, deployment)
            if not engine.take_over(deployment):
                raise LabError(
                    _("Nothing of what this state tells of is in this local cloud."),
                    why=_("It was made in another one, or before this one was reset."),
                    next_step=_("Deploy it here: lab up"),
                )
        self._files.save_cloud(cloud)
        return sum(resource.is_real for resource in deployment.resources)

    def _refuse_to_lose(self, engine: Engine, deployment: Deployment) -> None:
        try:
            loses = engine.loses(deployment)
        except LabError:
            return  # a state that cannot be read is what an import mends
        if loses:
            raise LabError(
                _("This state leaves out what is deployed in stack {name}.").format(name=self.name),
                why=_("Nobody would know of it any more, and nothing would remove it."),
                next_step=_("Keep the state as it is. If the other one is right, remove what is deployed: lab down"),
            )

    def run_pulumi(self, arguments: Sequence[str], environment: Mapping[str, str], show: Show) -> int:
        """Let the Pulumi CLI work on the stack and return its exit code.

        Args:
            arguments: the CLI's.
            environment: the CLI's.
            show: called with what there is to tell before it begins.

        Raises:
            LabError: it cannot begin: no cloud runs, the stack is not a local one, another run works on it, there is no
                CLI, or what it deployed is gone.
        """
        self._files.refuse_unless_local()
        cloud = self._cloud()
        self.prepare_for_pulumi(environment)
        if not pulumi_cli.acts(arguments):
            return PulumiCli(self._files).run(arguments, environment)
        self._tell_what_the_cli_follows(show)
        with self._surroundings(cloud):
            code = self._drivers.run_cli(arguments, environment, show)
        self._save(cloud)
        return code

    def prepare_for_pulumi(self, environment: Mapping[str, str]) -> None:
        """Make what the Pulumi CLI finds in place: its stack, and the packages of the lessons in the stack's file.

        Raises:
            LabError: they cannot be made, or there is no CLI.
        """
        PulumiCli(self._files).make_stack(environment)
        self._build_packages(self._files.written_lessons)

    @property
    def _drivers(self) -> Drivers:
        return Drivers(self._files, self._bare_engine())

    def _deployed(self) -> Deployment:
        from lab.cloud.client import find_cloud

        cloud = find_cloud()
        if cloud is not None and self._is_of_another_cloud(cloud):
            return Deployment()
        return self._drivers.deployed()

    def _without_program(self, work: Callable[[Engine], Result], show: Show) -> Result:
        engine = self._bare_engine()
        if self._deployed() == Deployment() == engine.load():
            self.refuse_aws()
            return work(engine)  # nothing is deployed, so nobody is asked
        cloud = self._cloud()
        self._meet(cloud, engine, show)
        with self._surroundings(cloud):
            result = work(engine)
        self._save(cloud)
        return result

    def _meet(self, cloud: Cloud, engine: Engine, show: Show) -> None:
        """Make the state fit the cloud that is there: another one, or the same after a kill."""
        if self._is_of_another_cloud(cloud):
            # What bears the same names there belongs to somebody else.
            engine.forget()
            self._tell_of_the_new_cloud(show)
        elif self._files.cloud and self._files.cloud[2] != cloud.interruptions:
            with self._surroundings(cloud):
                engine.find_what_is_left()
        with self._surroundings(cloud):
            self._drivers.take_over_from_the_cli(show)
        self._files.save_cloud(cloud)

    def _save(self, cloud: Cloud) -> None:
        """Let what was deployed survive a kill of the cloud from now on."""
        from lab.cloud.client import save

        with contextlib.suppress(LabError):  # a cloud that has gone meanwhile is told of by the next command
            save(cloud)

    def _engine(self, lessons: Sequence[str] | None, advice: Advice) -> Engine:
        """Return the engine for this project's program; what the rules of policy/ advise goes to `advice`."""
        from lab.deploy.policed import Policed

        return Engine(self._project(lessons), self._files.state, {"aws": lambda: Policed(_aws(), advice)})

    def _project(self, lessons: Sequence[str] | None) -> Project:
        program = workspace.ROOT / "__main__.py"
        return Project(self._files.project_name, self.name, program, self._files.config(lessons))

    def _bare_engine(self) -> Engine:
        """Return the engine for what needs neither program nor configuration: the state says everything."""
        return Engine(Project("", self.name, workspace.ROOT), self._files.state, {"aws": _aws})

    def _cloud(self) -> Cloud:
        from lab.cloud.client import require_cloud

        return require_cloud()

    def _is_of_another_cloud(self, cloud: Cloud) -> bool:
        """Say whether what the state holds was made in another cloud, or in this one before it lost everything."""
        known = self._files.cloud
        return known is not None and known[:2] != (cloud.id, cloud.epoch)

    def _tell_of_the_new_cloud(self, show: Show) -> None:
        message = _("The local cloud is new, or was reset: what was deployed before is gone.")
        show(Event("log", message=message, severity="warning"))

    def _tell_of_the_lessons(self, named: Sequence[str] | None, show: Show) -> None:
        """Say which lessons are deployed, and why, where that is not what one would expect from the stack's file."""
        file = self._files.file.name
        written, wanted = self._files.written_lessons, self._files.lessons(named)
        if named is None and written is not None and self._files.remembers_others:
            message = _(
                "Lessons: {names}, as named last time; {file} says {written}. Name others with `lab up NAMES`, or "
                "follow the file again after `lab down`."
            ).format(names=", ".join(wanted) or _("none"), file=file, written=", ".join(written) or _("none"))
            show(Event("log", message=message, severity="warning"))
        elif written == [] and not wanted:
            message = _("{file} asks for no lessons, so none is deployed. To deploy one: lab up basic")
            show(Event("log", message=message.format(file=file), severity="warning"))

    def _tell_what_the_cli_follows(self, show: Show) -> None:
        if self._files.remembers_others:
            message = _(
                "The Pulumi CLI follows {file}, which says {written}; `lab up` was told others: {names}. To keep them, "
                "write them there."
            ).format(
                file=self._files.file.name,
                written=", ".join(self._files.written_lessons or []) or _("none"),
                names=", ".join(self._files.lessons(None)) or _("none"),
            )
            show(Event("log", message=message, severity="warning"))

    def _surroundings(self, cloud: Cloud) -> AbstractContextManager[None]:
        """Tell the program and the provider, by their environment, where packages and the cloud are."""
        return _environment({**self._told_to_the_program(), ENDPOINT_VARIABLE: cloud.url})

    def _told_to_the_program(self) -> dict[str, str]:
        return {workspace.PACKAGES_VARIABLE: str(workspace.packages_folder())}

    def _build_packages(self, lessons: Sequence[str] | None) -> None:
        from lab import package

        # What is no lesson the program refuses by itself, with all else that is wrong with its settings.
        for name in package.needed_by(self._files.lessons(lessons)):
            package.build(name)


@contextlib.contextmanager
def _environment(told: Mapping[str, str]) -> Generator[None]:
    """Have these environment variables for a while."""
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
