"""Deployment packages and layers, unpacked once and shared by all environments that use them."""

from __future__ import annotations

import asyncio
import io
import os
import secrets
import shutil
import stat
import zipfile
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.cloud.execution.function import CodePackage

UNUSED_PACKAGES = 8
"""How many packages that nobody uses are kept, the last used ones: they are likely to be wanted again."""
UNFINISHED = ".unfinished-"


class UnreadablePackage(Exception):  # noqa: N818 -- says what is wrong with the package
    """A deployment package or layer cannot be unpacked; the text says why."""


class CodeStore:
    """A folder with one subfolder per package, named by the package's hash.

    A subfolder appears complete or not at all. Its files are read-only, as `/var/task` is; only the folders
    `__pycache__` can be written, so that the second cold start need not compile again.

    Args:
        folder: where packages are unpacked; it is this store's alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._users: dict[str, int] = {}
        self._unused: OrderedDict[str, None] = OrderedDict()
        self._unpacking: dict[str, asyncio.Task[None]] = {}
        self._removing: set[asyncio.Task[None]] = set()
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime):
            if path.name.startswith(UNFINISHED):
                _remove(path)
            else:
                self._unused[path.name] = None
        for doomed in self._surplus():
            _remove(doomed)

    async def acquire(self, package: CodePackage) -> Path:
        """Return the package's folder; it stays until `release` has been called as often as this.

        Raises:
            UnreadablePackage: it is no ZIP file, or a damaged one.
        """
        name = package.sha256
        self._users[name] = self._users.get(name, 0) + 1
        self._unused.pop(name, None)
        folder = self._folder / name
        try:
            if not folder.is_dir():
                task = self._unpacking.get(name)
                if task is None:
                    task = self._unpacking[name] = asyncio.create_task(asyncio.to_thread(_unpack, package, folder))
                    task.add_done_callback(lambda _: self._unpacking.pop(name, None))
                await asyncio.shield(task)
        except BaseException:
            self.release(package)
            raise
        return folder

    def release(self, package: CodePackage) -> None:
        """Say that one user of the package is gone."""
        name = package.sha256
        self._users[name] -= 1
        if not self._users[name]:
            del self._users[name]
            self._unused[name] = None
            for doomed in self._surplus():
                task = asyncio.create_task(asyncio.to_thread(_remove, doomed))
                self._removing.add(task)
                task.add_done_callback(self._removing.discard)

    async def close(self) -> None:
        """Wait until what is being removed is gone."""
        await asyncio.gather(*self._removing)

    def _surplus(self) -> Iterator[Path]:
        """Take what is kept in vain out of sight, to be removed: it may be unpacked anew meanwhile."""
        while len(self._unused) > UNUSED_PACKAGES:
            name, _ = self._unused.popitem(last=False)
            if (self._folder / name).is_dir():
                yield (self._folder / name).rename(self._folder / (UNFINISHED + secrets.token_hex(8)))


def _unpack(package: CodePackage, folder: Path) -> None:
    unfinished = folder.with_name(UNFINISHED + secrets.token_hex(8))
    try:
        unfinished.mkdir()
        with zipfile.ZipFile(io.BytesIO(package.read())) as archive:
            for entry in archive.infolist():
                path = archive.extract(entry, unfinished)  # cleans names that would lead out of the folder
                if not entry.is_dir():
                    executable = 0o111 if (entry.external_attr >> 16) & 0o111 else 0
                    os.chmod(path, 0o444 | executable)  # noqa: PTH101 -- a handler's Path costs more than the call
        _protect_folders(unfinished)
        unfinished.rename(folder)
    except Exception as error:
        _remove(unfinished)
        raise UnreadablePackage(f"{type(error).__name__}: {error}") from error


def _protect_folders(root: Path) -> None:
    for path, _, files in os.walk(root, topdown=False):
        if any(name.endswith(".py") for name in files):
            os.makedirs(os.path.join(path, "__pycache__"), exist_ok=True)  # noqa: PTH103, PTH118 -- os.walk gives text
        if os.path.basename(path) != "__pycache__":  # noqa: PTH119
            os.chmod(path, 0o555)  # noqa: PTH101, S103 -- readable for all, as on AWS


def _remove(folder: Path) -> None:
    """Remove a folder whose subfolders are read-only."""
    for path, _, _ in os.walk(folder):
        os.chmod(path, stat.S_IRWXU)  # noqa: PTH101 -- os.walk gives text
    shutil.rmtree(folder, ignore_errors=True)
