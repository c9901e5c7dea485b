from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab import workspace
from lab.command import main


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run of `lab` left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a `.lab` folder of the test's own, where no cloud runs."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def lab(capsys):
    """Return a way to run the command in this process."""

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = main(list(arguments))
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return run


@pytest.fixture
def lab_process():
    """Return a way to run the command as a process of its own, with variables added to the environment."""

    def run(*arguments: str, **variables: str) -> Outcome:
        code = "import sys; from lab.command import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=workspace.ROOT,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


def with_settings(folder: Path, settings: str) -> Callable[..., Outcome]:
    """Return a way to run the command on the same stack with other settings: lines of YAML, added to its file."""
    for name in ("Pulumi.yaml", "__main__.py", "components", "handlers", "languages", "lab", ".venv"):
        (folder / name).symlink_to(workspace.ROOT / name)
    file = "Pulumi.local.yaml"
    (folder / file).write_text(f"{(workspace.ROOT / file).read_text()}{textwrap.indent(settings, '  ')}\n")
    code = "import pathlib, sys; from lab import workspace; workspace.ROOT = pathlib.Path(sys.argv.pop(1))\n"
    code += "from lab.command import main; sys.exit(main())"

    def run(*typed: str) -> Outcome:
        command = [sys.executable, "-c", code, str(folder), *typed]
        done = subprocess.run(command, cwd=workspace.ROOT, env=os.environ, capture_output=True, text=True, check=False)
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run
