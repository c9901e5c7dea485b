"""`lab workbook`: what authors of exercises need."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated

import typer

from lab.command_line import VerbApp
from lab.errors import LabError
from lab.terminal import progress, say, styled
from lab.workbook import contents, starters
from languages import gettext as _
from languages import ngettext

app = VerbApp()


@app.verb(
    "lint",
    changes=True,
    summary=_("See that exercises are whole, that starters fail as they should, and that solutions pass."),
    details=_(
        "Every starter must fail for its stated reason, every solution pass, every wrong answer meet its own "
        "diagnosis; texts must be complete in three languages, and tell nothing of the solution."
    ),
    examples=("lab workbook lint", "lab workbook lint --offline", "lab workbook lint decode poison --timing"),
)
def lint(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help=_("The exercises. [default: all]"))] = None,
    *,
    offline: Annotated[bool, typer.Option("--offline", help=_("Only checks that need no cloud."))] = False,
    commands: Annotated[
        bool, typer.Option("--commands", help=_("Run every command of the READMEs, too, and compare its output."))
    ] = False,
    at_once: Annotated[
        int, typer.Option("--at-once", metavar="N", min=1, max=16, help=_("How many exercises at a time."))
    ] = max(1, min(4, os.cpu_count() or 1)),
    timing: Annotated[bool, typer.Option("--timing", help=_("Show how long each check took."))] = False,
) -> None:
    """Look at each, tell what is wrong."""
    from lab.workbook.lint import lint_exercise

    chosen = [contents.find(name) for name in names] if names else list(contents.exercises())
    faults = 0
    with progress(_("Checking exercises …"), len(chosen)) as shown, ThreadPoolExecutor(at_once) as pool:
        results = pool.map(partial(lint_exercise, run_cloud=not offline, run_commands=commands), chosen)
        for exercise, result in zip(chosen, results, strict=True):
            faults += len(result.faults)
            for fault in result.faults:
                say(styled(f"✗ {exercise.name}", "red") + f": {fault}")
            if timing:
                for label, seconds, limit in result.seconds:
                    slow = styled(_("over {limit:g} s").format(limit=limit), "yellow") if seconds > limit else ""
                    say(f"  {exercise.name:<24}{label:<28}{seconds:6.2f} s  {slow}".rstrip())
            shown.advance()
    if faults:
        raise LabError(
            ngettext(
                "{count} thing is not as it should be.", "{count} things are not as they should be.", faults
            ).format(count=faults)
        )
    say(
        ngettext(
            "{count} exercise is as it should be.", "{count} exercises are as they should be.", len(chosen)
        ).format(count=len(chosen))
    )


@app.verb(
    "starters",
    changes=True,
    summary=_("Note the exercises' files as they are now as those of the beginning."),
    details=_("Writes exercises/starters.json, by which `lab reset` and `lab grade` know what a learner has changed."),
    examples=("lab workbook starters",),
)
def record_starters() -> None:
    """Write the file."""
    count = starters.record()
    say(ngettext("{count} exercise is noted.", "{count} exercises are noted.", count).format(count=count))
