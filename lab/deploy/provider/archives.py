"""A program's archives as the zip files that Lambda takes: the same files give the same bytes, on any machine."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.deploy.property_values import archive_members

if TYPE_CHECKING:
    from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip file can name."""

_MODE = 0o100755
"""A plain file that everybody may read and run: Lambda runs some, and which ones are executable differs by machine."""


def zip_of(archive: Mapping[str, Any]) -> bytes:
    """Return an archive's files as a zip file: sorted, with fixed times and modes.

    Args:
        archive: a plain value of kind ARCHIVE: a folder, a zip file (taken as it is), or a collection.

    Raises:
        ValueError: the archive is of a kind that is not supported.
        OSError: a file cannot be read.
    """
    path = Path(archive.get("path", ""))
    if "path" in archive and path.suffix in {".zip", ".jar"} and path.is_file():
        return path.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in sorted(dict(archive_members(archive)).items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # Unix, also where the zip is made on another system
            entry.external_attr = _MODE << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return buffer.getvalue()
