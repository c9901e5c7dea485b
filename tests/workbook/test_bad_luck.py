"""Whatever the learner's code does, there is a sentence and a way on, and nothing is left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab import workspace
from lab.command import main
from lab.workbook import contents, progress, supervisor
from lab.workbook.checking import BackgroundCheck
from tests.cloud.conftest import eventually

LAB = [sys.executable, "-c", "import sys; from lab.command import main; sys.exit(main())"]


@pytest.fixture
def lab(capsys):
    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


@pytest.fixture
def failing(lab, decode, monkeypatch):
    """Return a way to check `decode` with other text; returns what was told."""
    monkeypatch.setattr(supervisor, "OFFLINE_LIMIT_SECONDS", 60.0)  # a machine that is busy is no endless loop

    def check(text: str | bytes) -> str:
        (decode / "handler.py").write_bytes(text if isinstance(text, bytes) else text.encode())
        code, told = lab("check", "decode")
        assert code == 1
        assert "Traceback" not in told
        assert "Next:" in told
        assert list((Path(os.environ["LAB_HOME"]) / "checks").iterdir()) == []
        return told

    return check


def test_an_endless_loop_is_ended_and_its_line_named(failing, monkeypatch):
    monkeypatch.setattr(supervisor, "OFFLINE_LIMIT_SECONDS", 4.0)
    told = failing("def lambda_handler(event, context):\n    while True:\n        pass\n")
    assert re.search(r"After 4 s the check was not done; exercises/01_basic/01_decode/handler\.py:[23] ", told)


@pytest.mark.parametrize("ending", ["exit()", "raise SystemExit(3)", "import sys; sys.exit('done')"])
def test_exit_is_a_failure_with_its_line(failing, solved, ending):
    told = failing(solved.replace("    for record", f"    {ending}\n    for record"))
    assert "ended the program" in told
    assert re.search(r"handler\.py:\d+", told)


def test_ending_the_process_itself_is_a_failure(failing, solved):
    assert "ended the program" in failing(
        solved.replace("    for record", "    import os; os._exit(0)\n    for record")
    )


def test_output_without_end_is_stopped(failing, solved):
    told = failing(solved.replace("    for record", "    while True:\n        print('x' * 1000)\n    for record"))
    assert "more than 1 MB" in told
    assert len(told) < 10_000


def test_what_is_printed_is_shown(failing, solved):
    told = failing(solved.replace("    for record", "    print('here I am')\n    return\n    for record"))
    assert "Your code printed:\n  here I am\n" in told
    assert "nothing was put into the table" in told


def test_an_exception_is_told_with_its_line_and_the_traceback_only_on_request(failing, solved, lab):
    told = failing(solved.replace("    for record", "    1 / 0\n    for record"))
    assert "ZeroDivisionError: division by zero" in told
    code, told = lab("check", "decode", "--why")
    assert code == 1
    assert "Traceback (most recent call last)" in told
    assert "1 / 0" in told


def test_a_function_with_other_arguments_is_told_of(failing, solved):
    told = failing(solved.replace("(event, context)", "(event)"))
    assert "lambda_handler(event) does not take the arguments of lambda_handler({" in told
    assert re.search(r"handler\.py:\d+", told)


def test_a_missing_return_is_a_failure_and_no_fault_of_the_check(lab, decode):
    folder = contents.find("exact_numbers").folder
    text = (folder / "solution" / "handler.py").read_text()
    (folder / "handler.py").write_text(re.sub(r"(def decode\(record\):\n)", r"\1    return None\n", text))
    code, told = lab("check", "exact_numbers")
    assert code == 1
    assert "returned None, with which the check could not go on: AttributeError" in told
    assert "AttributeError" in lab("check", "exact_numbers", "--why")[1].rpartition("Traceback")[2]


def test_a_byte_order_mark_is_no_fault(lab, decode, solved):
    (decode / "handler.py").write_text(solved, encoding="utf-8-sig")
    assert lab("check", "decode")[0] == 0


@pytest.mark.parametrize(
    "code",
    [
        "os.fork()",
        "os.fork() or (os.setsid(), signal.pause())",
        "subprocess.Popen(['sleep', '60'], start_new_session=True)",
    ],
    ids=["fork", "daemon", "session"],
)
def test_children_are_ended_and_have_no_say(lab, decode, solved, home, code):
    (decode / "handler.py").write_text(
        solved.replace("    for record", f"    import os, signal, subprocess\n    {code}\n    for record")
    )
    status, told = lab("check", "decode")
    assert (status, "✓ decode" in told) == (0, True)
    mark = str(home / "checks").encode()
    eventually(lambda: not [path for path in Path("/proc").glob("[0-9]*/environ") if mark in seen(path)])


def seen(path: Path) -> bytes:
    """Return what a file of /proc holds; nothing once its process has ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def lambda_handler(event, context)\n    pass\n", "SyntaxError"),
        ("import no_such_module\n", "No module named 'no_such_module'"),
        ("", "has no `lambda_handler`"),
        ("handler = None\n", "has no `lambda_handler`"),
        ("# São Paulo\n".encode("latin-1"), "is not UTF-8 text"),
        (b"x = 1\0\n", "cannot read"),
        (
            "def lambda_handler(event, context):\n" + "    x = []\n    while True: x.append('y' * 10**9)\n",
            "MemoryError",
        ),
        ("def lambda_handler(event, context):\n    return lambda_handler(event, context)\n", "RecursionError"),
    ],
    ids=["syntax", "import", "empty", "renamed", "latin-1", "nul", "memory", "recursion"],
)
def test_a_file_that_is_not_right_is_told_of(failing, text, said):
    assert said in failing(text)


def test_a_file_that_is_gone_comes_back(decode, lab):
    before = (decode / "handler.py").read_text()
    (decode / "handler.py").unlink()
    code, told = lab("check", "decode")
    assert code == 1
    assert "lab reset decode" in told
    assert lab("reset", "decode", "--yes")[0] == 0
    assert (decode / "handler.py").read_text() == before


def test_a_file_that_may_not_be_read_is_told_of(decode, lab):
    if os.geteuid() == 0:
        (decode / "handler.py").unlink()
        (decode / "handler.py").mkdir()
    else:
        (decode / "handler.py").chmod(0)
    code, told = lab("check", "decode")
    assert code == 1
    assert "handler.py" in told
    assert "Traceback" not in told


def test_a_renamed_folder_is_told_of_with_a_way_on(decode, lab):
    decode.rename(decode.with_name("my_decode"))
    for words in (("check", "decode"), ("hint", "decode"), ("goto", "decode"), ("watch", "decode")):
        code, told = lab(*words)
        assert code == 1
        assert "git checkout exercises/01_basic/01_decode" in told


def test_a_check_that_is_at_fault_itself_says_so(decode, lab):
    (decode / "check.py").write_text("import no_such_thing\n")
    code, told = lab("check", "decode")
    assert code == 1
    assert "your work was not judged" in told


def test_names_are_forgiving_and_wrong_ones_are_named(lab, home):
    assert contents.find("exercises/01_basic/01_decode/") == contents.find("decode") == contents.find("01_decode")
    code, told = lab("check", "decod")
    assert code == 2
    assert "`decode`" in told


def test_a_folder_that_cannot_be_written_is_told_of(lab, decode, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "file" / "lab"))
    code, told = lab("check", "decode")
    assert code == 1
    assert "Traceback" not in told


def test_progress_survives_a_line_cut_off_and_two_writers(lab, decode, solved):
    (decode / "handler.py").write_text(solved)
    progress.file().parent.mkdir(parents=True, exist_ok=True)
    progress.file().write_text("2026-11-22T10:00:00Z passed first_event\nnonsense\n2026-11-22T10:00:00Z pass")
    assert lab("check", "decode")[0] == 0
    assert progress.read().passed == {"first_event", "decode"}
    others = [
        subprocess.Popen([*LAB, "goto", "decode"], cwd=workspace.ROOT, stdout=subprocess.DEVNULL) for _ in range(3)
    ]
    assert [other.wait(30) for other in others] == [0, 0, 0]
    assert progress.read().passed == {"first_event", "decode"}
    assert progress.read().chosen == "decode"


def checks_of(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in children.read_text().split()] if children.exists() else []


def lives(pid: int) -> bool:
    """Say whether a process runs; one that nobody has asked for its end does not."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc")
def test_a_killed_check_leaves_nothing_behind(decode, solved, home, lab):
    (decode / "handler.py").write_text("import time\ntime.sleep(60)\n")
    process = subprocess.Popen([*LAB, "check", "decode"], cwd=workspace.ROOT, stdout=subprocess.DEVNULL)
    while not (running := checks_of(process.pid)):
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    eventually(lambda: not any(lives(pid) for pid in running))
    (decode / "handler.py").write_text(solved)
    assert lab("check", "decode")[0] == 0
    assert list((home / "checks").iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc")
def test_a_killed_check_takes_its_cloud_with_it(decode, home):
    (decode / "check.py").write_text("import time\ndef check(attempt):\n    attempt.cloud()\n    time.sleep(60)\n")
    process = subprocess.Popen([*LAB, "check", "decode"], cwd=workspace.ROOT, stdout=subprocess.DEVNULL)
    (record,) = eventually(lambda: list((home / "checks").glob("*/cloud.json")))
    cloud = eventually(lambda: json.loads(record.read_text() or "{}").get("pid"))
    process.kill()
    process.wait()
    eventually(lambda: not lives(cloud))
    eventually(lambda: not list((home / "checks").iterdir()))


def test_what_a_check_packages_of_a_learner_no_other_check_deploys(decode, lab):
    (decode / "program.py").write_text("")
    (decode / "check.py").write_text(
        "from lab import package, workspace\ndef check(attempt):\n"
        "    own = workspace.lab_folder()\n"
        "    assert package.build('decode').is_relative_to(own)\n"
        "    assert (own / 'packages' / 'basic.zip').stat().st_nlink == 2\n"
    )
    assert lab("check", "decode")[0] == 0
    built = {path.name for path in Path(os.environ["LAB_PACKAGES"]).iterdir()}
    assert "basic.zip" in built
    assert "decode.zip" not in built


def test_a_cancelled_check_is_over_at_once(decode):
    (decode / "handler.py").write_text("import time\ntime.sleep(60)\n")
    check = BackgroundCheck(lambda: None)
    check.begin(contents.find("decode"))
    check.end()
    assert not check.is_running
    assert check.verdict is None


def test_a_cloud_that_dies_in_the_middle_is_no_fault_of_the_learners(decode, lab):
    (decode / "check.py").write_text(
        "import os\ndef check(attempt):\n    cloud = attempt.cloud()\n"
        "    os.kill(cloud.cloud.pid, 9)\n    cloud.clients.kinesis.list_streams()\n"
    )
    code, told = lab("check", "decode")
    assert code == 1
    assert "no fault of your work" in told
    assert "Traceback" not in told


def test_a_cloud_that_dies_while_a_program_is_deployed_is_no_fault_of_the_program(decode, lab):
    (decode / "program.py").write_text(
        "import os, signal\nimport pulumi_aws as aws\n"
        "os.kill(int(os.environ['CLOUD']), signal.SIGKILL)\naws.sqs.Queue('queue')\n"
    )
    (decode / "check.py").write_text(
        "import os\ndef check(attempt):\n    cloud = attempt.cloud()\n"
        "    os.environ['CLOUD'] = str(cloud.cloud.pid)\n    cloud.up()\n"
    )
    code, told = lab("check", "decode")
    assert code == 1
    assert "no fault of your work" in told


def test_no_credentials_of_the_person_reach_a_check(failing, solved, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    told = failing(
        solved.replace(
            "    for record",
            "    import os\n    print([k for k in os.environ if 'AWS' in k or 'TOKEN' in k])\n    1 / 0\n    for r",
        )
    )
    assert "AWS_DEFAULT_REGION" in told
    assert "TOKEN" not in told
    assert "PROFILE" not in told


def test_json_has_what_its_help_page_promises(lab, decode, capsys):
    code, told = lab("check", "decode", "--json")
    assert code == 1
    answer = json.loads(told)
    assert answer["exercise"] == "decode"
    assert (answer["passed"], answer["failure"]) == (False, "not_python")
    page = lab("check", "--help")[1]
    assert all(f'"{key}"' in page for key in answer)
