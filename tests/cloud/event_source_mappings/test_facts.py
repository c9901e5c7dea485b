"""The table of facts names tests and places that exist."""

from __future__ import annotations

import re
from pathlib import Path

import lab.cloud
from lab.cloud import event_source_mappings

HERE = Path(__file__).parent
TEXT = (HERE / "FACTS.md").read_text()
CELLS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TEXT.splitlines() if line.startswith("| ")]
ROWS = [cells for cells in CELLS if cells[0] != "fact"]


def test_every_test_that_the_table_of_facts_names_exists():
    named = set(re.findall(r"\btest_\w+", TEXT))
    source = "\n".join(path.read_text() for path in HERE.parent.rglob("test_*.py"))
    assert named
    assert named - set(re.findall(r"^def (test_\w+)", source, re.MULTILINE)) == set()


def test_every_fact_has_a_test():
    assert ROWS
    assert [row[0] for row in ROWS if "test_" not in row[2] + row[3]] == []


def test_every_fact_has_a_place_that_is_there():
    cloud = Path(lab.cloud.__file__).parent
    places = {place for row in ROWS for place in row[1].replace("esm/", "event_source_mappings/").split(", ")}
    assert [place for place in places if not (cloud / f"{place}.py").is_file()] == []


def test_the_package_says_what_each_of_its_modules_decides():
    modules = {path.stem for path in Path(event_source_mappings.__file__).parent.glob("[a-z]*.py")}
    assert set(re.findall(r"^([a-z_]+)  +\S", event_source_mappings.__doc__ or "", re.MULTILINE)) == modules
