"""Leftovers as a person reads them, and as a program does."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from lab.leftovers.pricing import HOURS_PER_MONTH, Bill
from lab.numbers import decimal, whole
from lab.terminal import say, say_paragraph, styled, table
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lab.errors import LabError
    from lab.leftovers.deletion import Deleted
    from lab.leftovers.place import Place
    from lab.leftovers.search import Leftover, Unseen

TITLES = {
    "mapping": _("event source mapping"),
    "api": _("HTTP API"),
    "function": _("function"),
    "alarm": _("alarm"),
    "consumer": _("stream consumer"),
    "stream": _("stream"),
    "table": _("table"),
    "workgroup": _("workgroup"),
    "database": _("database"),
    "bucket": _("bucket"),
    "queue": _("queue"),
    "topic": _("topic"),
    "role": _("role"),
    "log group": _("log group"),
    "other": _("other"),
}


def is_past(day: str | None) -> bool:
    """Say whether a day as the tag `expires` has it is over (UTC); what is no day never is."""
    try:
        return day is not None and dt.date.fromisoformat(day) < dt.datetime.now(dt.UTC).date()
    except ValueError:
        return False


def place_in_words(place: Place) -> str:
    """Return where was looked."""
    account = place.account
    if place.is_local:
        return _("the local cloud {url}, region {region}").format(url=account.endpoint_url, region=account.region)
    return _("AWS account {account}, region {region}").format(account=account.account_id, region=account.region)


def tell(leftovers: Sequence[Leftover], place: Place) -> None:
    """Print leftovers one by one, with what they cost while nobody uses them."""
    say(_("In {place}:").format(place=place_in_words(place)))
    say()
    _table(leftovers)
    say()
    say(_in_all(leftovers, place))


def tell_by_student(leftovers: Sequence[Leftover], place: Place) -> None:
    """Print what each student's leftovers cost, expired ones first, then the dearest; what is free is only counted."""
    say(_("In {place}:").format(place=place_in_words(place)))
    for student, group in _by_student(leftovers):
        say()
        say(styled(_heading(student, group), "bold"))
        dear = [each for each in group if each.usd_per_hour != 0]
        if dear:
            _table(dear)
        if free := len(group) - len(dear):
            text = ngettext(
                "{count} thing that costs nothing while nobody uses it",
                "{count} things that cost nothing while nobody uses them",
                free,
            )
            say("  " + text.format(count=whole(free)))
    say()
    say(_in_all(leftovers, place))


def tell_deployed(leftovers: Iterable[Leftover], command: str) -> None:
    """Print what each stack has deployed, in a line, and the command that removes it."""
    stacks: dict[str, list[Leftover]] = {}
    for each in leftovers:
        if each.deployed_by:
            stacks.setdefault(each.deployed_by, []).append(each)
    for stack, group in stacks.items():
        text = ngettext(
            "Stack {name} has deployed {count} thing, {cost}: in use, not left over. Remove it: {command}",
            "Stack {name} has deployed {count} things, {cost}: in use, not left over. Remove them: {command}",
            len(group),
        )
        say(text.format(name=stack, count=whole(len(group)), cost=_cost(Bill.of(group)), command=command))


def _table(leftovers: Iterable[Leftover]) -> None:
    rows = [
        (TITLES[each.thing.kind], each.thing.name, _price(each), each.lesson or "", _remark(each))
        for each in sorted(leftovers, key=lambda each: -(each.usd_per_hour or 0))
    ]
    table((_("KIND"), _("NAME"), _("USD/HOUR"), _("LESSON"), _("REMARK")), rows)


def _by_student(leftovers: Iterable[Leftover]) -> list[tuple[str | None, list[Leftover]]]:
    groups: dict[str | None, list[Leftover]] = {}
    for each in leftovers:
        groups.setdefault(each.student, []).append(each)
    return sorted(
        groups.items(),
        key=lambda group: (
            not any(is_past(each.expires) for each in group[1]),
            -Bill.of(group[1]).usd_per_hour,
            group[0] or "",
        ),
    )


def _heading(student: str | None, group: Sequence[Leftover]) -> str:
    days = sorted({each.expires for each in group if each.expires})
    parts = [student or _("of nobody in particular (no tag student)"), _cost(Bill.of(group))]
    if days and is_past(days[0]):
        parts.append(_("expired on {day}").format(day=days[0]))
    elif days:
        parts.append(_("expires on {day}").format(day=days[0]))
    return ", ".join(parts)


def _in_all(leftovers: Sequence[Leftover], place: Place) -> str:
    count = ngettext("{count} thing", "{count} things", len(leftovers)).format(count=whole(len(leftovers)))
    bill = Bill.of(leftovers)
    month = decimal(bill.usd_per_hour * HOURS_PER_MONTH, 2)
    cost = _("{cost}, {month} USD a month").format(cost=_cost(bill), month=month)
    if place.is_local:
        return _("{count}. They cost nothing here; on AWS: {cost}.").format(count=count, cost=cost)
    return f"{count}: {cost}."


def _cost(bill: Bill) -> str:
    usd = decimal(bill.usd_per_hour, 4)
    return (
        _("at least {usd} USD an hour").format(usd=usd) if bill.is_at_least else _("{usd} USD an hour").format(usd=usd)
    )


def _price(leftover: Leftover) -> str:
    usd = leftover.usd_per_hour
    if usd is None:
        return "?"
    return decimal(usd, 4) if usd else "0"


def _remark(leftover: Leftover) -> str:
    remarks: list[str] = []
    if leftover.deployed_by:
        remarks.append(_("deployed by stack {name}").format(name=leftover.deployed_by))
    if is_past(leftover.expires):
        remarks.append(_("expired on {day}").format(day=leftover.expires))
    if leftover.evidence == "name":
        remarks.append(_("by its name only"))
    elif leftover.evidence == "owner":
        remarks.append(_("belongs to one of the lab's"))
    return ", ".join(remarks)


def tell_unseen(unseen: Iterable[Unseen]) -> None:
    """Print what could not be looked into, and what that means."""
    for each in unseen:
        if each.what == "tags":
            text = _("The tagging API could not be asked, so every service was asked by itself: {why}")
        elif each.count:
            text = ngettext(
                "The tags of {count} thing ({kind}) could not be read, so it is only known by its name: {why}",
                "The tags of {count} things ({kind}) could not be read, so they are only known by their names: {why}",
                each.count,
            )
        else:
            text = _("Could not be looked into: {kind}. {why}")
        kind = TITLES.get(each.what.removeprefix("tags of "), each.what)
        say_paragraph(text.format(kind=kind, count=whole(each.count), why=_why(each.error)))


def _why(error: LabError) -> str:
    return " ".join(part for part in (error.what, error.why) if part)


def tell_deleted(done: Sequence[Deleted]) -> None:
    """Print what was deleted, and what was not and why."""
    gone = [each for each in done if each.error is None]
    say(ngettext("{count} thing deleted.", "{count} things deleted.", len(gone)).format(count=whole(len(gone))))
    for each in done:
        if each.error is None:
            continue
        thing = each.leftover.thing
        text = _("{kind} {name} was not deleted.").format(kind=TITLES[thing.kind], name=thing.name)
        say(styled(text, "red"))
        say_paragraph(f"{_why(each.error)} {each.error.next_step}".strip())


def as_json(leftover: Leftover) -> dict[str, Any]:
    """Return a leftover for a program to read."""
    thing = leftover.thing
    return {
        "kind": thing.kind,
        "name": thing.name,
        "arn": thing.arn,
        "student": leftover.student,
        "lesson": leftover.lesson,
        "expires": leftover.expires,
        "expired": is_past(leftover.expires),
        "known_by": leftover.evidence,
        "deployed_by": leftover.deployed_by,
        "usd_per_hour": leftover.usd_per_hour,
    }
