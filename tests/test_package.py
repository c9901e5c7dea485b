"""Handler packages: the same bytes everywhere, nothing written twice, whole at every moment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from lab import package, workspace
from lab.deploy.property_values import archive_hash
from lab.errors import LabError

ROOT = workspace.ROOT


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small clone, with a lesson `basic` and one dependency, that a test may change."""
    files = {
        "handlers/__init__.py": "",
        "handlers/shared/__init__.py": "",
        "handlers/shared/payload.py": "SHARED = 1\n",
        "handlers/basic/__init__.py": "",
        "handlers/basic/handler.py": "ANSWER = 1\n",
        "handlers/votes/__init__.py": "",
        ".venv/handler-packages/tool/__init__.py": "",
        ".venv/handler-packages/tool-1.0.dist-info/METADATA": "Name: tool\n",
    }
    for name, content in files.items():
        write(tmp_path / name, content)
    monkeypatch.setattr(workspace, "ROOT", tmp_path)
    monkeypatch.setenv("LAB_HOME", str(tmp_path / ".lab"))
    return tmp_path


def write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as content:
        return content.namelist()


def test_a_package_holds_the_lesson_what_is_shared_and_what_they_import(clone: Path):
    assert names(package.build("basic")) == [
        "handlers/__init__.py",
        "handlers/basic/__init__.py",
        "handlers/basic/handler.py",
        "handlers/shared/__init__.py",
        "handlers/shared/payload.py",
        "tool-1.0.dist-info/METADATA",
        "tool/__init__.py",
    ]
    assert package.lessons() == ["basic", "votes"]
    assert package.build("basic") == clone / ".lab/packages/basic.zip"


@pytest.mark.parametrize(
    "noise",
    [
        "handlers/basic/__pycache__/handler.cpython-311.pyc",
        "handlers/basic/.handler.py.swp",
        "handlers/basic/README.md",
        ".venv/handler-packages/__pycache__/tool.cpython-313.pyc",
        ".venv/handler-packages/bin/tool",
        ".venv/handler-packages/.lock",
        ".venv/handler-packages/tool/page.js",
        ".venv/handler-packages/tool-1.0.dist-info/RECORD",
        ".venv/handler-packages/tool-1.0.dist-info/INSTALLER",
        ".venv/handler-packages/tool-1.0.dist-info/REQUESTED",
        ".venv/handler-packages/tool-1.0.dist-info/direct_url.json",
        "handlers/votes/handler.py",
    ],
)
def test_what_belongs_to_one_machine_or_another_lesson_changes_nothing(clone: Path, noise: str):
    before = package.package_hash(package.build("basic"))
    write(clone / noise, "noise")
    assert package.package_hash(package.build("basic")) == before


def test_the_same_input_gives_the_same_bytes_whatever_the_machine(clone: Path):
    first = package.build("basic")
    before = first.read_bytes()
    shutil.rmtree(first.parent)
    for path in sorted(clone.rglob("*"), reverse=True):
        if path.is_file():
            path.chmod(0o777)
            os.utime(path, (1_000_000_000, 1_000_000_000))
    program = (
        "from lab import package, workspace; import pathlib, sys; "
        "workspace.ROOT = pathlib.Path(sys.argv[1]); package.build('basic')"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(clone)],
        env={"LAB_HOME": os.environ["LAB_HOME"], "LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"},
        umask=0o077,
        check=True,
    )
    assert first.read_bytes() == before
    assert first.stat().st_mode & 0o777 == 0o644


def test_the_bytes_are_fixed(clone: Path):
    # If this fails, every package changes: everybody's functions would be deployed again. Was that meant?
    assert package.package_hash(package.build("basic")) == (
        "5e170380685dc4568536d49c523eb3908e494b4858c6530c0cb1a293a158c3c6"
    )
    assert clone


def test_the_hash_is_the_one_pulumi_keeps(clone: Path):
    path = package.build("basic")
    assert clone
    assert package.package_hash(path) == archive_hash(str(path))


def test_nothing_is_written_when_nothing_has_changed(clone: Path):
    path = package.build("basic")
    assert clone
    before = {file: file.stat() for file in path.parent.iterdir()}
    package.build("basic")
    assert {file: file.stat() for file in path.parent.iterdir()} == before


def test_a_touched_file_does_not_rewrite_the_package(clone: Path):
    path = package.build("basic")
    before = path.stat()
    (clone / "handlers/basic/handler.py").touch()
    package.build("basic")
    assert path.stat() == before


@pytest.mark.parametrize("changed", ["handlers/basic/handler.py", "handlers/shared/payload.py"])
def test_an_edit_is_seen_even_if_length_and_time_stay(clone: Path, changed: str):
    path = package.build("basic")
    before = package.package_hash(path)
    file = clone / changed
    status = file.stat()
    file.write_text(file.read_text().replace("1", "2"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    package.build("basic")
    assert package.package_hash(path) != before


@pytest.mark.parametrize("damage", ["zip cut short", "zip gone", "stamp gone", "stamp is noise", "stamp is a list"])
def test_a_damaged_package_is_built_again(clone: Path, damage: str):
    path = package.build("basic")
    before = path.read_bytes()
    stamp = path.with_suffix(".json")
    match damage:
        case "zip cut short":
            path.write_bytes(before[:-10])
        case "zip gone":
            path.unlink()
        case "stamp gone":
            stamp.unlink()
        case "stamp is noise":
            stamp.write_bytes(b"\xff")
        case _:
            stamp.write_text("[]")
    assert package.build("basic").read_bytes() == before
    assert clone


def test_builds_at_once_end_with_one_whole_package(clone: Path):
    expected = package.build("basic").read_bytes()
    folder = clone / ".lab/packages"
    failures: list[BaseException] = []

    def build() -> None:
        try:
            for _ in range(10):
                (folder / "basic.json").unlink(missing_ok=True)
                (folder / "basic.zip").unlink(missing_ok=True)
                package.build("basic")
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test reports it
            failures.append(error)

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert package.build("basic").read_bytes() == expected
    assert sorted(path.name for path in folder.iterdir()) == ["basic.json", "basic.zip"]


def test_a_failed_write_leaves_the_old_package_and_nothing_else(clone: Path, monkeypatch: pytest.MonkeyPatch):
    path = package.build("basic")
    before = path.read_bytes()
    write(clone / "handlers/basic/handler.py", "ANSWER = 2\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            package.build("basic")
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == ["basic.json", "basic.zip"]
    assert package.build("basic").read_bytes() != before


@pytest.mark.parametrize("lesson", ["nosuch", "shared", "", "../handlers/basic"])
def test_a_lesson_that_is_not_there(clone: Path, lesson: str):
    assert clone
    with pytest.raises(LabError, match=r"Lessons with handlers: basic, votes\."):
        package.build(lesson)


def test_packages_that_were_not_installed(clone: Path):
    shutil.rmtree(clone / ".venv")
    with pytest.raises(LabError, match="Run: make setup"):
        package.build("basic")


@pytest.fixture(scope="module")
def real_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of lesson `basic` as it is deployed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(tmp_path_factory.mktemp("lab")))
        return package.build("basic")


def test_the_handler_starts_from_its_package_alone(real_package: Path):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import handlers.basic.handler, aws_lambda_powertools as tools; "
        "assert all(module.__file__.startswith(sys.argv[1]) for module in (handlers.basic.handler, tools)); "
        "assert not {'lab', 'components', 'pulumi'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(real_package)],
        env={"AWS_DEFAULT_REGION": "us-east-1", "DYNAMODB_TABLE_NAME": "EventLogs"},
        cwd=real_package.parent,
        check=True,
    )


def test_it_is_small(real_package: Path):
    with zipfile.ZipFile(real_package) as content:
        assert sum(entry.file_size for entry in content.infolist()) < 10_000_000
    assert real_package.stat().st_size < 3_000_000


def test_an_unchanged_package_costs_milliseconds(real_package: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LAB_HOME", str(real_package.parents[1]))

    def once() -> float:
        start = time.perf_counter()
        package.build("basic")
        return time.perf_counter() - start

    assert min(once() for _ in range(5)) < 0.03
