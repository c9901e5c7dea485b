"""What a check is given: the learner's files, ways to call them, and ways to say what is wrong.

A check is one function in `check.py`:

    def check(attempt: Attempt) -> None:
        handler = attempt.load("handler.py")
        item = handler.decode(record)
        attempt.expect(item, {"sensor": "temperature"}, "not_decoded")

It ends at the first failure, told by the messages of the exercise (`messages.<language>.toml`), or returns: passed.
What the learner's code raises, its syntax errors and its `exit()` need no care: they are told by `failures`.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
import sys
import tomllib
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from lab.workbook import failures
from lab.workbook.texts import Messages, messages
from lab.workbook.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.workbook.contents import Exercise
    from lab.workbook.workbench import Workbench

_LONGEST_VALUE = 300
_DECIMAL_COMMA = re.compile(r"-?(?![1-9]\d{0,2},\d{3}$)\d+,\d+")
"""As it is written in Spanish and Portuguese; `1,234` is none, for it may be meant as a thousand and some."""
_OF_ANOTHER_SHAPE = (TypeError, AttributeError, LookupError, ValueError)
"""What a check meets that gets None where a dict should be."""


class Failed(BaseException):
    """The check has come to its end: something is not right yet."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.failure)
        self.verdict = verdict


class Attempt:
    """A learner's attempt at an exercise.

    Attributes:
        exercise: which one.
        folder: where the learner's files are.
        notes: remarks that are told beside the verdict.
    """

    def __init__(self, exercise: Exercise, time_limit_seconds: float) -> None:
        self.exercise = exercise
        self.folder = exercise.folder
        self.time_limit_seconds = time_limit_seconds
        self.notes: list[str] = []
        self._said: Messages = messages(exercise.folder)
        self._call = ""
        self._returned = ""
        self._place = ""
        self._workbench: Workbench | None = None

    # --- what is right and wrong --------------------------------------------------------------------------------------

    def fail(self, failure: str, **values: object) -> NoReturn:
        """End the check with a failure of the exercise's messages.

        Its sentences may name, besides `values`: {call} and {returned}, the last call of a learner's function and what
        came back; {place}, where that function is, as file:line; {file}, the file that was loaded last; {name}, the
        exercise's. A value that is not a text is shown as Python writes it, cut where it is long.
        """
        raise Failed(self._verdict(failure, values))

    def require(self, condition: object, failure: str, **values: object) -> None:
        """End the check with a failure unless a condition holds."""
        if not condition:
            self.fail(failure, **values)

    def expect(self, got: object, expected: object, failure: str, **values: object) -> None:
        """End the check with a failure unless two values are equal; the message may name {got} and {expected}."""
        if got != expected or (isinstance(got, bool) != isinstance(expected, bool)):
            self.fail(failure, got=got, expected=expected, **values)

    def note(self, key: str, **values: object) -> None:
        """Tell a remark of the exercise's messages beside the verdict, such as what a prediction missed."""
        self.notes.append(self._filled(self._said.notes[key], values))

    def _verdict(self, failure: str, values: dict[str, object]) -> Verdict:
        message = self._said.failures[failure]
        return Verdict(
            passed=False,
            failure=failure,
            what=self._filled(message.what, values),
            why=self._filled(message.why, values),
            next=self._filled(message.next, values),
        )

    def _filled(self, text: str, values: dict[str, object]) -> str:
        known: dict[str, object] = {
            "call": self._call,
            "returned": self._returned,
            "place": self._place,
            "file": self._place.rpartition(":")[0] or self._place,
            "name": self.exercise.name,
        }
        return text.format(**{key: shown(value) for key, value in (known | values).items()})

    # --- the learner's code -------------------------------------------------------------------------------------------

    def load(self, file: str) -> Any:
        """Run a Python file of the learner's, and return it as a module; each call runs it anew.

        Its functions are told of by name when they fail.
        """
        path = self.folder / file
        text = self.read(file)
        self._place = self.exercise.shown_path(file)
        self._call = ""
        try:
            code = compile(text, str(path), "exec")
        except SyntaxError as error:
            place = f"{self.exercise.shown_path(file)}:{error.lineno or 1}"
            raise Failed(failures.not_python(place, f"{type(error).__name__}: {error.msg}")) from error
        except ValueError as error:  # a NUL byte
            raise Failed(failures.not_python(self.exercise.shown_path(file), str(error))) from error
        module = types.ModuleType(path.stem)
        module.__file__ = str(path)
        sys.modules[path.stem] = module
        exec(code, module.__dict__)  # noqa: S102  (it is what the exercise is about)
        return _Learners(self, file, module)

    def read(self, file: str) -> str:
        """Return the text of a file of the learner's."""
        path = self.folder / file
        self._place = self.exercise.shown_path(file)
        try:
            return path.read_text(encoding="utf-8-sig")  # some editors begin a file with a BOM; Python reads it, too
        except (FileNotFoundError, IsADirectoryError) as error:
            raise Failed(failures.missing_file(self.exercise.shown_path(file), self.exercise.name)) from error
        except OSError as error:
            raise Failed(failures.unreadable(self.exercise.shown_path(file), error.strerror or "")) from error
        except UnicodeDecodeError as error:
            raise Failed(failures.not_text(self.exercise.shown_path(file))) from error

    def error_of(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Exception | None:
        """Call a function and return the exception that it raised, None when it returned."""
        try:
            function(*arguments, **named)
        except Exception as error:  # noqa: BLE001  (which ones are right is for the check to say)
            return error
        return None

    def calling(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any], function: Any) -> None:
        """Remember what is being called, for the messages."""
        given = [shown(value) for value in arguments] + [f"{key}={shown(value)}" for key, value in named.items()]
        self._call, self._returned = f"{name}({cut(', '.join(given))})", ""
        with contextlib.suppress(TypeError, OSError):
            line = inspect.getsourcelines(inspect.unwrap(function))[1]
            file = Path(inspect.getsourcefile(inspect.unwrap(function)) or "")
            if file.is_relative_to(self.folder):
                self._place = f"{self.exercise.shown_path(file.relative_to(self.folder).as_posix())}:{line}"

    def fits(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any], function: Any) -> None:
        """End the check where a function does not take these arguments."""
        try:
            inspect.signature(function).bind(*arguments, **named)
        except TypeError as error:
            signature = f"{name}{inspect.signature(function)}"
            raise Failed(failures.other_arguments(self._call, signature, self._place)) from error

    def returned(self, value: object) -> None:
        """Remember what came back, for the messages."""
        self._returned = shown(value)

    # --- answers ------------------------------------------------------------------------------------------------------

    @functools.cached_property
    def _answers(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.read("answers.toml"))
        except tomllib.TOMLDecodeError as error:
            raise Failed(failures.not_toml(self.exercise.shown_path("answers.toml"), str(error))) from error

    def answer(self, name: str) -> Any:
        """Return an answer of `answers.toml` (`observed.event_id`) that has been given, as it is.

        A prediction (`prediction.…`) and what was observed are asked for alike: one that is missing, or still an empty
        text, ends the check.
        """
        value: Any = self._answers
        for part in name.split("."):
            value = value.get(part, "") if isinstance(value, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if value == "" or (isinstance(value, str) and not value.strip()):
            path = self.exercise.shown_path("answers.toml")
            raise Failed(failures.unanswered(path, name, prediction=name.startswith("prediction.")))
        return value.strip() if isinstance(value, str) else value  # pyright: ignore[reportUnknownVariableType]

    def number(self, name: str) -> float:
        """Return an answer that is a number; one in quotes will do, there with a comma before its decimals, too."""
        value = self.answer(name)
        if isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value.strip()):
            value = value.replace(",", ".")
        with contextlib.suppress(ValueError, TypeError):
            if not isinstance(value, bool):
                return float(value)
        path = self.exercise.shown_path("answers.toml")
        raise Failed(failures.not_a_number(path, name, shown(value)))

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Return an answer that is one of these texts; upper and lower case are alike."""
        value = self.answer(name)
        for choice in choices:
            if str(value).casefold() == choice.casefold():
                return choice
        path = self.exercise.shown_path("answers.toml")
        raise Failed(failures.not_a_choice(path, name, shown(value), ", ".join(choices)))

    # --- the cloud ----------------------------------------------------------------------------------------------------

    def cloud(self, *, time_scale: float = 1.0) -> Workbench:
        """Return this check's own cloud, started when it is first asked for, empty, gone after the check.

        Args:
            time_scale: by what the long waits of event source mappings are multiplied: 0.01 makes a minute 0.6 s.
        """
        if self._workbench is None:
            from lab.workbook.workbench import Workbench

            self._workbench = Workbench.started(self, time_scale)
        return self._workbench

    # --- what goes wrong by itself ------------------------------------------------------------------------------------

    def verdict_of(self, error: BaseException) -> Verdict:
        """Return what is told of an exception that the learner's code raised.

        Raises:
            BaseException: the error itself, where neither a line of the learner's nor what one of their functions gave
                back can have a part in it: a fault of the check.
        """
        place = self._learners_line(error)
        if not place and self._call and isinstance(error, _OF_ANOTHER_SHAPE):
            verdict = failures.unusable(
                self._call, self._returned, cut(f"{type(error).__name__}: {error}"), self._place
            )
            verdict.details = "".join(traceback.format_exception(error))
            return verdict
        if not place:
            raise error
        if isinstance(error, SystemExit | KeyboardInterrupt):
            return failures.ended(self._call, place)
        kind, message = type(error).__name__, str(error)
        verdict = failures.raised(self._call, cut(f"{kind}: {message}" if message else kind), place)
        verdict.details = "".join(traceback.format_exception(error))
        return verdict

    def _learners_line(self, error: BaseException) -> str:
        """Return the innermost line of the learner's that an exception came through, empty where there is none."""
        place = ""
        for frame, line in traceback.walk_tb(error.__traceback__):
            place = self.place_of(frame.f_code.co_filename, line) or place
        if isinstance(error, SyntaxError) and error.filename:  # of a file that another one imports
            place = self.place_of(error.filename, error.lineno or 1) or place
        return place

    def place_of(self, file: str, line: int) -> str:
        """Return file and line as a person finds them, empty for a file that is not the learner's."""
        path = Path(file)
        if path.is_relative_to(self.folder) and path.name != "check.py":
            return f"{self.exercise.shown_path(path.relative_to(self.folder).as_posix())}:{line}"
        return ""


class _Learners:
    """A module of the learner's: its functions tell the attempt when they are called."""

    def __init__(self, attempt: Attempt, file: str, module: types.ModuleType) -> None:
        self._attempt, self._file, self._module = attempt, file, module

    def __getattr__(self, name: str) -> Any:
        try:
            found = getattr(self._module, name)
        except AttributeError as error:
            path = self._attempt.exercise.shown_path(self._file)
            raise Failed(failures.no_such_name(path, name)) from error
        if not inspect.isfunction(found):
            return found

        @functools.wraps(found)
        def told(*arguments: Any, **named: Any) -> Any:
            self._attempt.calling(name, arguments, named, found)
            self._attempt.fits(name, arguments, named, found)
            value = found(*arguments, **named)
            self._attempt.returned(value)
            return value

        return told

    def __setattr__(self, name: str, value: Any) -> None:
        """Put something in place of a name of the module, such as a table in memory."""
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            setattr(self._module, name, value)

    def __contains__(self, name: str) -> bool:
        return hasattr(self._module, name)


def shown(value: object) -> str:
    """Return a value as a message shows it: a text as it is, anything else as Python writes it."""
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, float):
        return f"{value:g}"
    try:
        return cut(repr(value))
    except Exception:  # noqa: BLE001  (a learner's own class may not know how)
        return f"<{type(value).__name__}>"


def cut(text: str) -> str:
    """Return a text, its middle left out where it is long."""
    if len(text) <= _LONGEST_VALUE:
        return text
    half = _LONGEST_VALUE // 2
    return f"{text[:half]} … {text[-half:]}"
