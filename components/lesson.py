"""What the lessons' components have in common: parts that carry the stack's modes, its tags and the lesson's settings.

The lesson: a function that reads a stream is the same few parts whatever flows in it; what differs is what it may do.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

from components.function import Function
from components.stream_consumer import StreamConsumer
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi import Input

    from components.policies import Statement
    from components.settings import LessonArgs, LessonSettings, StreamSettings
    from components.stream_consumer import Source


class Lesson(pulumi.ComponentResource):
    """The component of a lesson.

    Args:
        package: its handler package; its token is `streamlab:index:` and the name of its class.
        name: its logical name, with which those of its children begin.
        args: what every lesson is told.
        settings: how its functions run, and how one of them reads the stream.
        opts: the component's options.
    """

    exports: dict[str, Any]
    """The stack's output of the lesson's name: the physical names by which commands find what was deployed."""

    def __init__(
        self, package: str, name: str, args: LessonArgs, settings: LessonSettings, opts: ResourceOptions | None
    ) -> None:
        super().__init__(f"streamlab:index:{type(self).__name__}", name, None, opts)
        self._package, self._name, self._args, self._lesson_settings = package, name, args, settings
        self._child = ResourceOptions(parent=self)

    def _text_name(self, text_name: str | None) -> str | None:
        """Return the name that the text prints; None where Pulumi is to make one."""
        return text_name if self._args["names"] == "text" else None

    def _stream(self, settings: StreamSettings, text_name: str | None) -> aws.kinesis.Stream:
        """Make a Kinesis stream, with as much capacity and memory as the settings say."""
        on_demand = settings.capacity == "on-demand"
        return aws.kinesis.Stream(
            f"{self._name}-stream",
            name=self._text_name(text_name),
            stream_mode_details={"stream_mode": "ON_DEMAND" if on_demand else "PROVISIONED"},
            shard_count=None if on_demand else settings.shard_count,
            retention_period=settings.retention_hours,
            # A learner's own consumer with enhanced fan-out must not keep the stream from going.
            enforce_consumer_deletion=self._args["removable"],
            tags=self._args["tags"],
            opts=self._child,
        )

    def _function(
        self,
        part: str,
        text_name: str | None,
        *,
        module: str,
        environment: Mapping[str, Input[str]],
        statements: Sequence[Statement],
    ) -> Function:
        """Make a function of the lesson's package; `module` is where its `lambda_handler` is."""
        return Function(
            f"{self._name}-{part}",
            {
                "code": handler_package(self._package),
                "handler": f"handlers.{self._package}.{module}.lambda_handler",
                "function_name": self._text_name(text_name),
                "environment": {"POWERTOOLS_SERVICE_NAME": self._package, **environment},
                "settings": self._lesson_settings,
                "statements": statements,
                "role_mode": self._args["role_mode"],
                "removable": self._args["removable"],
                "tags": self._args["tags"],
            },
            self._child,
        )

    def _reader(self, function: Function, stream_arn: Input[str], *, source: Source = "kinesis") -> StreamConsumer:
        """Let a function read a stream."""
        return StreamConsumer(
            f"{self._name}-reader",
            {
                "function": function,
                "source": source,
                "stream_arn": stream_arn,
                "settings": self._lesson_settings,
                "removable": self._args["removable"],
                "tags": self._args["tags"],
            },
            self._child,
        )


def handler_package(lesson: str) -> pulumi.FileArchive:
    """Return the package of a lesson's handlers (`lab package` builds it; LAB_PACKAGES says where it lies).

    Raises:
        pulumi.RunError: it has not been built.
    """
    path = Path(os.environ.get("LAB_PACKAGES") or ".lab/packages") / f"{lesson}.zip"
    if not path.exists():
        raise pulumi.RunError(
            _("The handler package {path} has not been built. Run: lab package {lesson}").format(
                path=path, lesson=lesson
            )
        )
    return pulumi.FileArchive(str(path))
