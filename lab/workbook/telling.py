"""How exercises and verdicts are told in the terminal, and alike where there is none."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from lab.terminal import fill, say, styled, table
from lab.workbook import contents, progress, texts
from languages import gettext as _
from languages import language

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.workbook.contents import Exercise
    from lab.workbook.verdict import Verdict

_BAR_WIDTH = 30


def kinds_of(exercise: Exercise) -> str:
    """Return what is done in an exercise, in the person's language."""
    words = {"write": _("write"), "deploy": _("deploy"), "observe": _("observe"), "repair": _("repair")}
    return ", ".join(words[kind] for kind in exercise.kinds)


def tell(exercise: Exercise, verdict: Verdict, *, why: bool = False, filled: Callable[[str], str] = fill) -> None:
    """Print a verdict: four lines of a failure, or what follows after passing.

    Args:
        exercise: whose.
        verdict: what came of the check.
        why: whether the traceback of the learner's code is shown, too.
        filled: breaks a sentence into lines; as wide as the terminal, if nothing else is said.
    """
    if verdict.printed:
        say(styled(_("Your code printed:"), "dim"))
        for line in verdict.printed.splitlines():
            say(styled(f"  {line}", "dim"))
        say()
    if verdict.passed:
        tell_passed(exercise, verdict, filled=filled)
    else:
        say(styled(f"✗ {exercise.name}", "red") + styled(f"  ({exercise.shown_path()})", "dim"))
        labelled((_("What happened"), verdict.what), (_("Why"), verdict.why), (_("Next"), verdict.next), filled=filled)
        _tell_notes(verdict, filled)
        if why and verdict.details:
            say()
            say(verdict.details.rstrip())


def labelled(*parts: tuple[str, str], filled: Callable[[str], str] = fill) -> None:
    """Print sentences, each behind a label."""
    longest = max(len(label) for label, _text in parts) + 1
    for label, text in parts:
        begin = f"{label + ':':<{longest}} "
        say(styled(begin, "bold") + filled(begin + text)[len(begin) :])


def tell_passed(
    exercise: Exercise, verdict: Verdict, *, filled: Callable[[str], str] = fill, with_bar: bool = True
) -> None:
    """Print what follows after passing: why it works, one link, the solution, how far it is, what comes next."""
    said = texts.messages(exercise.folder)
    say(styled(f"✓ {exercise.name}", "green"))
    _tell_notes(verdict, filled)
    parts = [(_("Why it works"), said.passed_why), (_("Read"), said.passed_link)]
    labelled(*parts, (_("Compare"), f"lab solution {exercise.name}"), filled=filled)
    say()
    if with_bar:
        say(bar())
    following = progress.read().current()
    if following is None:
        say(_("That was the last one: every exercise is done. Compare with others: lab grade"))
    else:
        text = _("Next: {name} ({kinds}, {minutes} min): {path}").format(
            name=following.name,
            kinds=kinds_of(following),
            minutes=following.minutes,
            path=following.shown_path(texts.readme(following).name),
        )
        say(filled(text))


def _tell_notes(verdict: Verdict, filled: Callable[[str], str]) -> None:
    for note in verdict.notes:
        say(filled(f"• {note}"))


def bar() -> str:
    """Return how far the learner is, as a bar and figures."""
    names = {exercise.name for exercise in contents.exercises()}
    done = len(progress.read().passed & names)
    filled = _BAR_WIDTH * done // len(names)
    return f"[{'█' * filled}{'░' * (_BAR_WIDTH - filled)}] " + _("{done} of {total} exercises").format(
        done=done, total=len(names)
    )


def story(exercise: Exercise) -> str:
    """Return an exercise's README in the person's language; where it is gone, a sentence."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return texts.readme(exercise).read_text(encoding="utf-8").strip()
    return _("{path} is not there. Get it back: git checkout {path}").format(
        path=exercise.shown_path(texts.readme(exercise).name)
    )


def tell_list() -> None:
    """Print all exercises by lesson, and where the learner is."""
    done = progress.read()
    current = done.current()
    chapters: dict[str, list[Exercise]] = {}
    for exercise in contents.exercises():
        chapters.setdefault(exercise.path.partition("/")[0], []).append(exercise)
    for chapter, members in chapters.items():
        say(styled(f"exercises/{chapter}", "bold"))
        rows = [
            (
                "✓" if exercise.name in done.passed else "▶" if exercise == current else "·",
                exercise.name,
                kinds_of(exercise),
                exercise.minutes,
                exercise.aws_usd,
            )
            for exercise in members
        ]
        table(("", _("exercise"), _("what you do"), _("minutes"), _("USD on AWS")), rows)
        say()
    say(bar())
    if current:
        readme = current.shown_path(f"README.{language()}.md")
        say(fill(_("You are at {name}: read {path}, then run: lab watch").format(name=current.name, path=readme)))


def tell_solution(exercise: Exercise) -> None:
    """Print the solved files."""
    for file in exercise.files:
        say(styled(exercise.shown_path(file), "bold"))
        say((exercise.folder / "solution" / file).read_text(encoding="utf-8").rstrip())
        say()
