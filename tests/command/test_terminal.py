from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest

from lab import terminal


class Terminal:
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_colour_only_where_it_is_wanted(monkeypatch):
    assert terminal.styled("x", "bold", Terminal()) == "\x1b[1mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.styled("x", "bold", Terminal()) == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert terminal.styled("x", "bold", Terminal()) == "x"


@pytest.mark.usefixtures("capsys")
def test_no_colour_in_a_pipe():
    assert terminal.styled("x", "red") == "x"


def test_a_table_is_aligned(capsys):
    terminal.table(("name", "n"), [("a", 1), ("longer", "two\nlines")])
    assert capsys.readouterr().out == "  name    n\n  a       1\n  longer  two lines\n"


def test_a_table_is_cut_at_the_edge_of_the_terminal(capsys, monkeypatch):
    monkeypatch.setattr(terminal, "width", lambda: 32)
    terminal.table(("n", "name"), [("1", "x" * 40)])
    assert capsys.readouterr().out.splitlines()[1] == f"  1  {'x' * 26}…"


def test_where_a_column_would_be_lost_each_row_is_lines_of_its_own(capsys, monkeypatch):
    monkeypatch.setattr(terminal, "width", lambda: 20)
    terminal.table(("shard", "n"), [("shardId-000000000000", 1), ("b", 2)])
    assert capsys.readouterr().out.splitlines() == [
        "  shard  shardId-000",
        "         000000000",
        "  n      1",
        "",
        "  shard  b",
        "  n      2",
    ]


def test_json_takes_what_json_lacks(capsys):
    terminal.say_json({"value": Decimal("22.5"), "año": "ñ"})
    said = capsys.readouterr().out
    assert json.loads(said) == {"value": "22.5", "año": "ñ"}
    assert "ñ" in said


def test_what_is_done_at_once_shows_no_progress(capsys):
    with terminal.progress("Sending …", 3) as shown:
        shown.advance(3)
    assert capsys.readouterr() == ("", "")


def test_what_takes_longer_shows_lines_beside_the_result(capsys, monkeypatch):
    monkeypatch.setattr(terminal, "_PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(terminal, "_LINES_EVERY_SECONDS", 0.0)
    with terminal.progress("Sending …", 3) as shown:
        time.sleep(0.1)
        shown.advance(2)
        shown.describe("Waiting …")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "Sending …\n  0 of 3\n  2 of 3\nWaiting …\n  done after 0.1 s\n"


def test_silent_progress_says_nothing(capsys, monkeypatch):
    monkeypatch.setattr(terminal, "_PATIENCE_SECONDS", 0.0)
    with terminal.progress("Sending …", silent=True):
        time.sleep(0.05)
    assert capsys.readouterr() == ("", "")
