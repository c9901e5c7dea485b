"""The components as a package for others: typed, explained, and listed in components/README.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.components.conftest import ROOT

FOLDER = ROOT / "components"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
CLASSES = {
    f"{path.stem}.{node.name}": node
    for path in sorted(FOLDER.glob("*.py"))
    for node in ast.parse(path.read_text(encoding="utf-8")).body
    if isinstance(node, ast.ClassDef)
}
COMPONENTS = [
    name
    for name, node in CLASSES.items()
    if {ast.unparse(base) for base in node.bases} & {"pulumi.ComponentResource", "Lesson"}
]
BLOCKS = [name for name in COMPONENTS if "Lesson" not in name]


def keys(name: str) -> Iterator[tuple[str, bool, str]]:
    """Yield the keys of a component's args: name, whether it is required, its docstring."""
    body = CLASSES[f"{name}Args"].body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign):
            said = after.value if isinstance(after, ast.Expr) else None
            text = said.value if isinstance(said, ast.Constant) else ""
            yield ast.unparse(node.target), "NotRequired" not in ast.unparse(node.annotation), str(text)


@pytest.mark.parametrize("name", [name for name in COMPONENTS if name != "lesson.Lesson"])
def test_a_component_and_every_key_of_its_args_is_explained(name: str):
    assert ast.get_docstring(CLASSES[name])
    assert [key for key, _required, text in keys(name) if not text] == []


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_component_is_in_the_readme(name: str):
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", BLOCKS)
def test_the_readme_has_the_args_and_outputs_of_a_block(name: str):
    (row,) = (line for line in README.splitlines() if line.startswith(f"| `{name}`"))
    required, optional, outputs = (re.findall(r"`(\w+)`", cell) for cell in row.split("|")[3:6])
    assert set(required) == {key for key, is_required, _text in keys(name) if is_required}
    assert set(optional) == {key for key, is_required, _text in keys(name) if not is_required}
    declared = {ast.unparse(node.target) for node in CLASSES[name].body if isinstance(node, ast.AnnAssign)}
    assert set(outputs) == declared


def test_the_readmes_program_is_the_example():
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert program.strip() in (ROOT / "examples/own_program/__main__.py").read_text(encoding="utf-8")
