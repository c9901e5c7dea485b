"""How a verb is written: as a Typer app of its own, in a module of its own, with the options that all verbs share.

Two things of Typer's are replaced here. It turns text into values with pydantic, which takes longer to import than most
verbs need to run; and it speaks English only, in its help and in its errors. Typer is pinned exactly for that reason,
and tests/command/test_command_line.py fails where a new one no longer fits.
"""

from __future__ import annotations

import difflib
import functools
import math
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from lab import help_page
from lab.errors import UsageError
from lab.terminal import going_on_unheard
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Stack = Annotated[
    str,
    typer.Option("--stack", metavar="NAME", help=_("The stack to act on, as in Pulumi.NAME.yaml.")),
]
AsJson = Annotated[bool, typer.Option("--json", help=_("Print JSON, for a program to read."))]
FunctionName = Annotated[
    str, typer.Argument(metavar="NAME", help=_("A lesson (its consumer function), or a function."))
]
Since = Annotated[
    str,
    typer.Option("--since", metavar="TIME", help=_("From when on: so long ago (10m, 2h, 1d), or a time in UTC.")),
]
Lessons = Annotated[
    list[str] | None, typer.Argument(metavar="LESSON", help=_("The lessons to deploy. [default: those of last time]"))
]
LOCAL_STACK = "local"


class VerbApp(typer.Typer):
    """A module's verb, or its group of verbs: what `lab/verbs/<name>.py` calls `app`."""

    def __init__(self) -> None:
        super().__init__(
            cls=VerbGroup, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help=""
        )

    def verb(
        self,
        name: str,
        *,
        summary: str = "",
        details: str = "",
        examples: Sequence[str],
        json_shape: str = "",
        changes: bool = False,
        passes_on: bool = False,
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Register a function as a verb.

        Args:
            name: as it is typed.
            summary: one sentence; a verb of the first level has it in `lab.verbs.sections`.
            details: what else the help page should say.
            examples: lines to type, the commonest first.
            json_shape: what `--json` prints, as a program may count on it.
            changes: whether it changes anything: then it comes to its end even when nobody reads on.
            passes_on: whether its arguments are another command's: from the first one on, options too.
        """
        # Typer has one place for what comes last; help_page takes it apart again.
        epilog = help_page.LAST_PARTS.join(("\n".join(examples), json_shape))
        return self.command(
            name,
            cls=_kind_of_verb(changes=changes, passes_on=passes_on),
            short_help=summary,
            help=details,
            epilog=epilog,
        )


class Verb(TyperCommand):
    """One verb: its values made without pydantic, its help page and its errors in the person's language."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, `--help` included."""
        return _with_values_of_ours(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        formatter.write(help_page.of_verb(self, ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line; what is wrong with it becomes a `UsageError` of ours."""
        ctx.allow_extra_args = True
        try:
            surplus = super().parse_args(ctx, args)
        except typer.TyperException as error:
            raise _in_our_words(error, ctx) from error
        if surplus:
            what = _("`{command}` cannot use {words}.")
            raise _usage_error(what.format(command=ctx.command_path, words=_quoted(surplus)), ctx)
        return surplus


class ChangingVerb(Verb):
    """A verb that changes something, which no reader that goes away (`| head`) may leave half done."""

    def invoke(self, ctx: Any) -> Any:
        """Run it to its end."""
        with going_on_unheard():
            return super().invoke(ctx)


class PassingVerb(Verb):
    """A verb that hands on what is typed after its own options to another command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read our own options only; `--` ends them too."""
        ctx.allow_interspersed_args = False
        return super().parse_args(ctx, args)


def _kind_of_verb(*, changes: bool, passes_on: bool) -> type[Verb]:
    if passes_on:
        return PassingVerb
    return ChangingVerb if changes else Verb


class VerbGroup(TyperGroup):
    """A verb that has verbs of its own, as `lab cloud` has; without one of them it shows its help page."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters: `--help`."""
        return _with_values_of_ours(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page."""
        sections = [("", {name: self.commands[name].short_help or "" for name in self.list_commands(ctx)})]
        formatter.write(help_page.of_group(ctx, self.short_help or "", sections))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line up to the verb."""
        try:
            return super().parse_args(ctx, args or ["--help"])
        except typer.TyperException as error:
            raise _in_our_words(error, ctx) from error

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb, or say which ones there are."""
        name, *others = args
        command = self.get_command(ctx, name)
        if command is None:
            known = self.list_commands(ctx)
            similar = difflib.get_close_matches(name, known, n=2)
            what = _("There is no `{command} {name}`.").format(command=ctx.command_path, name=name)
            why = _("Did you mean {names}?") if similar else _("Commands there are: {names}.")
            raise _usage_error(what, ctx, why=why.format(names=_quoted(similar or known)))
        return name, command, others


def _with_values_of_ours(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        # Typer asks for it whenever it needs a value; an attribute of the object hides the method.
        vars(parameter)["get_runtime_param"] = functools.partial(_Values, parameter)
    return parameters


class _Values:
    """Makes the value of a parameter from what was typed: text, a number, a path, or a list of texts.

    Stands where Typer has its pydantic adapters (`typer._coercion.RuntimeParam`), and is called as they are.
    """

    def __init__(self, parameter: TyperOption | TyperArgument) -> None:
        self._annotation = parameter.type_descriptor.annotation
        self._minimum = parameter.min
        self._maximum = parameter.max
        self._many = parameter.multiple or parameter.nargs == -1

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value; a text that is none of its kind is a `UsageError`."""
        if value is None:
            return () if self._many else None
        if self._many or self._annotation is bool:
            return value
        if self._annotation not in (int, float):
            return self._annotation(value)
        name = param.opts[0]
        try:
            number = self._annotation(value)
        except ValueError:
            number = math.nan
        if isinstance(number, float) and not math.isfinite(number):
            kind = _("a whole number") if self._annotation is int else _("a number")
            what = _("{name} must be {kind}, not “{value}”.").format(name=name, kind=kind, value=value)
            raise _usage_error(what, ctx)
        if self._minimum is not None and number < self._minimum:
            what = _("{name} must be at least {minimum}, not {value}.")
            raise _usage_error(what.format(name=name, minimum=self._minimum, value=value), ctx)
        if self._maximum is not None and number > self._maximum:
            what = _("{name} must be at most {maximum}, not {value}.")
            raise _usage_error(what.format(name=name, maximum=self._maximum, value=value), ctx)
        return number


def _in_our_words(error: typer.TyperException, ctx: Any) -> UsageError:
    """Return what Typer's parser found wrong, told in the person's language (its own texts are English only)."""
    option = getattr(error, "option_name", "")
    command = ctx.command_path
    match type(error).__name__:
        case "NoSuchOption":
            possible = getattr(error, "possibilities", None)
            why = _("Did you mean {names}?").format(names=_quoted(possible)) if possible else ""
            return _usage_error(
                _("`{command}` has no option {option}.").format(command=command, option=option), ctx, why
            )
        case "BadOptionUsage" if "requires" in error.message:
            return _usage_error(_("{option} needs a value.").format(option=option), ctx)
        case "BadOptionUsage":
            return _usage_error(_("{option} takes no value.").format(option=option), ctx)
        case "MissingParameter":
            parameter = getattr(error, "param")  # noqa: B009  (pyright knows TyperException only)
            name = parameter.opts[0] if isinstance(parameter, TyperOption) else parameter.display_name_raw
            return _usage_error(_("`{command}` needs {name}.").format(command=command, name=name), ctx)
        case _:
            return _usage_error(error.format_message(), ctx)


def _usage_error(what: str, ctx: Any, why: str = "") -> UsageError:
    return UsageError(what, why=why, next_step=_("See `{command} --help`.").format(command=ctx.command_path))


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
