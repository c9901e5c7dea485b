"""Reads the stack's settings: once, all checked at once, every fault told together."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from components.checks import did_you_mean, not_allowed, read_group
from components.exercises import program_of
from components.settings import (
    ArchiveSettings,
    BasicSettings,
    CommonSettings,
    LessonArgs,
    OrdersSettings,
    PurchasesSettings,
    VotesSettings,
)
from languages import gettext as _
from languages import ngettext

LEARNER_LAB_REGIONS = ("us-east-1", "us-west-2")
"""Where AWS Academy's Learner Lab, and so its role LabRole, may be used."""

LESSONS: dict[str, type[Any]] = {
    "basic": BasicSettings,
    "votes": VotesSettings,
    "purchases": PurchasesSettings,
    "orders": OrdersSettings,
    "archive": ArchiveSettings,
}
"""The lessons there are, each with the group of its own settings."""


@dataclass(frozen=True)
class Settings:
    """All settings of the stack."""

    common: CommonSettings
    basic: BasicSettings
    votes: VotesSettings
    purchases: PurchasesSettings
    orders: OrdersSettings
    archive: ArchiveSettings

    @property
    def lessons(self) -> Sequence[str]:
        """The lessons to deploy; one name may be that of an exercise instead."""
        return self.common.lessons

    @property
    def exercise_program(self) -> str | None:
        """The Pulumi program of the workbook's exercise that is switched on, None where none is."""
        programs = [str(program_of(name)) for name in self.lessons if name not in LESSONS]
        return programs[0] if programs else None

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
            faults += _lesson_conflicts(group, own_given[lesson], prefix)
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
    if any(lesson not in LESSONS and program_of(lesson) for lesson in common.lessons) and len(common.lessons) > 1:
        # Its resources have the names of a lesson's.
        yield _("{key} names an exercise and something beside it: an exercise is deployed alone.").format(
            key=f"{prefix}lessons"
        )
    for lesson in common.lessons:
        if lesson not in LESSONS and not program_of(lesson):
            yield _("{key} names {lesson}, which is not a lesson.").format(
                key=f"{prefix}lessons", lesson=json.dumps(lesson, ensure_ascii=False)
            ) + did_you_mean(lesson, LESSONS)
    region = pulumi.Config("aws").get("region")
    if common.role_mode == "existing" and region and region not in LEARNER_LAB_REGIONS:
        yield not_allowed("aws:region", region, _("one of {values}").format(values=", ".join(LEARNER_LAB_REGIONS)))


def _lesson_conflicts(group: type[Any], given: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Find settings that are right each by itself and wrong together."""
    only_with = _("{key} only holds when {other} is {value}.")
    position, timestamp = f"{prefix}starting_position", f"{prefix}starting_position_timestamp"
    match given.get("starting_position", "TRIM_HORIZON"), "starting_position_timestamp" in given:
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
    if given.get("layout") == "batch" and given.get("parallelization_factor") in range(2, 11):
        # Two batches of a shard at once may both write what neither of them found.
        yield only_with.format(key=f"{prefix}parallelization_factor", other=f"{prefix}layout", value="record")
    if group is VotesSettings and given.get("counting", VotesSettings.counting) == "economical":
        # Two batches of a shard at once: the one behind would hide the votes of the one before it.
        key = "parallelization_factor"
        if given.get(key) in range(2, 11):
            yield only_with.format(key=f"{prefix}{key}", other=f"{prefix}counting", value="transactional")


def _report(faults: list[str]) -> str:
    file = f"Pulumi.{pulumi.get_stack()}.yaml"
    head = ngettext(
        "A setting of this stack cannot be used. Nothing was changed.",
        "{count} settings of this stack cannot be used. Nothing was changed.",
        len(faults),
    ).format(count=len(faults))
    end = _("Correct this in {file}, then run the same command again.").format(file=file)
    return "\n".join([head, *(f"  - {fault}" for fault in faults), end])
