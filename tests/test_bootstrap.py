"""The set-up: when it makes `.venv` anew, what it installs, what it says when it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bootstrap
from lab.workspace import ROOT

THIS = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def steps(tmp_path, monkeypatch):
    """Return the commands that a set-up in an empty clone would run."""
    venv = tmp_path / "a clone" / ".venv"
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(bootstrap, "HANDLER_PACKAGES", venv / "handler-packages")
    monkeypatch.setattr(bootstrap, "WHEELHOUSE", tmp_path / "a clone" / "wheelhouse")
    commands: list[list[str]] = []

    def run(_title, command):
        commands.append(command)
        if command[1:3] == ["-m", "venv"]:
            environment(THIS)

    monkeypatch.setattr(bootstrap, "run", run)
    return commands


def environment(version: str, *, where: Path | None = None) -> None:
    """Leave an environment that is whole."""
    (bootstrap.VENV / "bin").mkdir(parents=True, exist_ok=True)
    bootstrap.PYTHON.touch()
    (bootstrap.VENV / "pyvenv.cfg").write_text(
        f"version = {version}.3\ncommand = python -m venv --without-pip {where or bootstrap.VENV}\n"
    )


def built(*, development: bool = False) -> None:
    bootstrap.build(development=development)
    assert bootstrap.is_ready(development=development)


def is_made_anew(commands) -> bool:
    return any(command[1:3] == ["-m", "venv"] for command in commands)


def test_nothing_there(steps):
    built()
    assert is_made_anew(steps)


def test_one_of_this_python_is_brought_up_to_date(steps):
    built()
    steps.clear()
    built()
    assert not is_made_anew(steps)


def test_one_of_another_python_is_made_anew(steps):
    built()
    environment("3.10")
    steps.clear()
    built()
    assert is_made_anew(steps)


def test_one_that_was_moved_is_made_anew(steps):
    built()
    environment(THIS, where=Path("/elsewhere/.venv"))
    steps.clear()
    built()
    assert is_made_anew(steps)


def test_half_of_one_is_made_anew(steps):
    environment(THIS)
    built()
    assert is_made_anew(steps)


def test_what_left_the_lock_is_removed_and_uv_is_not(steps):
    built()
    [sync] = [command for command in steps if command[1:3] == ["pip", "sync"]]
    assert [Path(word).name for word in sync if word.endswith(".txt")] == ["lab.txt", "uv.txt"]


def test_one_for_development_stays_one(steps):
    built(development=True)
    (bootstrap.VENV / "bin" / "pytest").touch()
    steps.clear()
    built()
    [sync] = [command for command in steps if command[1:3] == ["pip", "sync"]]
    assert [Path(word).name for word in sync if word.endswith(".txt")] == ["dev.txt", "uv.txt"]
    assert bootstrap.is_ready(development=True)


def installers(commands) -> list[list[str]]:
    return [command for command in commands if "--require-hashes" in command]


def test_without_a_wheelhouse_the_network_is_asked(steps):
    built()
    assert not [command for command in installers(steps) if "--no-index" in command or "--find-links" in command]


def test_with_a_wheelhouse_nobody_is_asked(steps):
    bootstrap.WHEELHOUSE.mkdir(parents=True)
    built()
    assert len(installers(steps)) == 3
    for command in installers(steps):
        assert command[-3:] == ["--find-links", str(bootstrap.WHEELHOUSE), "--no-index"]


def test_a_wheelhouse_that_lacks_something_is_made_up_for_by_the_network(steps, monkeypatch, capsys):
    bootstrap.WHEELHOUSE.mkdir(parents=True)
    run = bootstrap.run

    def lacking(title, command):
        if "--no-index" in command:
            raise bootstrap.BootstrapError("duckdb is not there")
        run(title, command)

    monkeypatch.setattr(bootstrap, "run", lacking)
    built()
    assert "wheelhouse/ lacks something for this machine" in capsys.readouterr().out

    def neither(_title, command):
        raise bootstrap.BootstrapError("not there" if "--no-index" in command else "no network")

    monkeypatch.setattr(bootstrap, "run", neither)
    with pytest.raises(bootstrap.BootstrapError, match=r"not there\s+no network"):
        bootstrap.install("packages", [])


def test_a_wheelhouse_is_filled_with_what_set_up_installs(steps, capsys):
    bootstrap.WHEELHOUSE.parent.mkdir()
    bootstrap.fill_wheelhouse()
    fetched = [command for command in steps if "download" in command]
    assert {Path(command[-1]).name for command in fetched} == {"uv.txt", "lab.txt", "handlers.txt"}
    assert all("--require-hashes" in command for command in fetched)
    assert "0 files, 0 MB" in capsys.readouterr().out


def test_the_lab_command_works_from_a_path_with_spaces(tmp_path):
    root = tmp_path / "a clone"
    (root / "lab").mkdir(parents=True)
    (root / "lab" / "command.py").write_text("import sys\ndef main():\n    print(sys.argv[1:])\n    return 3\n")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / ".venv"], check=True)
    subprocess.run([root / ".venv" / "bin" / "python", "-c", bootstrap.INSTALL_COMMAND, root], check=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [root / ".venv" / "bin" / "lab", "up", "a b"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "['up', 'a b']\n"), done.stderr


@pytest.mark.slow
def test_without_a_network_it_says_what_to_do(tmp_path):
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("bootstrap.py", "pyproject.toml"):
        shutil.copy(ROOT / name, clone)
    shutil.copytree(ROOT / "requirements", clone / "requirements")
    without = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "UV_OFFLINE": "1", "UV_NO_CACHE": "1"}
    for _again in range(2):
        done = subprocess.run(
            [sys.executable, "bootstrap.py"],
            cwd=clone,
            env={**os.environ, **without},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "Check the network (or the wheelhouse) and the free disk space" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr
        assert not (clone / ".venv" / "ready").exists()


def test_every_version_is_exact():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    build = project["build-system"]["requires"]
    for requirement in [
        *build,
        *project["project"]["dependencies"],
        *(each for group in groups.values() for each in group),
    ]:
        assert "==" in requirement
    assert set(build) <= set(groups["dev"]), "the build's pin is the lock's"
    assert (ROOT / "requirements" / "uv.txt").read_text().startswith(groups["uv"][0])
