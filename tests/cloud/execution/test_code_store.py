"""Packages are unpacked once, completely, read-only, and kept no longer than it makes sense."""

import asyncio
import io
import stat
import zipfile

import pytest

from lab.cloud.execution import CodePackage
from lab.cloud.execution.code_store import UNUSED_PACKAGES, CodeStore, UnreadablePackage


def test_a_package_is_read_once_by_all_who_want_it_at_once(tmp_path, make_package):
    package = make_package({"app.py": "x = 1"})
    reads = []
    counted = CodePackage(package.sha256, lambda: reads.append(1) or package.read())

    async def scene():
        store = CodeStore(tmp_path)
        folders = await asyncio.gather(*(store.acquire(counted) for _ in range(5)))
        assert {folder.name for folder in folders} == {package.sha256}
        assert (folders[0] / "app.py").read_text() == "x = 1"
        assert len(reads) == 1

    asyncio.run(scene())
    asyncio.run(scene())  # another server, the same folder
    assert len(reads) == 1


def test_files_are_read_only_and_keep_their_execute_bit(tmp_path):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("lib/app.py", "")
        tool = zipfile.ZipInfo("lib/tool")
        tool.external_attr = 0o755 << 16
        archive.writestr(tool, "#!/bin/sh")
        archive.writestr("../outside", "")
    folder = asyncio.run(acquire(CodeStore, tmp_path / "code", CodePackage("a" * 64, memory.getvalue)))
    mode = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert (mode["app.py"], mode["tool"], mode["lib"]) == (0o444, 0o555, 0o555)
    assert mode["__pycache__"] & stat.S_IWUSR
    assert not (tmp_path / "outside").exists()


async def acquire(store, folder, package):
    return await store(folder).acquire(package)


def test_what_nobody_uses_is_removed_except_the_last_few(tmp_path, make_package):
    packages = [make_package({"app.py": f"x = {n}"}) for n in range(UNUSED_PACKAGES + 3)]

    async def scene():
        store = CodeStore(tmp_path)
        used = packages[0]
        await store.acquire(used)
        for package in packages[1:]:
            await store.acquire(package)
            store.release(package)
        await store.close()
        kept = {path.name for path in tmp_path.iterdir()}
        assert kept == {package.sha256 for package in [used, *packages[3:]]}

    asyncio.run(scene())


def test_a_damaged_package_leaves_nothing(tmp_path):
    async def scene():
        store = CodeStore(tmp_path)
        with pytest.raises(UnreadablePackage, match="BadZipFile"):
            await store.acquire(CodePackage("b" * 64, lambda: b"PK no"))

    asyncio.run(scene())
    assert list(tmp_path.iterdir()) == []
