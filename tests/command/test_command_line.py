from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from lab.help_page import LAST_PARTS
from lab.verbs import sections

VERBS = [name for _heading, verbs in sections() for name in verbs]


def every_verb() -> list[tuple[str, ...]]:
    """Return each verb as it is typed, those of groups included."""
    typed = []
    for name in VERBS:
        command = get_command(importlib.import_module(f"lab.verbs.{name}").app)
        typed += [(name, inner) for inner in command.commands] if isinstance(command, TyperGroup) else [(name,)]
    return typed


def test_lab_alone_shows_every_verb(lab):
    shown = lab()
    assert shown.code == 0
    assert shown.err == ""
    for name in VERBS:
        assert f"\n  {name} " in shown.out
    assert lab("--help") == shown


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        (["help"], []),
        (["-h"], []),
        (["help", "send"], ["send"]),
        (["send", "-h"], ["send"]),
        (["help", "stream", "read"], ["stream", "read"]),
        (["stream", "read", "-h"], ["stream", "read"]),
    ],
    ids=" ".join,
)
def test_help_is_found_however_it_is_asked_for(lab, typed, page):
    assert lab(*typed) == lab(*page, "--help")
    assert lab(*typed).code == 0


def test_help_of_what_is_no_verb(lab):
    assert lab("help", "snd").err.startswith("There is no `lab snd`.\nDid you mean `send`?\n")


def test_the_versions(lab):
    shown = lab("--version")
    assert shown.code == 0
    assert re.fullmatch(r"streamlab \d+\.\d+\.\d+\npython 3\.\S+\npulumi \S+\nministack \S+\n", shown.out)


@pytest.mark.parametrize("verb", every_verb(), ids=" ".join)
def test_every_verb_explains_itself_with_examples(lab, verb):
    shown = lab(*verb, "--help")
    assert shown.code == 0
    assert shown.err == ""
    assert shown.out.startswith(f"Usage: lab {' '.join(verb)}")
    assert "Examples:\n  " in shown.out
    assert ("What --json prints:" in shown.out) == ("  --json" in shown.out)
    usage, what_it_does, *_rest = shown.out.split("\n\n")
    assert what_it_does.strip().endswith((".", ":")), usage
    assert max(map(len, shown.out.splitlines())) <= 100


@pytest.mark.parametrize("verb", every_verb(), ids=" ".join)
def test_every_example_is_a_command_line_that_the_verb_takes(verb):
    command = get_command(importlib.import_module(f"lab.verbs.{verb[0]}").app)
    command = command.commands[verb[1]] if isinstance(command, TyperGroup) else command
    for example in command.epilog.split(LAST_PARTS)[0].splitlines():
        for part in re.split(r" && | \| | > |\$\(|\)\"", example):
            words = shlex.split(part.rstrip('"')) if part.startswith("lab ") else []
            if words[1 : 1 + len(verb)] == list(verb):
                command.make_context(" ".join(verb), words[1 + len(verb) :])
            elif words:
                assert words[1] in VERBS


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["snd"], "There is no `lab snd`.\nDid you mean `send`?\nSee `lab --help`.\n"),
        (["--helo"], "`lab` has no option --helo.\nDid you mean `--help`?\nSee `lab --help`.\n"),
        (["send"], "`lab send` needs LESSON.\nSee `lab send --help`.\n"),
        (["send", "basic", "--keyz", "3"], "`lab send` has no option --keyz.\nDid you mean `--keys`?\n"),
        (["send", "basic", "--count"], "--count needs a value.\n"),
        (["send", "basic", "--json=3"], "--json takes no value.\n"),
        (["send", "basic", "--count", "many"], "--count must be a whole number, not “many”.\n"),
        (["send", "basic", "--count", "0"], "--count must be at least 1, not 0.\n"),
        (["send", "basic", "--rate", "nan"], "--rate must be a number, not “nan”.\n"),
        (["send", "basic", "--rate", "inf"], "--rate must be a number, not “inf”.\n"),
        (["send", "basic", "more"], "`lab send` cannot use `more`.\n"),
        (["cloud", "start", "--port", "99999"], "--port must be at most 65535, not 99999.\n"),
        (["cloud", "serve", "--port", "65536"], "--port must be at most 65535, not 65536.\n"),
        (["cloud", "start", "--port", "-1"], "--port must be at least 0, not -1.\n"),
        (["send", "kafka"], "This command knows no lesson “kafka”.\n"),
        (["send", "basic", "--count", "3", "--poison", "4"], "--poison 4 is more than --count 3.\n"),
        (["send", "basic", "--data", "x", "--poison", "1"], "--data and --poison do not go together"),
        (["stream", "xyz"], "There is no `lab stream xyz`.\nCommands there are: `describe`, `read`.\n"),
        (["stream", "red"], "There is no `lab stream red`.\nDid you mean `read`?\n"),
        (["stream", "read", "basic", "--from", "latest"], "--from latest shows what arrives from now on"),
        (["stream", "read", "basic", "--from", "soon"], "--from soon: this is no time.\n"),
        (["stream", "read", "basic", "--from", "4" * 56], "A sequence number belongs to a shard"),
        (["logs", "basic", "--since", "3y"], "--since 3y: this is no time.\n"),
        (["up", "nonsense"], "“nonsense” is not a lesson that can be deployed.\nLessons there are: "),
        (
            ["up", "bsic"],
            "“bsic” is not a lesson that can be deployed.\nDid you mean `basic`?\nLessons there are: ",
        ),
        (["preview", "basic", "nonsense"], "“nonsense” is not a lesson that can be deployed.\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_told_in_a_sentence_with_code_2(lab, typed, said):
    outcome = lab(*typed)
    assert outcome.err.startswith(said)
    assert outcome.out == ""
    assert outcome.code == 2


def test_pydantic_and_rich_are_not_imported_for_a_plain_verb(lab_process):
    # What Typer would do with them is done in lab/command_line.py and lab/help_page.py; a new Typer needs a new look.
    for typed in (["--help"], ["send", "--help"], ["send", "basic", "--count", "x"], ["env", "--unset"]):
        imported = lab_process(*typed, PYTHONPROFILEIMPORTTIME="1").err
        assert "pydantic" not in imported, typed
        assert "rich" not in imported, typed
        assert "botocore" not in imported, typed
        assert "| pulumi" not in re.sub(" +", " ", imported), typed


def test_typer_asks_the_values_of_ours():
    # lab/command_line.py hides a method of Typer's parameters; this fails where Typer no longer calls it.
    command = get_command(importlib.import_module("lab.verbs.send").app)
    context = command.make_context("send", ["basic", "--count", "3", "--rate", "0.5"])
    assert (context.params["count"], context.params["rate"], context.params["data"]) == (3, 0.5, None)
    start = get_command(importlib.import_module("lab.verbs.cloud").app).commands["start"]
    assert start.make_context("start", ["--state-dir", "here"]).params["state_dir"] == Path("here")
    up = get_command(importlib.import_module("lab.verbs.up").app)
    assert up.make_context("up", ["basic", "votes"]).params["lessons"] == ("basic", "votes")
