"""`lab leftovers`: what the lab made and nobody removed."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lab.asking_back import is_confirmed
from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import LabError, UsageError
from lab.terminal import note, progress, say, say_json
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.leftovers.deletion import Deleted
    from lab.leftovers.place import Place
    from lab.leftovers.search import Findings, Leftover

app = VerbApp()

_SHAPE = """{"account": ID, "region": REGION, "local": true, "usd_per_hour": N, "is_at_least": false,
 "leftovers": [{"kind": "stream", "name": NAME, "arn": ARN, "student": NAME, "lesson": LESSON,
                "expires": DAY, "expired": false, "known_by": "tags" or "owner" or "name",
                "deployed_by": STACK, "usd_per_hour": N}],
 "unseen": [{"what": KIND, "why": TEXT}], "deleted": [ARN], "failed": [{"arn": ARN, "why": TEXT}]}"""


@dataclasses.dataclass(frozen=True)
class Choice:
    """Which leftovers are shown, and which of those may be deleted."""

    stack: str
    all_students: bool
    expired: bool
    deployed: bool
    by_name: bool

    def command(self, *options: str, aws: bool) -> str:
        """Return the command that looks again for the same things, with more options."""
        given = {
            f"--stack {self.stack}": self.stack != LOCAL_STACK,
            "--aws": aws,
            "--all-students": self.all_students,
            "--expired": self.expired,
            "--by-name": self.by_name,
            "--deployed": self.deployed,
        }
        return " ".join(["lab leftovers", *(option for option, is_given in given.items() if is_given), *options])

    def shown(self, leftover: Leftover) -> bool:
        """Say whether it is this person's to see: of the stack, or of nobody in particular."""
        from lab.leftovers.telling import is_past

        if self.expired and not is_past(leftover.expires):
            return False
        return self.all_students or leftover.student in (None, self.stack)

    def deletable(self, leftover: Leftover, *, shared: bool) -> bool:
        """Say whether it may be deleted: nobody uses it, and it is the lab's and this person's.

        Args:
            leftover: one that is shown.
            shared: whether the account holds things of other students, so that what names none may be theirs.
        """
        theirs = shared and leftover.student is None and not self.all_students
        return not (
            theirs or (leftover.deployed_by and not self.deployed) or (leftover.evidence == "name" and not self.by_name)
        )


@app.verb(
    "leftovers",
    changes=True,
    details=_(
        "Looks for the lab's tags and names in every service, whatever any state says, and tells what each thing costs "
        "while nobody uses it. What a stack has deployed is in use: it is shown, and not deleted. Exit code 1 when "
        "something is left over, or when not everything could be looked into."
    ),
    json_shape=_SHAPE,
    examples=(
        "lab leftovers",
        "lab leftovers --delete",
        "lab leftovers --stack dev --aws",
        "lab leftovers --stack dev --aws --all-students --expired --delete",
    ),
)
def leftovers(
    *,
    delete: Annotated[bool, typer.Option("--delete", help=_("Delete what is left over; asks before."))] = False,
    yes: Annotated[bool, typer.Option("--yes", help=_("Do not ask."))] = False,
    aws: Annotated[
        bool, typer.Option("--aws", help=_("Look into the account of your AWS credentials; needed for a stack there."))
    ] = False,
    all_students: Annotated[
        bool, typer.Option("--all-students", help=_("Of all students, not only of this stack; by student."))
    ] = False,
    expired: Annotated[bool, typer.Option("--expired", help=_("Only what is past its day (tag expires)."))] = False,
    by_name: Annotated[
        bool, typer.Option("--by-name", help=_("Delete also what nothing but its name says to be the lab's."))
    ] = False,
    deployed: Annotated[
        bool, typer.Option("--deployed", help=_("Delete also what a stack has deployed; `lab down` is better."))
    ] = False,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Find, tell, and where it is asked for, delete."""
    if delete and not yes and not sys.stdin.isatty():
        raise UsageError(
            _("Nothing was deleted: there is nobody here to ask."),
            next_step=_("Look first (lab leftovers), then delete without being asked: lab leftovers --delete --yes"),
        )
    from lab.leftovers.place import find_place

    place = find_place(stack, aws=aws)
    choice = Choice(stack, all_students, expired, deployed, by_name)
    findings = _search(place, silent=as_json)
    shown = [each for each in findings.leftovers if choice.shown(each)]
    others = len({each.student for each in findings.leftovers} - {None, stack})
    wanted = [each for each in shown if choice.deletable(each, shared=others > 0)]
    if not as_json:
        _tell(shown, findings, place, choice, others)
    done = _delete(place, wanted, silent=as_json) if delete and wanted and (yes or _agreed(wanted, place)) else []
    if as_json:
        _say_json(shown, findings, place, done)
    elif done:
        _tell_end(done, choice.command("--delete", aws=not place.is_local))
    elif wanted and not delete:
        say(_("Delete it: {command}").format(command=choice.command("--delete", aws=not place.is_local)))
    gone = {each.leftover.thing.arn for each in done if each.error is None}
    left = [each for each in shown if not each.deployed_by and each.thing.arn not in gone]
    failed = any(each.error for each in done)
    if left or failed or not findings.is_whole:
        raise typer.Exit(1)


def _search(place: Place, *, silent: bool) -> Findings:
    from lab.leftovers.deployed import deployed
    from lab.leftovers.kinds import KINDS
    from lab.leftovers.search import search

    with progress(_("Looking …"), len(KINDS), silent=silent) as shown:
        findings = search(place.account, place.project, shown)
    try:
        stacks = deployed(place)
    except LabError as error:
        if findings.leftovers:
            note(f"{error.what} {error.why}")
        return findings
    for number, each in enumerate(findings.leftovers):
        stack = stacks.get(each.thing.arn) or stacks.get(each.thing.id)
        findings.leftovers[number] = dataclasses.replace(each, deployed_by=stack)
    return findings


def _tell(shown: Sequence[Leftover], findings: Findings, place: Place, choice: Choice, others: int) -> None:
    from lab.leftovers.telling import place_in_words, tell, tell_by_student, tell_deployed, tell_unseen

    left = [each for each in shown if choice.deployed or not each.deployed_by]
    where = place_in_words(place)
    if left:
        (tell_by_student if choice.all_students else tell)(left, place)
    elif not findings.is_whole:
        say(_("Nothing was found in {place}, but not everything could be looked into.").format(place=where))
    elif others and not choice.all_students:
        say(_("Nothing of stack {name} is left over in {place}.").format(name=place.stack, place=where))
    elif shown:
        say(_("Nothing is left over in {place}.").format(place=where))
    else:
        say(_("Nothing is left in {place}.").format(place=where))
    if not choice.deployed:
        tell_deployed(shown, _command("lab down" if place.is_local else "pulumi destroy", place.stack))
    tell_unseen(findings.unseen)
    if others and not choice.all_students:
        text = ngettext(
            "{count} other stack (student) has something here: {command}",
            "{count} other stacks (students) have something here: {command}",
            others,
        )
        say(text.format(count=others, command=choice.command("--all-students", aws=not place.is_local)))
    if others and not choice.all_students and any(each.student is None for each in left):
        say(_("What names no student may be another's: only --all-students deletes it."))
    elif any(each.evidence == "name" for each in shown) and not choice.by_name:
        text = _("What is known by its name only may be somebody else's. To delete it too: {command}")
        say(text.format(command=choice.command("--by-name", "--delete", aws=not place.is_local)))


def _command(command: str, stack: str) -> str:
    return command if stack == LOCAL_STACK else f"{command} --stack {stack}"


def _agreed(wanted: Sequence[Leftover], place: Place) -> bool:
    from lab.leftovers.telling import place_in_words

    text = ngettext(
        "Delete {count} thing, with all that it holds, in {place}?",
        "Delete {count} things, with all that they hold, in {place}?",
        len(wanted),
    )
    agreed = is_confirmed(text.format(count=len(wanted), place=place_in_words(place)))
    if not agreed:
        say(_("Nothing was deleted."))
    return agreed


def _delete(place: Place, wanted: Sequence[Leftover], *, silent: bool) -> list[Deleted]:
    from lab.leftovers.deletion import delete

    with progress(_("Deleting …"), len(wanted), silent=silent) as shown:
        return delete(place.account, wanted, shown)


def _tell_end(done: Sequence[Deleted], command: str) -> None:
    from lab.leftovers.telling import tell_deleted

    tell_deleted(done)
    if any(each.leftover.deployed_by for each in done):
        say(_("Tell the stack what is gone: lab refresh"))
    if any(each.error for each in done):
        say(_("The rest is gone. Try again: {command}").format(command=command))


def _say_json(shown: Sequence[Leftover], findings: Findings, place: Place, done: Sequence[Deleted]) -> None:
    from lab.leftovers.pricing import Bill
    from lab.leftovers.telling import as_json

    bill = Bill.of(shown)
    say_json(
        {
            "account": place.account.account_id,
            "region": place.account.region,
            "local": place.is_local,
            "usd_per_hour": bill.usd_per_hour,
            "is_at_least": bill.is_at_least,
            "leftovers": [as_json(each) for each in shown],
            "unseen": [{"what": each.what, "why": str(each.error)} for each in findings.unseen],
            "deleted": [each.leftover.thing.arn for each in done if each.error is None],
            "failed": [{"arn": each.leftover.thing.arn, "why": str(each.error)} for each in done if each.error],
        }
    )
