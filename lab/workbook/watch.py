"""`lab watch`: the exercise at hand, checked whenever its files are saved."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.terminal import fill, is_live, say, styled
from lab.workbook import progress, starters, telling, texts
from lab.workbook.beginning_again import begin_again
from lab.workbook.checking import BackgroundCheck
from lab.workbook.file_changes import FileChanges
from lab.workbook.keyboard import END, open_keyboard
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.workbook.contents import Exercise
    from lab.workbook.keyboard import Keyboard

_LOOK_EVERY_SECONDS = 0.15
_CLEAR = "\x1b[H\x1b[2J"
_YES = ("y", "s")  # yes, sí, sim


def watch(exercise: Exercise) -> None:
    """Watch an exercise, and those that follow it, until the person has had enough.

    Raises:
        LabError: the exercise's folder is not there.
    """
    exercise.require_folder()
    if is_live(sys.stdout) and sys.stdin.isatty():
        with open_keyboard() as keyboard:
            _Screen(exercise, keyboard).run()
    else:
        _Lines(exercise).run()


class _Watch:
    """What a watch does with and without a terminal: sees changes, checks, goes on to the next exercise."""

    def __init__(self, exercise: Exercise, done: Callable[[], None]) -> None:
        self._exercise = exercise
        self._checking = BackgroundCheck(done)
        self._changes = FileChanges(self._files)
        self._noted = True

    def _files(self) -> list[Path]:
        return [self._exercise.folder / file for file in self._exercise.files]

    def _check(self) -> None:
        self._noted = False
        self._checking.begin(self._exercise)

    def _note(self) -> bool:
        """Note a new verdict, once; say whether there was one."""
        verdict = self._checking.verdict
        if self._noted or verdict is None:
            return False
        self._noted = True
        if verdict.passed:
            progress.note_passed(self._exercise)
        return True

    @property
    def _passed(self) -> bool:
        return self._checking.verdict is not None and self._checking.verdict.passed

    def _go_on(self) -> bool:
        """Go to the next exercise and check it; False when all are done."""
        following = progress.read().current()
        if following is None:
            return False
        following.require_folder()
        self._exercise = following
        self._changes.begin()
        self._check()
        return True


class _Lines(_Watch):
    """Without a terminal: every verdict as plain lines, and on to the next exercise once one is passed."""

    def __init__(self, exercise: Exercise) -> None:
        super().__init__(exercise, lambda: None)

    def run(self) -> None:
        self._check()
        try:
            while True:
                if self._changes.happened():
                    self._check()
                if self._note() and self._checking.verdict:
                    telling.tell(self._exercise, self._checking.verdict)
                    say()
                    if self._passed and not self._go_on():
                        return
                time.sleep(_LOOK_EVERY_SECONDS)
        finally:
            self._checking.end()


class _Screen(_Watch):
    """In a terminal: one page, drawn anew whenever something on it changes, and keys."""

    def __init__(self, exercise: Exercise, keyboard: Keyboard) -> None:
        super().__init__(exercise, keyboard.wake)
        self._keyboard = keyboard
        self._page: Callable[[], None] = self._verdict_page
        self._question: tuple[str, Callable[[], None]] | None = None
        self._remark = ""
        self._hints_shown = 0
        self._chosen = progress.read().current()
        self._size = _size()

    def run(self) -> None:
        self._check()
        self._draw()
        try:
            while True:
                key = self._keyboard.key(_LOOK_EVERY_SECONDS)
                if key in ("q", END):
                    return
                if self._goes_on(key):
                    self._draw()
        except KeyboardInterrupt:
            return
        finally:
            self._checking.end()
            say()

    def _goes_on(self, key: str) -> bool:
        """Do what a key, a change or a verdict asks for; say whether the page is another one now."""
        changed = bool(key)
        if key:
            self._remark = ""
            self._press(key)
        if self._changes.happened():
            self._page, self._question, self._remark = self._verdict_page, None, ""
            self._check()
            changed = True
        if self._note():
            changed = True
        if self._keyboard.came_back:
            self._keyboard.came_back = False
            changed = True
        size = _size()
        if size != self._size:
            self._size = size
            changed = True
        return changed

    # --- keys ---------------------------------------------------------------------------------------------------------

    def _press(self, key: str) -> None:
        if self._question:
            _text, answer = self._question
            self._question = None
            if key in _YES:
                answer()
            return
        actions: dict[str, Callable[[], None]] = {
            "h": self._hint,
            "s": self._solution,
            "n": self._next,
            "l": lambda: self._show(self._list_page),
            "r": self._reset,
            "t": lambda: self._show(self._task_page),
            "w": lambda: self._show(self._traceback_page),
            "c": self._check_again,
        }
        actions.get(key, lambda: self._show(self._verdict_page))()

    def _show(self, page: Callable[[], None]) -> None:
        # The key that shows a page takes it away again.
        self._page = self._verdict_page if page == self._page else page

    def _hint(self) -> None:
        self._page = self._verdict_page
        hints = texts.hints(self._exercise)
        self._hints_shown = min(self._hints_shown + 1, len(hints))
        seen = progress.read().hints.get(self._exercise.name, 0)
        if self._hints_shown > seen:
            progress.note_hint(self._exercise, self._hints_shown)

    def _solution(self) -> None:
        done = progress.read()
        if self._exercise.name in done.passed or self._page == self._solution_page:
            self._show(self._solution_page)
        elif done.hints.get(self._exercise.name, 0) < len(texts.hints(self._exercise)):
            self._remark = _("First use up the hints (h).")
        else:
            question = _("{name} is not passed yet. Show its solution?").format(name=self._exercise.name)
            self._question = (question, lambda: self._show(self._solution_page))

    def _next(self) -> None:
        if not self._passed and progress.read().current() == self._chosen:
            self._remark = _(
                "{name} is not passed yet. To do another one first: lab goto NAME in another terminal, then n here"
            ).format(name=self._exercise.name)
            return
        self._hints_shown = 0
        self._page = self._verdict_page
        going_on = self._go_on()
        self._chosen = self._exercise
        if not going_on:
            self._remark = _("Every exercise is done.")

    def _reset(self) -> None:
        if not starters.changed(self._exercise):
            self._remark = _("{name} is as it was at the beginning.").format(name=self._exercise.name)
            return
        files = ", ".join(starters.changed(self._exercise))
        question = _("Begin {name} again? What you wrote in {files} is kept as a copy.").format(
            name=self._exercise.name, files=files
        )
        self._question = (question, self._begin_again)

    def _begin_again(self) -> None:
        try:
            kept = begin_again(self._exercise)
        except (LabError, OSError) as error:
            self._remark = str(error)
            return
        self._remark = _("Kept: {path}").format(path=", ".join(kept)) if kept else ""
        self._changes.begin()  # ours, and told already
        self._check_again()

    def _check_again(self) -> None:
        self._page = self._verdict_page
        self._check()

    # --- pages --------------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        sys.stdout.write(_CLEAR)
        self._page()
        say()
        if self._question:
            say(styled(f"{self._filled(self._question[0])} [y/N]", "yellow"))
            return
        if self._remark:
            say(styled(self._filled(self._remark), "yellow"))
        say(styled(self._filled(self._keys()), "dim"))

    def _keys(self) -> str:
        keys = [
            ("n", _("next")) if self._passed else ("h", _("hint")),
            ("s", _("solution")),
            ("t", _("task")),
            ("l", _("list")),
            ("c", _("check again")),
            ("r", _("reset")),
            ("q", _("quit")),
        ]
        if self._checking.verdict and self._checking.verdict.details:
            keys.insert(1, ("w", _("traceback")))
        return "  ".join(f"{key} {word}" for key, word in keys)

    def _verdict_page(self) -> None:
        exercise = self._exercise
        say(telling.bar())
        say()
        if self._checking.verdict is None:
            say(styled(f"… {exercise.name}", "bold"))
            say(_("Checking {name} …").format(name=exercise.name))
        elif self._passed:
            telling.tell_passed(exercise, self._checking.verdict, filled=self._filled, with_bar=False)
        else:
            telling.tell(exercise, self._checking.verdict, filled=self._filled)
        say()
        say(_("Task: {path}").format(path=exercise.shown_path(texts.readme(exercise).name)))
        for file in exercise.files:
            say(_("Edit: {path}").format(path=exercise.shown_path(file)))
        hints = texts.hints(exercise)
        for number, text in enumerate(hints[: self._hints_shown], start=1):
            say()
            say(styled(_("Hint {number} of {total}").format(number=number, total=len(hints)), "bold"))
            say(self._filled(text))

    def _filled(self, text: str) -> str:
        return fill(text, self._size.columns)

    def _task_page(self) -> None:
        say(telling.story(self._exercise))

    def _list_page(self) -> None:
        telling.tell_list()

    def _traceback_page(self) -> None:
        verdict = self._checking.verdict
        say(verdict.details.rstrip() if verdict and verdict.details else _("There is no traceback to show."))

    def _solution_page(self) -> None:
        telling.tell_solution(self._exercise)


def _size() -> os.terminal_size:
    """Return the terminal's size now; the variables COLUMNS and LINES would tell that of its beginning."""
    size = os.get_terminal_size(sys.stdout.fileno())
    return size if size.columns else os.terminal_size((80, 24))
