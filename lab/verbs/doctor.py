"""`lab doctor`: what keeps the lab from working, and what to do about it."""

from __future__ import annotations

import dataclasses
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated

import typer

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import LabError
from lab.terminal import progress, say, say_json, styled, width
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lab.deploy.stack_files import StackFiles
    from lab.doctor.finding import Finding

app = VerbApp()

_COLOURS = {"ok": "green", "warn": "yellow", "wrong": "red"}
_MOST_STUDENTS = 10_000
_LEAST_COLUMNS = 30


@app.verb(
    "doctor",
    details=_(
        "Looks at this machine, this shell, the local cloud and what is deployed there: changed or missing resources "
        "show here. The network is only used for a stack on AWS, whose account it then asks who you are. With --class, "
        "what so many students with a stack each need of one account. Exit code 1 when something is wrong."
    ),
    json_shape="""\
[{"part": "machine", "about": "python", "verdict": "ok" or "warn" or "wrong",
  "what": TEXT, "next_step": TEXT}]""",
    examples=(
        "lab doctor",
        "lab doctor --stack dev",
        "lab doctor --class 30 basic votes",
        "lab doctor --json | jq 'map(select(.verdict != \"ok\"))'",
    ),
)
def doctor(
    lessons: Annotated[
        list[str] | None,
        typer.Argument(metavar="LESSON", help=_("With --class: the lessons. [default: those of last time]")),
    ] = None,
    *,
    students: Annotated[
        int | None,
        typer.Option("--class", metavar="N", min=1, max=_MOST_STUDENTS, help=_("How many students share an account.")),
    ] = None,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Look at everything, tell it."""
    from lab.target import deployable

    named = deployable(lessons, stack)
    with progress(_("Looking …"), silent=as_json):
        parts = _parts(stack, named, students)
    if as_json:
        say_json([{"part": part, **dataclasses.asdict(each)} for part, found in parts.items() for each in found])
    else:
        _tell(parts, stack, students)
    if any(each.verdict == "wrong" for found in parts.values() for each in found):
        raise typer.Exit(1)


def _parts(stack: str, lessons: Sequence[str] | None, students: int | None) -> dict[str, list[Finding]]:
    from lab.cloud.client import find_cloud
    from lab.deploy.stack_files import StackFiles
    from lab.doctor import cloud as local
    from lab.doctor import machine, shell

    running = find_cloud()
    with ThreadPoolExecutor(len(machine.ALL)) as pool:
        of_machine = list(pool.map(_call, machine.ALL))
    parts = {
        "machine": of_machine,
        "shell": [shell.endpoints(running), shell.proxies(), shell.keys()],
        "cloud": [local.status(running), local.port(running)],
    }
    try:
        files = StackFiles.find(stack)
        on_aws = files.is_on_aws
    except LabError as error:
        return {**parts, "stack": [_of(error)]}
    parts["stack"] = _guarded(lambda: _on_aws(files) if on_aws else _deployed(files))
    if students:
        parts["class"] = _guarded(lambda: _class(files, lessons, students))
    return parts


def _call(look: Callable[[], Finding]) -> Finding:
    return look()


def _on_aws(files: StackFiles) -> Iterable[Finding]:
    from lab.doctor import account

    return account.findings(files)


def _deployed(files: StackFiles) -> Iterable[Finding]:
    from lab.aws import LOCAL_KEY
    from lab.cloud.client import find_cloud
    from lab.deploy.provider.account import Account
    from lab.deploy.stack import Stack as Deployment
    from lab.doctor import deployed

    files.refuse_unless_local()
    cloud = find_cloud()
    if cloud is None:
        return []
    return deployed.findings(Deployment(files), Account(cloud.url, files.region, LOCAL_KEY, LOCAL_KEY))


def _class(files: StackFiles, lessons: Sequence[str] | None, students: int) -> Iterable[Finding]:
    from lab.deploy.stack import Stack as Deployment
    from lab.doctor import classroom

    return classroom.findings(Deployment(files), lessons, students, files.region)


def _guarded(look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what was found; a failure to look is a finding too, and what was found before it stays."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except LabError as error:
        found.append(_of(error))
    return found


def _of(error: LabError) -> Finding:
    from lab.doctor.finding import wrong

    return wrong("stack", f"{error.what} {error.why}".strip(), error.next_step)


def _tell(parts: dict[str, list[Finding]], stack: str, students: int | None) -> None:
    titles: dict[str, str] = {
        "machine": _("This machine"),
        "shell": _("This shell"),
        "cloud": _("The local cloud"),
        "stack": f"Stack {stack}",
        "class": _("{count} students in one account").format(count=students),
    }
    verdicts: dict[str, str] = {"ok": _("ok"), "warn": _("note"), "wrong": _("wrong")}
    words = max(map(len, verdicts.values()))
    names = max(len(each.about) for found in parts.values() for each in found)
    for part, found in parts.items():
        if not found:
            continue
        say(styled(titles[part], "bold"))
        for each in found:
            verdict = styled(verdicts[each.verdict].ljust(words), _COLOURS[each.verdict])
            margin = words + names + len("  " * 3)
            first, *others = _lines(each, max(width() - margin, _LEAST_COLUMNS))
            say(f"  {verdict}  {each.about.ljust(names)}  {first}")
            for other in others:
                say(" " * margin + other)
    if not any(each.verdict == "wrong" for found in parts.values() for each in found):
        say(styled(_("Nothing is wrong."), "green"))


def _lines(finding: Finding, room: int) -> list[str]:
    lines = textwrap.wrap(finding.what, room, break_on_hyphens=False)
    if finding.next_step:
        step, *others = textwrap.wrap(finding.next_step, room - 2, break_on_hyphens=False)
        lines += [f"→ {step}", *(f"  {other}" for other in others)]
    return lines
