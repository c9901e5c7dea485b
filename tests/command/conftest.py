from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lab import workspace
from lab.command import main

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run of `lab` left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a `.lab` folder of the test's own, where no cloud runs."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_LANG", "en")
    return tmp_path


@pytest.fixture
def lab(home, capsys) -> Callable[..., Outcome]:
    """Return a way to run the command in this process."""

    assert home.is_dir()

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = main(list(arguments))
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return run


@pytest.fixture
def lab_process(home) -> Callable[..., Outcome]:
    """Return a way to run the command as a process of its own, with variables added to the environment."""

    environment = {**os.environ, "LAB_HOME": str(home)}

    def run(*arguments: str, **variables: str) -> Outcome:
        code = "import sys; from lab.command import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=workspace.ROOT,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run
