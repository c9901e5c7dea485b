"""What a verb acts on: a stack's outputs, by which every physical name is found, and AWS clients that reach it."""

from __future__ import annotations

import difflib
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lab.errors import LabError, UsageError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.aws import Clients
    from lab.deploy.stack import Stack as Deployment
    from lab.deploy.stack_files import StackFiles


_LIKELY = 0.5  # of 1: `bsic` and `basics` count, `nonsense` does not


class Target:
    """A deployed stack.

    One whose file gives no endpoint on this machine is on AWS: it is found by the Pulumi CLI's outputs and reached with
    the person's own credentials. Any other is on the local cloud, and nothing of it can reach an account.

    Args:
        stack: its name, as in `Pulumi.<stack>.yaml`.
    """

    def __init__(self, stack: str) -> None:
        self.stack = stack

    @cached_property
    def clients(self) -> Clients:
        """Clients of the account that the stack is in.

        Raises:
            LabError: no local cloud runs; for a stack on AWS, the shell points elsewhere.
        """
        from lab.aws import Clients
        from lab.cloud.client import require_cloud
        from lab.deploy import aws_stack

        if self.is_on_aws:
            return Clients(None, aws_stack.region(self._files), profile=self._files.profile)
        return Clients.local(require_cloud().url, self.region)

    @cached_property
    def _files(self) -> StackFiles:
        from lab.deploy.stack_files import StackFiles

        return StackFiles.find(self.stack)

    @property
    def is_on_aws(self) -> bool:
        """Whether the stack's calls go to AWS."""
        return self._files.file.is_file() and self._files.is_on_aws

    def on_the_local_cloud(self) -> Target:
        """Return it, for what only the local cloud can do.

        Raises:
            LabError: the stack is on AWS.
        """
        if self.is_on_aws:
            raise LabError(
                _("Stack {name} is on AWS, where nobody can look inside or make things fail.").format(name=self.stack),
                next_step=_("Use a stack on the local cloud: --stack local"),
            )
        return self

    def url_now(self, deployed: str) -> str:
        """Return where a URL of the outputs leads now: the local cloud may listen on another port since.

        Raises:
            LabError: no local cloud runs.
        """
        if not (endpoint := self.clients.endpoint_url):
            return deployed
        return urlsplit(deployed)._replace(netloc=urlsplit(endpoint).netloc).geturl()

    @property
    def region(self) -> str:
        """The region that the stack's file names.

        Raises:
            LabError: there is no such stack, or its file cannot be read.
        """
        return self._files.region

    @cached_property
    def deployment(self) -> Deployment:
        """What deploys the stack.

        Raises:
            LabError: there is no such stack, or it cannot be read.
        """
        from lab.deploy.stack import Stack

        return Stack.load(self.stack)

    @cached_property
    def outputs(self) -> Mapping[str, Any]:
        """The stack's outputs: one object per deployed lesson.

        Raises:
            LabError: the stack is not deployed, or it is on AWS and the Pulumi CLI does not say.
        """
        from lab.deploy import aws_stack

        return aws_stack.outputs(self._files) if self.is_on_aws else self.deployment.outputs()

    def lesson(self, name: str) -> Mapping[str, Any]:
        """Return the outputs of one lesson, with the names that the lesson's text has for them.

        Raises:
            LabError: the lesson is not deployed.
        """
        if name not in self.outputs:
            deployed = ", ".join(sorted(self.outputs)) or _("none")
            raise LabError(
                _("Lesson {name} is not deployed in stack {stack}.").format(name=name, stack=self.stack),
                why=_("Deployed lessons: {names}.").format(names=deployed),
                next_step=_("Deploy it: lab up {name}").format(name=on_stack(name, self.stack)),
            )
        return _LessonOutputs(name, self.outputs[name])

    def function_name(self, given: str) -> str:
        """Return the name of a lesson's function, or of a function that is there.

        `basic` means the lesson's consumer, `votes.producer` its other function of that name.

        Raises:
            LabError: there is no such function; it tells which there are.
        """
        lesson, _dot, part = given.partition(".")
        if lesson in LESSONS:
            outputs = self.lesson(lesson)
            output = f"{(part or 'consumer').capitalize()}FunctionName"
            if output in outputs:
                return str(outputs[output])
        names = self.function_names()
        if given not in names:
            raise LabError(
                _("There is no function {name}.").format(name=given),
                why=_("Functions: {names}.").format(names=", ".join(sorted(names)) or _("none")),
                next_step=_("Deploy a lesson: lab up basic"),
            )
        return given

    def function_names(self) -> list[str]:
        """Return the names of all functions."""
        pages = self.clients.lambda_.get_paginator("list_functions").paginate()
        return [function.get("FunctionName", "") for page in pages for function in page["Functions"]]

    def stream_name(self, given: str) -> str:
        """Return the name of a lesson's stream, or of a stream that is there.

        Raises:
            LabError: there is no such stream; it tells which there are.
        """
        if given in LESSONS and "DynamoDBStreamArn" in self.lesson(given):
            raise LabError(
                _("Lesson {lesson} has no Kinesis stream: it reads the changes of its table.").format(lesson=given),
                next_step=_("Look into that: lab stream read {lesson}").format(lesson=given),
            )
        stream = self.name_of(given, "KinesisStreamName")
        pages = self.clients.kinesis.get_paginator("list_streams").paginate()
        streams = [found for page in pages for found in page["StreamNames"]]
        if stream not in streams:
            raise LabError(
                _("There is no stream {name}.").format(name=stream),
                why=_("Streams: {names}.").format(names=", ".join(streams) or _("none")),
                next_step=_("Deploy a lesson: lab up basic"),
            )
        return stream

    def name_of(self, given: str, output: str) -> str:
        """Return a lesson's output where a lesson's name was given, else what was given: a physical name itself."""
        return str(self.lesson(given)[output]) if given in LESSONS else given


class _LessonOutputs(dict[str, Any]):
    """The outputs of a lesson; one that is not there is a `LabError`: an exercise may deploy a part of a lesson."""

    def __init__(self, lesson: str, outputs: Mapping[str, Any]) -> None:
        super().__init__(outputs)
        self._lesson = lesson

    def __missing__(self, name: str) -> Any:
        raise LabError(
            _("What is deployed as {lesson} has no {output}.").format(lesson=self._lesson, output=name),
            why=_("This command needs the whole lesson; a program may deploy a part of it only."),
            next_step=_("See what is deployed: lab outputs"),
        )


def deployable(given: Sequence[str] | None, stack: str) -> list[str] | None:
    """Return the lessons named on the command line, each once; None where none is named.

    Raises:
        UsageError: one of them is neither a lesson nor an exercise that can be deployed to this stack.
    """
    if not given:
        return None
    from components.exercises import program_of
    from lab.command_line import LOCAL_STACK
    from lab.package import lessons

    known = lessons()
    for name in given:
        if name not in known and program_of(name):
            if stack == LOCAL_STACK:
                raise UsageError(
                    _("{name} is an exercise: it has a stack of its own.").format(name=name),
                    why=_("So it can meet nothing that you have deployed."),
                    next_step=_("Deploy it: lab up {name} --stack exercises").format(name=name),
                )
        elif name not in known:
            similar = difflib.get_close_matches(name, known, n=1, cutoff=_LIKELY)
            raise UsageError(
                _("“{name}” is not a lesson that can be deployed.").format(name=name),
                why=_("Did you mean {names}?").format(names=f"`{similar[0]}`") if similar else "",
                next_step=_("Lessons there are: {names}.").format(names=", ".join(known)),
            )
    return list(dict.fromkeys(given))


def on_stack(lesson: str, stack: str) -> str:
    """Return what names a lesson of a stack on the command line: `basic`, or `basic --stack exercises`."""
    from lab.command_line import LOCAL_STACK

    return lesson if stack == LOCAL_STACK else f"{lesson} --stack {stack}"


LESSONS = ("basic", "votes", "purchases", "orders", "archive")
"""The names of all lessons; which of them can be deployed yet, the program knows."""
