"""Finding what is ours: the union of what every service lists and what the tagging API knows.

Neither is enough: the tagging API misses services, answers late and may be denied; a list tells what exists, and its
tags must be asked one by one. So existence is the list's word, and tags are taken from whoever knows them.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lab.deploy.provider.errors import is_missing
from lab.failures import told_of
from lab.leftovers.kinds import KIND_OF, KINDS, Kind, Tags, Thing, consumers_of
from lab.leftovers.names import lesson_of
from lab.leftovers.pricing import GoneError, usd_per_hour

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lab.deploy.provider.account import Account
    from lab.errors import LabError
    from lab.terminal import Progress

Evidence: TypeAlias = Literal["tags", "owner", "name"]
"""Why a thing is taken for ours: by its tags, because it belongs to a thing of ours, or by nothing but its name."""

_AT_ONCE = 8
OTHER = "other"
"""The kind of what only the tagging API knows."""


@dataclass(frozen=True)
class Leftover:
    """A thing of ours."""

    thing: Thing
    tags: Tags
    """Its own, or those of what it belongs to."""
    evidence: Evidence
    usd_per_hour: float | None = None
    """What it costs while nobody uses it; None where nobody knows."""
    deployed_by: str | None = None
    """The stack that has it in its state."""

    @property
    def student(self) -> str | None:
        """Whose it is: the name of a stack."""
        return self.tags.get("student")

    @property
    def lesson(self) -> str | None:
        """The lesson it was made for."""
        return self.tags.get("lesson") or lesson_of(self.thing.name)

    @property
    def expires(self) -> str | None:
        """The day from which it may be removed, as written: `2027-06-30`."""
        return self.tags.get("expires")


@dataclass(frozen=True)
class Unseen:
    """What could not be looked into."""

    what: str
    """The name of a kind; `tags` for the tagging API, `tags of KIND` where the tags of some could not be read."""
    count: int
    """Of how many things nobody knows whether they are ours; 0 where that is not known either, or none."""
    error: LabError


@dataclass
class Findings:
    """What a search found."""

    leftovers: list[Leftover] = field(default_factory=list[Leftover])
    unseen: list[Unseen] = field(default_factory=list[Unseen])

    @property
    def is_whole(self) -> bool:
        """Whether everything was looked into; the tagging API alone is not missed."""
        return all(each.what == "tags" for each in self.unseen)


def search(account: Account, project: str, progress: Progress) -> Findings:
    """Find all that is ours in an account and region.

    Args:
        account: where.
        project: the value of the tag `project` that makes a thing ours.
        progress: advanced by one for each kind.
    """
    findings = Findings()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        tagging = pool.submit(_all_tags, account)
        lists = pool.map(partial(_listed, account, progress), KINDS)
        things: list[Thing] = []
        listed: list[Kind] = []
        for kind, answer in zip(KINDS, lists, strict=True):
            if isinstance(answer, list):
                things += answer
                listed.append(kind)
            else:
                findings.unseen.append(Unseen(kind.name, 0, answer))
        known: Mapping[str, Tags] = {}
        try:
            known = tagging.result()
        except Exception as error:  # noqa: BLE001  (every list asks for tags by itself)
            findings.unseen.append(Unseen("tags", 0, told_of(error)))
        tagged = list(pool.map(partial(_with_tags, account, known), things))
        things = _without_the_untold(tagged, findings)
        things += _known_only_by_tags(known, project, things, listed)
        findings.leftovers = _ours(things, project)
        streams = [each for each in findings.leftovers if each.thing.kind == "stream"]
        for consumers in pool.map(partial(_consumers, account, findings), streams):
            findings.leftovers += consumers
        priced = pool.map(partial(_priced, account), findings.leftovers)
        findings.leftovers = [each for each in priced if each]
    return findings


def _all_tags(account: Account) -> dict[str, Tags]:
    """Return the tags of everything that the tagging API knows, by ARN."""
    pages: Any = account.tagging.get_paginator("get_resources").paginate()
    return {
        each["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]}
        for page in pages
        for each in page["ResourceTagMappingList"]
    }


def _listed(account: Account, progress: Progress, kind: Kind) -> list[Thing] | LabError:
    try:
        return list(kind.found(account))
    except Exception as error:  # noqa: BLE001  (told, and the other kinds go on)
        return told_of(error)
    finally:
        progress.advance()


def _with_tags(account: Account, known: Mapping[str, Tags], thing: Thing) -> Thing | tuple[Thing, LabError]:
    """Return a thing with its tags; with an error where they cannot be read."""
    if thing.tags is not None:
        return thing
    if thing.arn in known:
        return replace(thing, tags=known[thing.arn])
    try:
        return replace(thing, tags=KIND_OF[thing.kind].tags(account, thing))
    except Exception as error:  # noqa: BLE001
        return replace(thing, tags={}), told_of(error)


def _without_the_untold(tagged: Iterable[Thing | tuple[Thing, LabError]], findings: Findings) -> list[Thing]:
    """Return the things; note of which kinds some would not tell their tags."""
    things: list[Thing] = []
    errors: dict[str, LabError] = {}
    counts: Counter[str] = Counter()
    for each in tagged:
        if isinstance(each, Thing):
            things.append(each)
            continue
        thing, error = each
        if lesson_of(thing.name):
            things.append(thing)  # its name still tells
        errors.setdefault(thing.kind, error)
        counts[thing.kind] += 1
    findings.unseen += [Unseen(f"tags of {kind}", counts[kind], error) for kind, error in errors.items()]
    return things


def _known_only_by_tags(
    known: Mapping[str, Tags], project: str, things: Iterable[Thing], listed: Iterable[Kind]
) -> list[Thing]:
    """Return what the tagging API has as ours and no list does, but for what a list knows to be gone."""
    there = {thing.arn for thing in things}
    return [
        Thing(OTHER, arn.split(":", 2)[-1], arn, arn, tags=tags)
        for arn, tags in known.items()
        if tags.get("project") == project and arn not in there and not any(kind.has(arn) for kind in listed)
    ]


def _ours(things: Iterable[Thing], project: str) -> list[Leftover]:
    ours: dict[str, Leftover] = {}
    others: list[Thing] = []
    for thing in things:
        tags = thing.tags or {}
        if tags.get("project") == project:
            ours[thing.arn] = Leftover(thing, tags, "tags")
        elif "project" not in tags:  # what says that it is another project's is
            others.append(thing)
    for thing in others:
        owner = next((ours[arn] for arn in thing.belongs_to if arn in ours), None)
        if owner and owner.evidence == "tags":
            ours[thing.arn] = Leftover(thing, owner.tags, "owner")
        elif any(lesson_of(name) for name in (thing.name, *map(_name_in, thing.belongs_to))):
            ours[thing.arn] = Leftover(thing, {}, "name")
    return list(ours.values())


def _name_in(arn: str) -> str:
    return arn.replace("/", ":").rpartition(":")[2]


def _consumers(account: Account, findings: Findings, stream: Leftover) -> list[Leftover]:
    evidence: Evidence = "name" if stream.evidence == "name" else "owner"
    try:
        return [Leftover(each, stream.tags, evidence) for each in consumers_of(account, stream.thing)]
    except Exception as error:  # noqa: BLE001
        findings.unseen.append(Unseen("consumer", 0, told_of(error)))
        return []


def _priced(account: Account, leftover: Leftover) -> Leftover | None:
    """Return it with its price; None where a look shows that it is going."""
    try:
        return replace(leftover, usd_per_hour=usd_per_hour(account, leftover.thing))
    except GoneError:
        return None
    except Exception as error:  # noqa: BLE001  (its price is then not known)
        return None if is_missing(error) else leftover
