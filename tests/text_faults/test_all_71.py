"""Every fault of the five texts is held: by a test that names it, or by a line that says why it cannot occur here.

A test names a fault as `text fault 17` (or `text fault 54, 55`) in its name or a comment; `NOT_HERE.md` has the others.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from lab import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

FAULTS = range(1, 72)
NAMED = re.compile(r"text[_ ]faults?[_ ](\d\d?(?:(?:, |_and_|_)\d\d?\b)*)", re.IGNORECASE)
FOLDER = workspace.ROOT / "tests"


def functions() -> Iterator[tuple[str, str]]:
    """Yield every test of the suite: where it stands, and its source."""
    for path in sorted(FOLDER.rglob("test_*.py")):
        if path.name == "test_all_71.py":
            continue
        source = path.read_text()
        if "text" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                lines = source.splitlines()[first - 1 : node.end_lineno]
                yield f"{path.relative_to(FOLDER)}::{node.name}", "\n".join(lines)


def named_by_tests() -> dict[int, list[str]]:
    """Return the tests that name a fault, by its number."""
    found: dict[int, list[str]] = {}
    for where, source in functions():
        for match in NAMED.finditer(source):
            for number in re.findall(r"\d+", match[1]):
                found.setdefault(int(number), []).append(where)
    return found


def excused() -> dict[int, str]:
    """Return why a fault cannot occur here, by its number."""
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", (FOLDER / "text_faults" / "NOT_HERE.md").read_text(), re.MULTILINE)
    return {int(number): reason for number, reason in rows}


def test_each_of_the_71_is_tested_or_cannot_occur():
    known = {*named_by_tests(), *excused()}
    assert sorted(known - {*FAULTS}) == []
    assert [number for number in FAULTS if number not in known] == []


def test_what_is_tested_is_not_excused():
    assert sorted({*named_by_tests()} & {*excused()}) == []
