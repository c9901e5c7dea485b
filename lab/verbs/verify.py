"""`lab verify`: whether what a lesson keeps is whole."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import UsageError
from lab.target import Target
from lab.terminal import progress, say, say_json, styled
from lab.verifying import Verification
from languages import gettext as _

app = VerbApp()


@app.verb(
    "verify",
    details=_(
        "Looks at catalogue, partitions, a query, and compares the rows that queries see with the objects there are. "
        "Exit code 1 when something is not well."
    ),
    json_shape='[{"name": TEXT, "ok": true, "what": TEXT, "next_step": TEXT}]',
    examples=("lab verify purchases", "lab verify purchases --json | jq 'map(select(.ok | not))'"),
)
def verify(
    lesson: Annotated[str, typer.Argument(metavar="LESSON", help=_("The lesson: purchases."))],
    *,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Look at each thing and say whether it is well."""
    if lesson != "purchases":
        raise UsageError(
            _("Lesson {lesson} has no catalogue to verify.").format(lesson=lesson),
            next_step=_("The one that has: lab verify purchases"),
        )
    target = Target(stack)
    verification = Verification(target.clients, target.lesson(lesson))
    with progress(_("Looking …"), silent=as_json):
        checks = list(verification.checks())
    if as_json:
        say_json([dataclasses.asdict(check) for check in checks])
    else:
        for check in checks:
            verdict = styled(_("ok"), "green") if check.ok else styled(_("not ok"), "red")
            say(f"{verdict}  {check.name}: {check.what}")
            if check.next_step:
                say(f"    {check.next_step}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
