from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time

import botocore.exceptions
import pytest

from lab import failures, workspace
from lab.errors import LabError, UsageError


@pytest.fixture(autouse=True)
def home(home):
    """Keep the files with details out of the clone's own `.lab`."""
    return home


def client_error(code: str, message: str = "the message") -> botocore.exceptions.ClientError:
    return botocore.exceptions.ClientError({"Error": {"Code": code, "Message": message}}, "PutRecords")


def test_a_lab_error_is_what_why_and_next_step(capsys):
    assert failures.tell(LabError("It broke.", why="Because.", next_step="Run: lab up")) == 1
    assert capsys.readouterr().err == "It broke.\nBecause.\nRun: lab up\n"
    assert failures.tell(UsageError("Not so.")) == 2


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (client_error("ResourceNotFoundException"), "lab refresh, lab up"),
        (client_error("AWS.SimpleQueueService.NonExistentQueue"), "lab refresh, lab up"),
        (client_error("AccessDeniedException"), "aws sts get-caller-identity"),
        (client_error("ProvisionedThroughputExceededException"), "Wait a few seconds"),
        (client_error("InvalidArgumentException"), "PutRecords failed: InvalidArgumentException"),
        (botocore.exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), "lab cloud start"),
        (botocore.exceptions.ParamValidationError(report="Invalid length"), "could not be sent.\nParameter validation"),
        (botocore.exceptions.NoCredentialsError(), "no keys of an AWS account.\nUnable to locate credentials"),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
def test_what_botocore_raises_becomes_sentences_with_a_next_command(home, capsys, error, told):
    assert failures.tell(error) == 1
    said = capsys.readouterr().err
    assert told in said
    assert "Traceback" not in said
    assert not list(home.glob("log/*"))


def test_an_unexpected_exception_is_one_sentence_and_a_file(home, capsys):
    with pytest.raises(IndexError) as raised:
        [].pop()
    assert failures.tell(raised.value) == 1
    said = capsys.readouterr().err
    assert "a fault of the lab: IndexError: pop from empty list" in said
    assert "Traceback" not in said
    [file] = home.glob("log/failure-*.txt")
    assert str(file) in said
    assert "Traceback" in file.read_text()


def test_lab_debug_shows_the_traceback(capsys, monkeypatch):
    monkeypatch.setenv("LAB_DEBUG", "1")
    failures.tell(ValueError("x"))
    assert "ValueError: x" in capsys.readouterr().err.splitlines()[0]


def test_details_that_cannot_be_written_are_no_second_failure(home, capsys):
    (home / "log").write_text("in the way")
    assert failures.tell(ValueError("x")) == 1
    said = capsys.readouterr().err
    assert "LAB_DEBUG=1" in said
    assert "that file" not in said


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EROFS, "LAB_HOME=FOLDER"),
        (errno.EACCES, "LAB_HOME=FOLDER"),
        (errno.ENOSPC, "Make room"),
        (errno.EDQUOT, "Make room"),
    ],
)
def test_a_disk_that_cannot_be_written_is_no_fault_of_the_lab(home, capsys, number, told):
    assert failures.tell(OSError(number, os.strerror(number), "/there/file")) == 1
    what, why, next_step = capsys.readouterr().err.splitlines()
    assert (what, why) == ("/there/file cannot be used.", os.strerror(number))
    assert told in next_step
    failures.tell(OSError(number, os.strerror(number)))  # a write names no file
    assert capsys.readouterr().err.startswith(f"{home} cannot be used.")
    assert not list(home.glob("log/*"))


def run_unheard(*arguments, stderr=subprocess.PIPE):
    code = "import sys; from lab.command import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *arguments]
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as nobody:
        return subprocess.run(command, cwd=workspace.ROOT, stdout=nobody, stderr=stderr, check=False)


def test_a_reader_that_goes_away_is_no_failure():
    done = run_unheard("--help")
    assert (done.returncode, done.stderr) == (failures.NOBODY_READS, b"")


@pytest.mark.parametrize("typed", [["cloud", "stop"], ["down"], ["down", "--json"]], ids=" ".join)
def test_a_reader_that_goes_away_stops_nothing_that_changes_something(typed):
    done = run_unheard(*typed)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_failure_that_nobody_reads_keeps_its_code():
    assert run_unheard("up", "basic", stderr=subprocess.STDOUT).returncode == 1


def test_ctrl_c_is_a_word_and_130():
    waiting = "import time; from lab import command; command.Lab.invoke = lambda self, context: time.sleep(30)"
    # A shell without job control hands SIGINT on as ignored to what it runs in the background, and so do we.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"import sys; {heard}; {waiting}; print('ready', flush=True); sys.exit(command.main(['env']))"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=workspace.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert process.stderr.read() == "\nStopped.\n"
