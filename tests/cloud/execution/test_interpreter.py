"""The interpreter is the one the runtime names, or this one with a warning."""

import asyncio
import json
import os
import sys

import pytest

from lab.cloud.execution.interpreter import Interpreters

OWN = f"python{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def pretend(tmp_path, monkeypatch):
    """Put a program on PATH that says it is a Python of some version."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))

    def make(path, says, status=0):
        program = tmp_path / path
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\necho {says}\nexit {status}\n")
        program.chmod(0o755)
        return str(program)

    return make


def find(runtime, times=1):
    warnings = []

    async def scene():
        interpreters = Interpreters(warnings.append)
        return [await interpreters.find(runtime) for _ in range(times)][-1]

    return asyncio.run(scene()), warnings


@pytest.mark.usefixtures("pretend")
def test_its_own_version_is_run_by_the_base_interpreter():
    found, warnings = find(OWN)
    assert found.path == os.path.realpath(sys.executable)
    assert warnings == []


def test_the_one_on_path(pretend):
    path = pretend("python3.99", "3.99 3.99.4")
    found, warnings = find("python3.99")
    assert (found.path, found.version, warnings) == (path, "3.99.4", [])


def test_one_of_pyenv_when_the_one_on_path_does_not_run_or_is_another(pretend):
    pretend("python3.99", "3.99 3.99.1", status=127)
    pretend("pyenv/versions/3.99.2/bin/python3.99", "3.98 3.98.0")
    path = pretend("pyenv/versions/3.99.10/bin/python3.99", "3.99 3.99.10")
    pretend("pyenv/versions/3.99.9/bin/python3.99", "3.99 3.99.9")
    found, _ = find("python3.99")
    assert found.path == path


@pytest.mark.usefixtures("pretend")
def test_this_one_with_one_warning_when_there_is_none():
    found, warnings = find("python3.99", times=3)
    assert found.path == os.path.realpath(sys.executable)
    (warning,) = warnings
    assert warning.startswith("No python3.99 on this machine")


@pytest.mark.parametrize("minor", range(9, 15))
def test_the_bootstrap_works_in_every_python_that_is_here(stage, minor):
    function = stage.function(
        """
        import sys, logging
        def handler(event, context):
            logging.warning("w")
            return [sys.version_info[1], sys.flags.isolated, context.function_name, event]
    """,
        runtime=f"python3.{minor}",
    )
    outcome = stage.invoke(function, "é")
    version, isolated, name, event = json.loads(outcome.payload)
    assert (isolated, name, event) == (1, "sensor", "é")
    assert version == minor or stage.warnings
