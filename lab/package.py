"""Handler packages: what Lambda is given to run, one zip per lesson.

Handlers travel with what they import: `.lab/packages/basic.zip` holds `handlers/basic`, `handlers/shared` and, at its
root, the packages of `.venv/handler-packages` (boto3 is part of Lambda's runtime). The component deploys the file as
it is (`pulumi.FileArchive`), whoever runs the program; the hash that Pulumi keeps is the SHA-256 of its bytes.

The same input gives the same bytes on any machine, so that nothing is deployed because somebody else built it:
entries are sorted and carry neither time, owner nor umask, and they are stored, not deflated, because each zlib
packs in its own way. What an installer leaves behind for this machine alone (RECORD, scripts with the interpreter's
path, byte code) stays out. All of it is local: no network is needed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from components.exercises import program_of
from lab import workspace
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NOT_PACKAGED = frozenset({"program.py", "check.py"})
"""Of an exercise: what deploys its handlers, and what checks them."""
SHARED = "shared"
"""The package in `handlers/` that every lesson's handler comes with."""

_FORMAT = 1
"""Part of every fingerprint: a package built in another way is built again."""

# Folders of the installed packages that are of no use in Lambda: byte code of one Python, scripts of one machine.
_SKIPPED_FOLDERS = frozenset({"__pycache__", "bin"})
# Swagger UI's script and style: 1.7 of Powertools' 3.6 MB, for OpenAPI pages that no handler serves.
_SKIPPED_SUFFIXES = (".pyc", ".js", ".css")
_FOR_PEOPLE = "README.md"
# In *.dist-info: what the installer noted about this installation. Name, version and licence stay.
_INSTALLERS_NOTES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


def lessons() -> list[str]:
    """Return the lessons that have handlers, sorted."""
    folder = workspace.ROOT / "handlers"
    return sorted(path.parent.name for path in folder.glob("*/__init__.py") if path.parent.name != SHARED)


def needed_by(names: Iterable[str]) -> list[str]:
    """Return the packages that these lessons need, and exercises: their own, and any lesson's, for its program to use.

    What is neither is left out.
    """
    needed: list[str] = []
    for name in names:
        if name in lessons():
            needed.append(name)
        elif program_of(name):
            needed += [name, *lessons()]
    return list(dict.fromkeys(needed))


def build(lesson: str) -> Path:
    """Build a package where it is missing or its input has changed, and return its path.

    A second call with the same input writes nothing. Two builds at once end with one whole package: each writes a
    file of its own and moves it into place.

    Raises:
        LabError: there are no such handlers, or the packages that travel with them are not installed.
    """
    entries = _entries(lesson)
    path = workspace.packages_folder() / f"{lesson}.zip"
    stamp = path.with_suffix(".json")
    fingerprint = _fingerprint(entries)
    if _is_current(path, stamp, fingerprint):
        return path
    content = _zip(entries)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not _holds(path, content):
        _write(path, content)
    _write(stamp, json.dumps({"input": fingerprint, "sha256": hashlib.sha256(content).hexdigest()}).encode())
    return path


def package_hash(path: Path) -> str:
    """Return the hash of a package: the one that Pulumi keeps for it in the state."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entries(lesson: str) -> dict[str, Path]:
    """Return the files of a package: name in the zip, where the file lies."""
    handlers = workspace.ROOT / "handlers"
    program = program_of(lesson)
    if lesson not in lessons() and not program:
        raise LabError(
            _("There are no handlers for a lesson “{lesson}”.").format(lesson=lesson),
            next_step=_("Lessons with handlers: {lessons}.").format(lessons=", ".join(lessons())),
        )
    dependencies = workspace.ROOT / ".venv" / "handler-packages"
    if not dependencies.is_dir():
        raise LabError(
            _("The packages that travel with the handlers are not installed."),
            why=_("{folder} is missing.").format(folder=dependencies),
            next_step=_("Run: make setup"),
        )
    entries = {"handlers/__init__.py": handlers / "__init__.py"}
    for folder in (handlers / SHARED, *([] if program else [handlers / lesson])):
        entries |= {f"handlers/{folder.name}/{name}": path for name, path in _files(folder)}
    if program:
        # At the root of the package, as Lambda's console would have it: `handler.lambda_handler`.
        own = (path for path in sorted(program.parent.glob("*.py")) if path.name not in _NOT_PACKAGED)
        entries |= {path.name: path for path in own}
    entries |= dict(_files(dependencies))
    return dict(sorted(entries.items()))


def _files(folder: Path, prefix: str = "") -> Iterator[tuple[str, Path]]:
    for entry in os.scandir(folder):
        # Hidden files are an editor's or an installer's own.
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if entry.name not in _SKIPPED_FOLDERS:
                yield from _files(Path(entry.path), f"{prefix}{entry.name}/")
        elif not _is_noise(prefix, entry.name):
            yield f"{prefix}{entry.name}", Path(entry.path)


def _is_noise(prefix: str, name: str) -> bool:
    if name == _FOR_PEOPLE or name.endswith(_SKIPPED_SUFFIXES):
        return True
    return prefix.endswith(".dist-info/") and name in _INSTALLERS_NOTES


def _fingerprint(entries: dict[str, Path]) -> str:
    """Return a hash of what the files are, without reading them: it must cost milliseconds.

    The time of the last change of a file's inode is part of it. No program can set it back, so that an edit of the
    same length that keeps the modification time is seen too.
    """
    digest = hashlib.sha256(f"{_FORMAT}\n".encode())
    for name, path in entries.items():
        status = path.stat()
        digest.update(
            f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ctime_ns}\0{status.st_ino}\n".encode()
        )
    return digest.hexdigest()


def _is_current(path: Path, stamp: Path, fingerprint: str) -> bool:
    """Say whether the package is the one that was built from this input, whole and unchanged."""
    try:
        made_from = json.loads(stamp.read_bytes())
        return made_from["input"] == fingerprint and made_from["sha256"] == package_hash(path)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def _zip(entries: dict[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for name, path in entries.items():
            # The earliest time a zip can hold; the mode in full, because Lambda runs as another user.
            information = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            information.create_system = 3  # Unix, also where Python would note another
            information.external_attr = 0o100644 << 16
            package.writestr(information, path.read_bytes())
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Write a file in one step: whoever reads it sees the old one or the new one, whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
