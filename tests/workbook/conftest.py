"""A folder of exercises of a test's own: what a learner would edit is never the tree's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lab import workspace
from lab.workbook import contents, progress


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a `.lab` folder of the test's own."""
    folder = tmp_path / "lab"
    monkeypatch.setenv("LAB_HOME", str(folder))
    monkeypatch.setenv("LAB_PROGRESS", "none")  # on a slow machine it would stand among what is told
    monkeypatch.setenv("LAB_PACKAGES", str(tmp_path / "packages"))
    monkeypatch.setenv("LAB_PROGRESS", "none")  # which is told of what takes long, so of anything on a busy machine
    return folder


@pytest.fixture
def decode(home, tmp_path, monkeypatch) -> Path:
    """Return a copy of the folder of `decode`, to work in."""
    exercises = tmp_path / "exercises"
    source = workspace.ROOT / "exercises"
    ignored = shutil.ignore_patterns("__pycache__", "*.bak*")
    for name in ("decode", "exact_numbers"):
        exercise = contents.find(name)
        if (source / exercise.path).is_dir():
            shutil.copytree(source / exercise.path, exercises / exercise.path, ignore=ignored)
    monkeypatch.setenv("LAB_EXERCISES", str(exercises))
    progress.note_passed(contents.find("first_event"))
    return contents.find("decode").folder


@pytest.fixture
def solved(decode) -> str:
    """Return the text of the solution of `decode`."""
    return (decode / "solution" / "handler.py").read_text()
