"""`lab watch` in a terminal, and without one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import workspace
from lab.workbook import contents, progress

COMMAND = [sys.executable, "-c", "import sys; from lab.command import main; sys.exit(main())", "watch", "decode"]
SECONDS = 20.0
CLEAR = "\x1b[H\x1b[2J"


class Terminal:
    """A terminal in which `lab watch` runs."""

    def __init__(self, rows: int = 40, columns: int = 100) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(workspace.ROOT)
            os.environ["TERM"] = "xterm"
            os.execv(COMMAND[0], COMMAND)  # noqa: S606
        self.resize(rows, columns)
        self.seen = ""

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, key: str) -> None:
        os.write(self.descriptor, key.encode())

    def page(self) -> str:
        """Return what stands on the screen now, without colours."""
        while select.select([self.descriptor], [], [], 0.02)[0]:
            try:
                part = os.read(self.descriptor, 65_536)
            except OSError:
                break
            if not part:
                break
            self.seen += part.decode(errors="replace")
        shown = self.seen.rpartition(CLEAR)[2]
        return re.sub(r"\x1b\[\d+m", "", shown).replace("\r\n", "\n")

    def wait_for(self, *texts: str) -> str:
        """Wait until all texts are on the page, wherever its lines break."""
        deadline = time.monotonic() + SECONDS
        while not all(text in self.page() or text in " ".join(self.page().split()) for text in texts):
            assert time.monotonic() < deadline, f"{texts} not in:\n{self.page()}"
        return self.page()

    def end(self) -> int:
        """Wait until it has ended; return the exit code."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            self.page()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        raise AssertionError("it did not end")


@pytest.fixture
def terminal(decode) -> Iterator[Terminal]:
    opened = Terminal()
    yield opened
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(opened.pid, signal.SIGKILL)
        os.waitpid(opened.pid, 0)
    os.close(opened.descriptor)


def test_from_the_first_failure_to_the_next_exercise(terminal, decode, solved):
    terminal.wait_for("IndentationError", "h hint")
    (decode / "handler.py").write_text(
        solved.replace("base64.b64decode(record['kinesis']['data'])", "record['kinesis']['data']")
    )
    terminal.wait_for("base64", "which is not JSON")
    terminal.press("h")
    terminal.wait_for("Hint 1 of 3")
    # An editor that saves beside the file and then takes its place.
    (decode / "handler.py.new").write_text(solved)
    (decode / "handler.py.new").replace(decode / "handler.py")
    page = terminal.wait_for("✓ decode", "n next")
    assert "Why it works" in page
    terminal.press("s")
    terminal.wait_for("solution", "base64.b64decode(record['kinesis']['data'])")
    terminal.press("q")
    assert terminal.end() == 0
    assert " passed decode\n" in (Path(os.environ["LAB_HOME"]) / "progress.txt").read_text()


def test_a_resize_draws_the_page_for_the_new_width(terminal):
    terminal.wait_for("IndentationError", "q quit")
    terminal.resize(20, 40)
    terminal.wait_for("IndentationError: expected an indented\nblock after")
    terminal.press("q")
    assert terminal.end() == 0


def test_keys_show_the_task_and_the_list_and_no_solution_before_the_hints(terminal):
    terminal.wait_for("IndentationError", "q quit")
    terminal.press("t")
    terminal.wait_for("# decode: what is in a record")
    terminal.press("t")
    terminal.wait_for("IndentationError")
    terminal.press("l")
    terminal.wait_for("partial_batch", "incident")
    terminal.press("s")
    terminal.wait_for("First use up the hints")
    terminal.press("n")
    terminal.wait_for("not passed yet")
    for number in (1, 2, 3):
        terminal.press("h")
        terminal.wait_for(f"Hint {number} of 3")
    terminal.press("s")
    terminal.wait_for("Show its solution? [y/N]")
    terminal.press("n")
    page = terminal.wait_for("Hint 3 of 3")
    assert "solution/" not in page
    terminal.press("\x1b[A")  # an arrow is no key of ours
    terminal.press("\x03")
    assert terminal.end() == 0


def test_n_goes_to_an_exercise_chosen_in_another_terminal(terminal):
    terminal.wait_for("IndentationError", "q quit")
    terminal.press("n")
    terminal.wait_for("not passed yet")
    progress.choose(contents.find("exact_numbers"))
    terminal.press("n")
    terminal.wait_for("exact_numbers/README")
    terminal.press("n")
    terminal.wait_for("exact_numbers is not passed yet")


def test_coming_back_after_ctrl_z_draws_the_page_again(terminal):
    terminal.wait_for("IndentationError", "q quit")
    before = terminal.seen.count(CLEAR)
    os.kill(terminal.pid, signal.SIGCONT)
    deadline = time.monotonic() + SECONDS
    while terminal.page() and terminal.seen.count(CLEAR) == before:
        assert time.monotonic() < deadline
    terminal.wait_for("IndentationError", "q quit")


def test_reset_asks_and_keeps_a_copy(terminal, decode, solved):
    terminal.wait_for("IndentationError", "q quit")
    begin = (decode / "handler.py").read_text()
    (decode / "handler.py").write_text(solved)
    terminal.wait_for("✓ decode")
    terminal.press("r")
    terminal.wait_for("Begin decode again?")
    terminal.press("y")
    terminal.wait_for("IndentationError", "Kept")
    assert (decode / "handler.py").read_text() == begin
    assert (decode / "handler.py.bak").read_text() == solved


def test_an_endless_loop_is_left_by_saving_again(terminal, decode, solved):
    terminal.wait_for("IndentationError")
    (decode / "handler.py").write_text("while True:\n    pass\n")
    terminal.wait_for("… decode")
    (decode / "handler.py").write_text(solved)
    terminal.wait_for("✓ decode")
    terminal.press("q")
    assert terminal.end() == 0


def test_two_watches_at_once_are_both_right(terminal, decode, solved):
    other = Terminal()
    try:
        terminal.wait_for("IndentationError")
        other.wait_for("IndentationError")
        (decode / "handler.py").write_text(solved)
        terminal.wait_for("✓ decode")
        other.wait_for("✓ decode")
        other.press("q")
        assert other.end() == 0
    finally:
        os.close(other.descriptor)


def test_a_terminal_that_closes_ends_it(decode):
    terminal = Terminal()
    terminal.wait_for("IndentationError")
    os.close(terminal.descriptor)
    deadline = time.monotonic() + SECONDS
    while not os.waitpid(terminal.pid, os.WNOHANG)[0]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_without_a_terminal_it_prints_verdicts_until_it_is_stopped(decode, solved):
    process = subprocess.Popen(
        COMMAND,
        cwd=workspace.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    try:
        lines = iter(process.stdout.readline, "")
        assert "✗ decode" in next(line for line in lines if line.strip())
        assert any("IndentationError" in line for line in lines)
        (decode / "handler.py").write_text(solved)
        assert any("✓ decode" in line for line in lines)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(SECONDS) == 130, rest
        assert "Traceback" not in rest
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
