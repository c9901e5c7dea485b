"""Whether an exercise is whole: its texts, its starter, its solution, the wrong answers that it must recognise.

Wrong answers lie in `tests/workbook/wrong_answers/<exercise>/<failure>/`: the files that somebody got wrong, laid over
the solution. `<failure>` is the key of the failure that they must meet (`not_base64`, or `not_base64.2` for another).
"""

from __future__ import annotations

import re
import string
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lab import workspace
from lab.errors import LabError
from lab.workbook import failures, texts
from lab.workbook.copies import copy_with
from lab.workbook.facts import facts
from lab.workbook.supervisor import run_check
from lab.workbook.verdict import Verdict
from languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.workbook.contents import Exercise

OFFLINE_GOAL_SECONDS = 1.0
CLOUD_GOAL_SECONDS = 5.0
_LEAST_WRONG_ANSWERS = 2
_HINTS = 3
_TELLING_LINE = 25
"""A line of a solution this long says enough to be recognised where it does not belong."""


@dataclass
class Result:
    """What was found about one exercise.

    Attributes:
        faults: sentences for its author.
        seconds: of each check: what was checked, how long it took, how long it should take at most.
    """

    faults: list[str] = field(default_factory=list[str])
    seconds: list[tuple[str, float, float]] = field(default_factory=list[tuple[str, float, float]])


def wrong_answers_folder() -> Path:
    """Return where wrong answers are kept."""
    return workspace.ROOT / "tests" / "workbook" / "wrong_answers"


def lint_exercise(
    exercise: Exercise, *, run_cloud: bool, run_commands: bool, most_wrong_answers: int | None = None
) -> Result:
    """Look at one exercise.

    Args:
        exercise: which.
        run_cloud: whether checks that need a cloud are run, too.
        run_commands: whether the commands of its READMEs are run.
        most_wrong_answers: how many of its wrong answers are checked; None is all.
    """
    result = Result()
    if not exercise.folder.is_dir():
        result.faults.append(f"{exercise.shown_path()} is missing")
        return result
    result.faults += text_faults(exercise)
    if run_cloud or exercise.needs == "offline":
        _check_all(exercise, result, most_wrong_answers)
    if run_commands and (run_cloud or exercise.needs == "offline"):
        from lab.workbook.readme_commands import command_faults

        result.faults += command_faults(exercise)
    return result


# --- texts ------------------------------------------------------------------------------------------------------------


def text_faults(exercise: Exercise) -> list[str]:
    """Return what is wrong with the texts of an exercise, in any language."""
    expected = ("check.py", *(f"README.{code}.md" for code in LANGUAGES))
    faults = [f"{name} is missing" for name in expected if not (exercise.folder / name).is_file()]
    if not exercise.files:
        faults.append("solution/ is missing or empty")
    faults += [f"{file} has no starter" for file in exercise.files if not (exercise.folder / file).is_file()]
    faults += _hint_faults(exercise)
    faults += _message_faults(exercise)
    faults += _leaks(exercise)
    faults += [
        f"README.{code}.md does not say under its title: {line}"
        for code in LANGUAGES
        if (line := facts(exercise, code)) not in _lines(texts.readme(exercise, code))[:4]
    ]
    return faults


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def _hint_faults(exercise: Exercise) -> Iterator[str]:
    for code in LANGUAGES:
        try:
            hints = texts.hints(exercise, code)
        except (OSError, ValueError, KeyError, TypeError) as error:
            yield f"hints.{code}.toml: {type(error).__name__}: {error}"
            continue
        if len(hints) != _HINTS or not all(hints):
            yield f"hints.{code}.toml has {len(hints)} hints, not {_HINTS}"


def _message_faults(exercise: Exercise) -> Iterator[str]:
    said: dict[str, texts.Messages] = {}
    for code in LANGUAGES:
        try:
            said[code] = texts.messages(exercise.folder, code)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            yield f"messages.{code}.toml: {type(error).__name__}: {error}"
    if "en" not in said:
        return
    english = _placeholders(said["en"])
    for code, messages in said.items():
        if (other := _placeholders(messages)) != english:
            different = sorted({key for key in english.keys() | other.keys() if english.get(key) != other.get(key)})
            yield f"messages.{code}.toml and messages.en.toml differ in keys or places for values: {different}"
        empty = [
            key for key, message in messages.failures.items() if not (message.what and message.why and message.next)
        ]
        if empty or not messages.passed_why or not messages.passed_link:
            yield f"messages.{code}.toml has empty sentences: {empty or 'passed'}"
    known = {*said["en"].failures, *failures.GENERIC}
    if exercise.starter_fails not in known:
        yield f"workbook.toml: starter_fails = {exercise.starter_fails!r} is no failure of this exercise"
    check = (
        (exercise.folder / "check.py").read_text(encoding="utf-8") if (exercise.folder / "check.py").is_file() else ""
    )
    unused = [key for key in [*said["en"].failures, *said["en"].notes] if f'"{key}"' not in check]
    if unused:
        yield f"messages.*.toml say what check.py never uses: {unused}"


def _placeholders(messages: texts.Messages) -> dict[str, set[str]]:
    parts = {
        f"{key}.{part}": getattr(message, part)
        for key, message in messages.failures.items()
        for part in ("what", "why", "next")
    }
    parts |= {f"notes.{key}": note for key, note in messages.notes.items()}
    return {
        key: {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}
        for key, text in parts.items()
    }


def _leaks(exercise: Exercise) -> Iterator[str]:
    """Find lines of the solution in what the learner sees before passing; the third hint may come near."""
    starter = " ".join(
        (exercise.folder / file).read_text(encoding="utf-8")
        for file in exercise.files
        if (exercise.folder / file).is_file()
    )
    lines = {
        line.strip()
        for file in exercise.files
        for line in (exercise.folder / "solution" / file).read_text(encoding="utf-8").splitlines()
    }
    telling = {
        line
        for line in lines
        if len(line) >= _TELLING_LINE and line not in starter and not line.startswith(("#", '"""', "import ", "from "))
    }
    for path in sorted(exercise.folder.glob("*")):
        if not re.fullmatch(r"(README|messages|hints)\.\w+\.(md|toml)", path.name):
            continue
        text = path.read_text(encoding="utf-8")
        if path.name.startswith("hints"):
            text = text[: text.rfind('"""', 0, text.rfind('"""'))] if text.count('"""') else text
        for line in sorted(telling):
            if line in text:
                yield f"{path.name} tells a line of the solution: {line}"


# --- checks -----------------------------------------------------------------------------------------------------------


def _check_all(exercise: Exercise, result: Result, most_wrong_answers: int | None) -> None:
    starter = _check(exercise, (), "starter", result)
    if starter.passed:
        result.faults.append("its starter passes")
    elif starter.failure != exercise.starter_fails:
        result.faults.append(f"its starter fails with {_told(starter)}, not {exercise.starter_fails}")
    solution = exercise.folder / "solution"
    solved = _check(exercise, (solution,), "solution", result)
    if not solved.passed:
        result.faults.append(f"its solution fails with {_told(solved)}")
    wrong = sorted(path for path in (wrong_answers_folder() / exercise.name).glob("*") if path.is_dir())
    if "write" in exercise.kinds and len(wrong) < _LEAST_WRONG_ANSWERS:
        result.faults.append(f"{len(wrong)} wrong answers are kept, not {_LEAST_WRONG_ANSWERS}")
    for folder in wrong[:most_wrong_answers]:
        expected = folder.name.partition(".")[0]
        verdict = _check(exercise, (solution, folder), f"wrong: {folder.name}", result)
        if verdict.passed:
            result.faults.append(f"the wrong answer {folder.name} passes")
        elif verdict.failure != expected:
            result.faults.append(f"the wrong answer {folder.name} fails with {_told(verdict)}")


def _told(verdict: Verdict) -> str:
    return f"{verdict.failure} ({verdict.what}{' ' + verdict.details[-600:] if verdict.details else ''})"


def _check(exercise: Exercise, layers: Sequence[Path], label: str, result: Result) -> Verdict:
    """Check an exercise with other files in place of the learner's."""
    goal = OFFLINE_GOAL_SECONDS if exercise.needs == "offline" else CLOUD_GOAL_SECONDS
    with tempfile.TemporaryDirectory(prefix="workbook-") as temporary:
        folder = copy_with(exercise, layers, Path(temporary))
        try:
            verdict = run_check(exercise, folder)
        except LabError as error:  # the check itself is at fault
            verdict = Verdict(passed=False, failure="check", what=str(error))
    result.seconds.append((label, verdict.seconds, goal))
    return verdict
