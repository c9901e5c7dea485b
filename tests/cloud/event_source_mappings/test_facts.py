"""The table of facts names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent


def test_every_test_that_the_table_of_facts_names_exists():
    named = set(re.findall(r"\btest_\w+", (HERE / "FACTS.md").read_text()))
    source = "\n".join(path.read_text() for path in HERE.parent.rglob("test_*.py"))
    assert named
    assert named <= set(re.findall(r"^def (test_\w+)", source, re.MULTILINE))


def test_every_row_has_a_test_or_says_that_it_is_a_gap():
    rows = [line.split("|") for line in (HERE / "FACTS.md").read_text().splitlines() if line.startswith("|")][2:]
    assert all(row[2].strip() == "gap" or "test_" in row[2] for row in rows)
