from __future__ import annotations

import json
import time

import pytest

from lab import drawing
from lab.deploy.engine.changes import PropertyChange
from lab.deploy.engine.events import Event, Result
from lab.drawing import run_and_tell
from lab.errors import LabError
from lab.failures import StoppedError

STREAM = ("aws:kinesis/stream:Stream", "basic-stream")
TABLE = ("aws:dynamodb/table:Table", "basic-table")


def event(kind, resource=("", ""), **more):
    type_, name = resource
    return Event(kind, f"urn:{name}" if name else "", type_, name, **more)


def work(*events, result):
    def run(show):
        for one in events:
            show(one)
        return result

    return run


def test_a_line_for_each_resource_that_changes(capsys):
    run_and_tell(
        work(
            event("create", STREAM, finished=False),
            event("same", ("aws:iam/role:Role", "basic-role")),
            event("create", STREAM, seconds=0.314),
            event("update", TABLE, changes=("tags", "hashKey"), seconds=0.001),
            event("log", message="look\nhere", severity="warning"),
            result=Result(ok=True, counts={"create": 1, "update": 1, "same": 1}, seconds=1.24),
        )
    )
    assert capsys.readouterr().out.splitlines() == [
        "  + created     aws:kinesis:Stream                   basic-stream  0.31 s",
        "  ~ updated     aws:dynamodb:Table                   basic-table  [tags, hashKey]",
        "  look",
        "  here",
        "Done: 1 created, 1 updated, 1 unchanged  (1.2 s)",
    ]


def test_a_preview_says_what_would_be(capsys):
    events = (event("replace", STREAM, changes=("name",)), event("delete", TABLE))
    run_and_tell(work(*events, result=Result(ok=True, counts={"replace": 1, "delete": 1})), preview=True)
    assert capsys.readouterr().out.splitlines() == [
        "  ± replace     aws:kinesis:Stream                   basic-stream  [name]",
        "  - delete      aws:dynamodb:Table                   basic-table",
        "It would be: 1 replaced, 1 deleted  (0.0 s)",
    ]


def test_a_preview_shows_values(capsys):
    changes = (
        PropertyChange("shardCount", 1, 2),
        PropertyChange("tags.owner", None, "ana"),
        PropertyChange("handler", "a\x1b[31m", ""),
        PropertyChange("code", "[archive 0a1b2c3d]", "[archive 4e5f6071]"),
        PropertyChange("environment", {"KEY": "[secret]"}, None),
        PropertyChange("policy", "x" * 61, "[unknown]"),
        PropertyChange("policy", "x" * 80 + "put" + "z" * 80, "x" * 80 + "get"),
        PropertyChange("provider"),
    )
    names = tuple(change.path for change in changes)
    events = (event("update", STREAM, changes=names, differences=changes),)
    run_and_tell(work(*events, result=Result(ok=True, counts={"update": 1})), preview=True)
    assert capsys.readouterr().out.splitlines() == [
        "  ~ update      aws:kinesis:Stream                   basic-stream",
        "      ~ shardCount: 1 → 2",
        "      + tags.owner: ana",
        '      ~ handler: "a\\u001b[31m" → ""',
        "      ~ code: [archive 0a1b2c3d] → [archive 4e5f6071]",
        '      - environment: {"KEY": "[secret]"}',
        f"      ~ policy: {'x' * 59}… → [unknown]",
        f"      ~ policy: …{'x' * 20}put{'z' * 35}… → …{'x' * 20}get",
        "      ~ provider",
        "It would be: 1 updated  (0.0 s)",
    ]


def test_nothing_to_do(capsys):
    run_and_tell(work(result=Result(ok=True)))
    assert capsys.readouterr().out == "Done: nothing to do  (0.0 s)\n"


def test_what_failed_is_told_at_the_end(capsys):
    events = (event("failed", STREAM, message="no"), event("skipped", TABLE), event("failed", message="the program"))
    result = Result(ok=False, counts={"failed": 2}, errors=("no", "the program"))
    with pytest.raises(LabError) as raised:
        run_and_tell(work(*events, result=result))
    assert (raised.value.exit_code, raised.value.why) == (1, "no\nthe program")
    assert capsys.readouterr().out.splitlines() == [
        "  ! failed      aws:kinesis:Stream                   basic-stream",
        "  · skipped     aws:dynamodb:Table                   basic-table",
        "Done: 2 failed  (0.0 s)",
    ]


def test_a_program_that_refuses_its_settings_has_the_only_word(capsys):
    stack = event("create", ("pulumi:pulumi:Stack", "streamlab-local"))
    report = "A setting cannot be used.\n  - this one\nCorrect it."
    result = Result(ok=False, counts={"create": 1, "failed": 1}, errors=(report,), program_ended=False, refused=True)
    with pytest.raises(LabError) as raised:
        run_and_tell(work(stack, event("failed", message=report), result=result))
    told = raised.value
    assert (told.what, told.why, told.next_step) == ("A setting cannot be used.", "  - this one\nCorrect it.", "")
    assert capsys.readouterr().out == ""


def test_a_stack_alone_is_told_too(capsys):
    stack = event("create", ("pulumi:pulumi:Stack", "streamlab-local"))
    run_and_tell(work(stack, result=Result(ok=True, counts={"create": 1})))
    assert capsys.readouterr().out.startswith("  + created     pulumi:pulumi:Stack                  streamlab-local")


def test_a_program_reads_json_and_nothing_else(capsys):
    result = Result(ok=True, counts={"create": 1}, outputs={"basic": {"Name": "x"}}, seconds=1.0)
    run_and_tell(work(event("create", STREAM), result=result), as_json=True)
    said = capsys.readouterr()
    assert said.err == ""
    assert json.loads(said.out) == {
        "ok": True,
        "counts": {"create": 1},
        "outputs": {"basic": {"Name": "x"}},
        "seconds": 1.0,
    }


def test_ctrl_c_says_that_the_same_command_goes_on():
    def stopped(_show):
        raise KeyboardInterrupt

    with pytest.raises(StoppedError) as raised:
        run_and_tell(stopped)
    assert raised.value.next_step == "Run the same command again: it goes on from here."
    assert raised.value.exit_code == 130


def test_a_terminal_shows_what_is_under_way(capsys, monkeypatch):
    monkeypatch.setattr(drawing, "is_live", lambda _stream: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes stdout for a terminal
    monkeypatch.setenv("NO_COLOR", "1")

    def run(show):
        show(event("create", STREAM, finished=False))
        time.sleep(0.3)
        show(event("create", STREAM, seconds=0.3))
        return Result(ok=True, counts={"create": 1})

    run_and_tell(run)
    said = capsys.readouterr().out
    assert "creating    aws:kinesis:Stream" in said
    assert "+ created     aws:kinesis:Stream" in said
    assert said.index("creating") < said.index("+ created") < said.index("Done:")
