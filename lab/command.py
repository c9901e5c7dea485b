"""The `lab` command: finds the verb, runs it, and tells a failure in words.

A verb's module is imported when the verb is called, so that `lab --help` costs little more than Typer itself.
Exit codes: 0 done, 1 failed, 2 wrong use; as shells have it, 130 after Ctrl-C and 141 when nobody reads on.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

try:
    import typer
except ModuleNotFoundError:
    sys.exit("This Python has none of the lab's packages. Use the one it was set up with: .venv/bin/lab (make setup)")
from typer.main import get_command

from lab import failures, help_page
from lab.command_line import VerbGroup
from lab.terminal import say
from lab.verbs import sections
from languages import gettext as _


class Lab(VerbGroup):
    """All verbs, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  (Typer's signature)
        """Return the names of the verbs."""
        return [name for _heading, verbs in sections() for name in verbs]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Import a verb; None if there is none of that name."""
        summaries = {name: summary for _heading, verbs in sections() for name, summary in verbs.items()}
        if cmd_name not in summaries:
            return None
        command = get_command(importlib.import_module(f"lab.verbs.{cmd_name}").app)
        command.short_help = summaries[cmd_name]
        return command

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line up to the verb; `help VERB` is `VERB --help`."""
        if args[:1] == ["--version"]:
            _tell_versions()
            raise typer.Exit
        return super().parse_args(ctx, [*args[1:], "--help"] if args[:1] == ["help"] else args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page `lab --help`."""
        formatter.write(
            help_page.of_group(ctx, _("Learn event streaming by deploying, breaking and repairing it."), sections())
            + "\n"
            + help_page.paragraph(_("`{command} --version` tells the versions.").format(command=ctx.command_path))
            + "\n"
        )


def _tell_versions() -> None:
    from lab.versions import versions

    for name, number in versions().items():
        say(f"{name} {number}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line (by default the process's own) and return the exit code."""
    failures.speak_any_encoding()
    # Containers like to forbid it (PYTHONDONTWRITEBYTECODE); then every `lab up` would compile pulumi_aws again, 2 s.
    sys.dont_write_bytecode = False
    try:
        # Typer's own way of running (`app()`) would answer errors itself, in English; its two halves do not.
        lab = Lab(name="lab", context_settings={"help_option_names": ["--help", "-h"]})
        with lab.make_context("lab", sys.argv[1:] if arguments is None else arguments) as context:
            lab.invoke(context)
        sys.stdout.flush()  # a reader that has gone away is noticed here, not by the interpreter's last words
    except typer.Exit as ending:
        return ending.exit_code
    except BaseException as error:  # noqa: BLE001  (no traceback reaches a learner, whatever happened)
        return failures.tell(error)
    return 0
