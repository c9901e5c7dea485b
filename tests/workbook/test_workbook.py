"""The exercises as they are, and the verbs around them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from lab import workspace
from lab.command import main
from lab.workbook import contents, lint, progress, starters, texts
from lab.workbook.readme_commands import commands, matches
from languages import LANGUAGES

EXERCISES = contents.exercises()
OFFLINE = [exercise for exercise in EXERCISES if exercise.needs == "offline"]


@pytest.fixture
def lab(capsys):
    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_every_exercise_is_whole_in_three_languages(exercise, home):
    assert lint.text_faults(exercise) == []


@pytest.mark.parametrize("exercise", OFFLINE, ids=lambda exercise: exercise.name)
def test_starters_fail_solutions_pass_and_wrong_answers_are_recognised(exercise, home):
    # The others take minutes: `make workbook`.
    linted = lint.lint_exercise(exercise, run_cloud=False, run_commands=False, most_wrong_answers=2)
    assert linted.faults == []


def test_the_files_of_the_beginning_are_those_of_the_tree():
    assert {exercise.name: starters.changed(exercise) for exercise in EXERCISES if starters.changed(exercise)} == {}
    assert [exercise.name for exercise in EXERCISES if set(starters.of(exercise)) != set(exercise.files)] == []


def test_every_exercise_has_its_time_its_cost_and_a_kind():
    names = [exercise.name for exercise in EXERCISES]
    assert len(set(names)) == len(names) == 50
    for exercise in EXERCISES:
        assert 5 <= exercise.minutes <= 90
        assert 0 <= exercise.aws_usd < 1
        assert set(exercise.kinds) <= set(contents.KINDS)


def test_what_is_deployed_says_how_to_do_it_on_aws():
    for exercise in EXERCISES:
        if exercise.is_deployed:
            for code in LANGUAGES:
                said = texts.readme(exercise, code).read_text()
                assert "pulumi up" in said, (exercise.name, code)
                assert "pulumi destroy" in said, (exercise.name, code)


def test_every_lesson_has_a_page_in_three_languages():
    for folder in {exercise.path.partition("/")[0] for exercise in EXERCISES}:
        for code in LANGUAGES:
            page = (workspace.ROOT / "exercises" / folder / f"README.{code}.md").read_text()
            for exercise in EXERCISES:
                if exercise.path.startswith(folder):
                    assert exercise.name in page, (folder, code, exercise.name)


# --- what the lint sees -----------------------------------------------------------------------------------------------


def faults_of(exercise: contents.Exercise) -> str:
    return "\n".join(lint.lint_exercise(exercise, run_cloud=False, run_commands=False).faults)


def test_the_lint_sees_a_starter_that_passes(decode, solved):
    (decode / "handler.py").write_text(solved)
    assert "its starter passes" in faults_of(contents.find("decode"))


def test_the_lint_sees_a_starter_that_fails_otherwise(decode, solved):
    (decode / "handler.py").write_text(solved.replace("json.loads", "str"))
    assert "its starter fails with" in faults_of(contents.find("decode"))


def test_the_lint_sees_a_solution_that_fails(decode, solved):
    (decode / "solution" / "handler.py").write_text(solved.replace("json.loads", "str"))
    assert "its solution fails with" in faults_of(contents.find("decode"))


def test_the_lint_sees_wrong_answers_that_pass_or_lack(decode, solved, tmp_path, monkeypatch):
    monkeypatch.setattr(lint, "wrong_answers_folder", lambda: tmp_path / "wrong")
    assert "0 wrong answers are kept, not 2" in faults_of(contents.find("decode"))
    for name in ("not_base64", "only_base64"):
        (tmp_path / "wrong" / "decode" / name).mkdir(parents=True)
        (tmp_path / "wrong" / "decode" / name / "handler.py").write_text(solved)
    (tmp_path / "wrong" / "decode" / "only_base64" / "handler.py").write_text("def\n")
    faults = faults_of(contents.find("decode"))
    assert "the wrong answer not_base64 passes" in faults
    assert "the wrong answer only_base64 fails with not_python" in faults


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("README.pt.md", None, "README.pt.md is missing"),
        ("hints.es.toml", "hints = ['one']\n", "hints.es.toml has 1 hints"),
        ("messages.es.toml", "{place}→", "differ in keys or places"),
        ("messages.pt.toml", "[failures.one_of_many]→[failures.other]", "differ in keys or places"),
        (
            "README.en.md",
            "+payload = json.loads(base64.b64decode(record['kinesis']['data']))",
            "tells a line of the solution",
        ),
        ("check.py", "nothing_stored→raised", "never uses: ['nothing_stored']"),
    ],
)
def test_the_lint_sees_texts_that_are_not_right(decode, file, change, said):
    path = decode / file
    if change is None:
        path.unlink()
    elif change.startswith("+"):
        path.write_text(path.read_text() + change[1:])
    elif "→" in change:
        path.write_text(path.read_text().replace(*change.split("→")))
    else:
        path.write_text(change)
    assert said in "\n".join(lint.text_faults(contents.find("decode")))


def test_samples_of_outputs_are_compared_line_by_line():
    readme = "1. Do\n\n   ```console\n   $ echo a \\\n     b\n   a b\n   …\n   c…e\n   $ true\n   ```\n"
    first, second = commands(readme)
    assert (first.text, first.sample) == ("echo a \\\n  b", ["a b", "…", "c…e"])
    assert (second.text, second.sample) == ("true", [])
    assert matches("a b\nx\ny\ncde\n", first.sample)
    assert matches("a b\nc e", first.sample)
    assert not matches("a b\nx\n", first.sample)
    assert not matches("a\ncde", first.sample)


# --- verbs ------------------------------------------------------------------------------------------------------------


def test_list_shows_where_the_learner_is(lab, home):
    code, said = lab("list")
    assert code == 0
    assert "You are at first_event" in said
    progress.note_passed(contents.find("first_event"))
    shown = json.loads(lab("list", "--json")[1])
    assert [exercise["name"] for exercise in shown if exercise["passed"]] == ["first_event"]
    assert [exercise["name"] for exercise in shown if exercise["current"]] == ["decode"]
    page = lab("list", "--help")[1]
    assert all(f'"{key}"' in page for key in shown[0])


def test_goto_holds_until_the_exercise_is_passed(lab, decode, solved):
    assert "# exact_numbers" in lab("goto", "exact_numbers")[1]
    assert progress.read().current().name == "exact_numbers"
    progress.note_passed(contents.find("exact_numbers"))
    assert progress.read().current().name == "decode"


def test_hints_come_one_at_a_time_and_then_the_solution(lab, decode):
    assert lab("solution", "decode")[0] == 2
    for number in (1, 2, 3):
        said = lab("hint", "decode")[1]
        assert f"Hint {number} of 3" in said
        assert f"Hint {number + 1} of 3" not in said
    code, said = lab("solution", "decode")
    assert code == 2  # nobody is there to ask
    assert "--yes" in said
    assert "b64decode" in lab("solution", "decode", "--yes")[1]


def test_the_solution_is_shown_once_passed(lab, decode):
    progress.note_passed(contents.find("decode"))
    code, said = lab("solution", "decode")
    assert code == 0
    assert "b64decode" in said


def test_reset_keeps_every_copy(lab, decode):
    begin = (decode / "handler.py").read_text()
    assert "as it was" in lab("reset", "decode")[1]
    for text in ("one", "two"):
        (decode / "handler.py").write_text(text)
        assert lab("reset", "decode")[0] == 2
        assert (decode / "handler.py").read_text() == text
        assert lab("reset", "decode", "--yes")[0] == 0
        assert (decode / "handler.py").read_text() == begin
    assert [(decode / f"handler.py.{end}").read_text() for end in ("bak", "bak2")] == ["one", "two"]


def test_a_passed_check_says_why_and_what_comes_next(lab, decode, solved):
    (decode / "handler.py").write_text(solved)
    code, said = lab("check")  # the one at hand
    assert code == 0
    assert "Why it works: A record's data are bytes" in said
    assert "[█░" in said
    assert "Next: exact_numbers" in said


# --- grade ------------------------------------------------------------------------------------------------------------


def test_a_grade_believes_checks_and_not_progress(lab, decode, solved):
    progress.note_passed(contents.find("decode"))
    assert "0 of 1 exercises pass" in lab("grade", "decode")[1]
    (decode / "handler.py").write_text(solved)
    code, said = lab("grade", "decode", "--json")
    assert code == 0
    answer = json.loads(said)
    (graded,) = answer["exercises"]
    assert (answer["passed"], graded["passed"], graded["files"][0]["changed"]) == (1, True, True)
    page = lab("grade", "--help")[1]
    assert all(f'"{key}"' in page for key in [*answer, *graded, *graded["files"][0]])


def test_only_the_learners_files_come_from_their_work(lab, decode, solved, tmp_path):
    work = tmp_path / "ana"
    shutil.copytree(Path(os.environ["LAB_EXERCISES"]), work / "exercises")
    theirs = work / "exercises" / "01_basic" / "01_decode"
    (theirs / "check.py").write_text("def check(attempt):\n    pass\n")
    _header, row = csv.reader(io.StringIO(lab("grade", "decode", "--csv", "--work", str(work))[1]))
    assert row[:6] == ["ana", "01_basic", "decode", "15", "0", "not_python"]
    (theirs / "handler.py").write_text(solved)
    (row,) = csv.reader(io.StringIO(lab("grade", "decode", "--csv", "--no-header", "--work", str(work))[1]))
    assert (row[4], row[7]) == ("1", "handler.py")
    (theirs / "handler.py").unlink()
    assert "missing_file" in lab("grade", "decode", "--work", str(work))[1]
    os.mkfifo(theirs / "handler.py")
    assert "missing_file" in lab("grade", "decode", "--work", str(work))[1]
    assert lab("grade", "--work", str(tmp_path / "nobody"))[0] == 2


def test_json_and_csv_exclude_each_other(lab, home):
    assert lab("grade", "--json", "--csv")[0] == 2


# --- the instructor's guide -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_lesson_plan_has_every_exercise_with_its_minutes_and_its_cost(code):
    names = [exercise.name for exercise in EXERCISES]
    planned: list[str] = []
    for line in (workspace.ROOT / "exercises" / f"INSTRUCTOR.{code}.md").read_text().splitlines():
        if found := re.match(r"\| \d+ \| (?P<names>.+?) \| (?P<minutes>\d+) \| (?P<usd>[\d.]+) \|", line):
            named = re.findall(r"`(\w+)`", found["names"])
            session = named if "," in found["names"] else names[names.index(named[0]) : names.index(named[-1]) + 1]
            chosen = [exercise for exercise in EXERCISES if exercise.name in session]
            assert sum(exercise.minutes for exercise in chosen) == int(found["minutes"]), line
            assert str(sum(exercise.aws_usd for exercise in chosen)) == found["usd"], line
            planned += session
    assert planned == names


def test_commands_of_the_guides_exist():
    from lab.verbs import sections

    verbs = {verb for _heading, group in sections() for verb in group}
    for page in (workspace.ROOT / "exercises").glob("*.md"):
        assert set(re.findall(r"`(?:\.venv/bin/)?lab (\w+)", page.read_text())) <= verbs, page
