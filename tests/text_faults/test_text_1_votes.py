"""The faults of text 1 that no other test has; the others stand in tests/components and tests/handlers/votes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lab import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def is_utf8_read_as(encoding: str, text: str) -> bool:
    """Say whether a text of other than ASCII characters is what UTF-8 looks like in another encoding."""
    try:
        text.encode(encoding).decode("utf-8")
    except UnicodeError:
        return False
    return True


def texts_for_people() -> Iterator[Path]:
    yield from workspace.ROOT.glob("*.md")
    for folder in ("components", "handlers", "languages"):
        found = (workspace.ROOT / folder).rglob("*")
        yield from (path for path in found if path.suffix in {".py", ".po", ".html", ".md"})


def test_text_fault_16_no_text_was_read_in_another_encoding_than_it_was_written_in():
    # text fault 16
    for path in texts_for_people():
        text = path.read_text(encoding="utf-8")
        for part in set(re.findall(r"[^\x00-\x7f]+", text)):
            assert not is_utf8_read_as("mac_roman", part), (path, part)
            assert not is_utf8_read_as("latin-1", part), (path, part)


def test_text_fault_28_a_shard_has_more_limits_than_one():
    # text fault 28: "1 shard = 1 MB/s"; that the local cloud has them all: tests/cloud/kinesis
    page = (workspace.ROOT / "handlers" / "votes" / "README.md").read_text()
    assert "1 MB or 1,000 records a second" in page
    assert "5 reads a second" in page
