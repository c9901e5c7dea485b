"""The stack's settings: read once, checked at once, every fault told together.

The lesson: a deployment takes minutes and may cost money; what can be known to be wrong before it begins is told before
it begins, with the key, what was given and what is allowed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, TypeAlias, TypedDict

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from components.checks import Between, Day, Moment, Names, did_you_mean, not_allowed, read_group
from languages import gettext as _
from languages import ngettext

Destination: TypeAlias = Literal["sqs", "sns", "s3"]
Naming: TypeAlias = Literal["auto", "text"]
RoleMode: TypeAlias = Literal["create", "existing"]

LEARNER_LAB_REGIONS = ("us-east-1", "us-west-2")
"""Where AWS Academy's Learner Lab, and so its role LabRole, may be used."""

# CloudWatch Logs takes these and no others (PutRetentionPolicy).
RetentionDays: TypeAlias = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]


@dataclass(frozen=True)
class StreamSettings:
    """How much a lesson's stream takes, and for how long it keeps it."""

    capacity: Literal["provisioned", "on-demand"] = "provisioned"
    """Provisioned: paid by the shard and hour. On-demand: paid by the stream and hour and by the gigabyte."""
    shard_count: Annotated[int, Between(1, 200)] = 1
    """Shards of a provisioned stream, each 1 MB or 1,000 records a second; 200 is a new account's usual quota."""
    retention_hours: Annotated[int, Between(24, 8760)] = 24
    """How long a record can be read; more than 24 hours costs more."""


@dataclass(frozen=True)
class ConsumerSettings:
    """How a lesson's function reads its stream, and what happens to what it cannot process."""

    batch_size: Annotated[int, Between(1, 10_000)] = 100
    """The most records a call gets."""
    batching_window_seconds: Annotated[int, Between(0, 300)] = 0
    """How long Lambda waits for a batch to fill; 0 hands over what is there."""
    starting_position: Literal["LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"] = "TRIM_HORIZON"
    """Where reading begins. LATEST misses what is sent before reading has really begun, which may take minutes."""
    starting_position_timestamp: Annotated[str | None, Moment()] = None
    """From when AT_TIMESTAMP reads."""
    parallelization_factor: Annotated[int, Between(1, 10)] = 1
    """Batches of one shard at once; records of one partition key stay in order."""
    maximum_retry_attempts: Annotated[int, Between(0, 10_000, or_no_limit=True)] = 2
    """How often a failed batch is tried again before it goes to the destination."""
    maximum_record_age_seconds: Annotated[int, Between(60, 604_800, or_no_limit=True)] = 43_200
    """When a record is given up for its age; the default is half the shortest retention, so that what was given up can
    still be read in the stream."""
    bisect: bool = True
    """Split a failed batch in two and try each half by itself."""
    destination: Destination = "sqs"
    """What is told about records that were given up: a queue, a topic or a bucket."""
    alarms: bool = True
    """Alarms on lag, errors and given-up records (about 0.10 USD each a month on AWS)."""


@dataclass(frozen=True)
class FunctionSettings:
    """What a lesson's functions run on."""

    memory_mb: Annotated[int, Between(128, 10_240)] = 256
    """Memory; the share of a processor grows with it."""
    timeout_seconds: Annotated[int, Between(1, 900)] = 30
    """How long one batch may take."""
    log_retention_days: RetentionDays = 7
    """How long logs are kept."""
    runtime: Literal["python3.11", "python3.12", "python3.13", "python3.14"] = "python3.13"
    """Lambda's Python; the local cloud says when the interpreter it finds is another."""


@dataclass(frozen=True)
class BasicSettings(FunctionSettings, ConsumerSettings, StreamSettings):
    """Lesson `basic` (`streamlab:basic`)."""

    sensor_index: bool = True
    """The table's index that finds the events of one sensor in the order of time."""


LESSONS: dict[str, type[BasicSettings]] = {"basic": BasicSettings}
"""The lessons there are, each with the group of its own settings."""


@dataclass(frozen=True)
class CommonSettings:
    """What holds for all lessons of the stack."""

    lessons: Annotated[Sequence[str], Names()] = ()
    """The lessons to deploy."""
    names: Naming = "auto"
    """`text`: the names that the lesson's text prints; `auto`: names that never collide in a shared account."""
    role_mode: RoleMode = "create"
    """`existing`: functions run with the role LabRole of a Learner Lab, where no role can be made."""
    removable: bool = True
    """Whether removing the stack may remove what it holds: items, objects, logs."""
    expires: Annotated[str | None, Day()] = None
    """The day from which whoever looks after the account may remove what is left; a tag on everything. Chosen when the
    stack is made and kept, so that a second `up` has nothing to change; without it there is no such tag."""


class LessonArgs(TypedDict):
    """What every lesson's component is told."""

    names: Naming
    """Literal names of the text, or names made by Pulumi."""
    role_mode: RoleMode
    """Roles of its own, or the Learner Lab's."""
    removable: bool
    """Whether its data may go with the stack."""
    tags: dict[str, str]
    """Tags for everything that takes them."""


@dataclass(frozen=True)
class Settings:
    """All settings of the stack."""

    common: CommonSettings
    basic: BasicSettings

    @property
    def lessons(self) -> Sequence[str]:
        """The lessons to deploy."""
        return self.common.lessons

    def lesson_args(self, lesson: str) -> LessonArgs:
        """Return what a lesson's component is told besides its own settings."""
        tags = {"project": pulumi.get_project(), "lesson": lesson, "student": pulumi.get_stack()}
        if self.common.expires:
            tags["expires"] = self.common.expires
        return {
            "names": self.common.names,
            "role_mode": self.common.role_mode,
            "removable": self.common.removable,
            "tags": tags,
        }


def read_settings() -> Settings:
    """Read and check the stack's settings.

    Raises:
        pulumi.RunError: some of them cannot be used; the message names each one. Pulumi shows it without a traceback.
    """
    namespace = pulumi.get_project()
    given = _given(namespace)
    faults: list[str] = []
    own_given: dict[str, Any] = {lesson: given.pop(lesson, None) or {} for lesson in LESSONS}
    common = read_group(CommonSettings, given, f"{namespace}:", faults)
    faults += _common_conflicts(common, given, f"{namespace}:")
    own: dict[str, Any] = {}
    for lesson, group in LESSONS.items():
        prefix = f"{namespace}:{lesson}."
        own[lesson] = read_group(group, own_given[lesson], prefix, faults)
        if isinstance(own_given[lesson], dict):
            faults += _lesson_conflicts(own_given[lesson], prefix)
    if faults:
        raise pulumi.RunError(_report(faults))
    _warn_when_past(common.expires, f"{namespace}:expires")
    return Settings(common, **own)


def _warn_when_past(expires: str | None, key: str) -> None:
    """Say that the stack's day is over; it stays usable, so that it can be repaired, or removed in peace."""
    if expires and date.fromisoformat(expires) < datetime.now(UTC).date():
        pulumi.log.warn(
            _(
                "{key} is {day}, which is past: whoever looks after the account may remove what you deploy. Set a "
                "later day: pulumi config set {key} YYYY-MM-DD --stack {stack}"
            ).format(key=key, day=expires, stack=pulumi.get_stack())
        )


def _given(namespace: str) -> dict[str, Any]:
    """Return every setting of the project, by name.

    `pulumi.Config` only answers for names that one asks for, and a misspelt name is never asked for; so this reads the
    two places that it reads itself. A value is text there: JSON where the stack's file holds more than plain text.
    """
    everything: dict[str, Any] = {**get_config_env(), **CONFIG.get()}
    start = f"{namespace}:"
    return {key.removeprefix(start): _plain(value) for key, value in everything.items() if key.startswith(start)}


def _plain(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def _common_conflicts(common: CommonSettings, given: Mapping[str, Any], prefix: str) -> Iterator[str]:
    if "lessons" not in given:
        # Without it the program would deploy nothing, which removes all that was deployed.
        yield _("{key} is missing: a list of some of {values}.").format(
            key=f"{prefix}lessons", values=", ".join(LESSONS)
        )
    for lesson in common.lessons:
        if lesson not in LESSONS:
            yield _("{key} names {lesson}, which is not a lesson.").format(
                key=f"{prefix}lessons", lesson=json.dumps(lesson, ensure_ascii=False)
            ) + did_you_mean(lesson, LESSONS)
    region = pulumi.Config("aws").get("region")
    if common.role_mode == "existing" and region and region not in LEARNER_LAB_REGIONS:
        yield not_allowed("aws:region", region, _("one of {values}").format(values=", ".join(LEARNER_LAB_REGIONS)))


def _lesson_conflicts(given: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Find settings that are right each by itself and wrong together."""
    only_with = _("{key} only holds when {other} is {value}.")
    position, timestamp = f"{prefix}starting_position", f"{prefix}starting_position_timestamp"
    match given.get("starting_position", ConsumerSettings.starting_position), "starting_position_timestamp" in given:
        case "AT_TIMESTAMP", False:
            yield _("{key} must be given when {other} is {value}.").format(
                key=timestamp, other=position, value="AT_TIMESTAMP"
            )
        case "LATEST" | "TRIM_HORIZON", True:
            yield only_with.format(key=timestamp, other=position, value="AT_TIMESTAMP")
        case _:
            pass
    if given.get("capacity") == "on-demand" and "shard_count" in given:
        yield only_with.format(key=f"{prefix}shard_count", other=f"{prefix}capacity", value="provisioned")


def _report(faults: list[str]) -> str:
    file = f"Pulumi.{pulumi.get_stack()}.yaml"
    head = ngettext(
        "A setting of this stack cannot be used. Nothing was changed.",
        "{count} settings of this stack cannot be used. Nothing was changed.",
        len(faults),
    ).format(count=len(faults))
    end = _("Correct this in {file}, then run the same command again.").format(file=file)
    return "\n".join([head, *(f"  - {fault}" for fault in faults), end])
