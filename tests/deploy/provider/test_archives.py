"""Handler packages are zipped the same way on every machine."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lab.deploy import property_values as pv
from lab.deploy.provider.archives import zip_of


def folder(path: Path, time: int, mode: int) -> dict[str, str]:
    """Return a folder with two files as an archive, with a time and a mode that must not matter."""
    for name, content in {"handlers/basic/handler.py": "one", "app.py": "two"}.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content)
        os.utime(path / name, (time, time))
        (path / name).chmod(mode)
    return {pv.SIGNATURE: pv.ARCHIVE, "path": str(path)}


def content_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    one = zip_of(folder(tmp_path / "one", time=1_000_000_000, mode=0o600))
    assert one == zip_of(folder(tmp_path / "two", time=1_700_000_000, mode=0o755))
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert [entry.filename for entry in archive.infolist()] == ["app.py", "handlers/basic/handler.py"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100755}


def test_a_zip_file_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "basic.zip"
    path.write_bytes(zip_of(folder(tmp_path / "one", time=1_000_000_000, mode=0o600)))
    assert zip_of({pv.SIGNATURE: pv.ARCHIVE, "path": str(path)}) == path.read_bytes()


def test_a_collection_of_every_kind(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", time=1_000_000_000, mode=0o600)
    (tmp_path / "inner.zip").write_bytes(zip_of(one))
    assets: dict[str, Any] = {
        ".": one,
        "vendored": {pv.SIGNATURE: pv.ARCHIVE, "path": str(tmp_path / "inner.zip")},
        "settings.json": {pv.SIGNATURE: pv.ASSET, "text": "{}"},
        "copy.py": {pv.SIGNATURE: pv.ASSET, "path": str(tmp_path / "one" / "app.py")},
    }
    assert content_of(zip_of({pv.SIGNATURE: pv.ARCHIVE, "assets": assets})) == {
        "app.py": b"two",
        "copy.py": b"two",
        "handlers/basic/handler.py": b"one",
        "settings.json": b"{}",
        "vendored/app.py": b"two",
        "vendored/handlers/basic/handler.py": b"one",
    }


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not one from a URI"):
        zip_of({pv.SIGNATURE: pv.ARCHIVE, "uri": "https://example.com/a.zip"})
    with pytest.raises((OSError, ValueError), match="missing"):
        zip_of({pv.SIGNATURE: pv.ARCHIVE, "path": str(tmp_path / "missing")})
