"""Paths to properties, by which `ignore_changes` and `replace_on_changes` name them.

Such as `tags`, `a.b`, `a[0]`, `a["x.y"]`; `*` stands for any one part.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lab.deploy import property_values as pv
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Path = tuple[str | int, ...]

_PART = re.compile(r"""\.?([^.\[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[(\*)\]""")


def parse(text: str) -> Path:
    """Return the parts of a path: names, and indexes of lists.

    Raises:
        ValueError: the text is no path.
    """
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise ValueError(_("{path} is no path to a property").format(path=text))
        name, index, quoted, star = match.groups()
        parts.append(int(index) if index else name or star or quoted.replace('\\"', '"'))
        position = match.end()
    return tuple(parts)


def starts_with(path: Path, pattern: Path) -> bool:
    """Say whether a path lies at or below a pattern; `*` in the pattern stands for any one part."""
    return len(path) >= len(pattern) and all(want in ("*", part) for part, want in zip(path, pattern, strict=False))


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Say whether a change of the property at `path` is one of those that the patterns name.

    A change above a pattern counts too: where all of `a` changed, so may `a.b` have.
    """
    parts = parse(path)
    return any(starts_with(parts, parse(text)) or starts_with(parse(text), parts) for text in patterns)


def keep_old(new: Mapping[str, Any], old: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return the new properties with what the paths name taken from the old ones, as `ignore_changes` asks."""
    result: Any = dict(new)
    for text in paths:
        result = _overlay(result, old, parse(text))
    return result


def _overlay(new: Any, old: Any, path: Path) -> Any:
    """Return `new` with what lies at `path` as it is in `old`, absent where it is absent there."""
    if not path:
        return old
    part, rest = path[0], path[1:]
    if part == "*":
        for each in _parts_of(new, old):
            new = _overlay(new, old, (each, *rest))
    elif isinstance(part, int):
        if pv.is_list(new) and pv.is_list(old) and part < min(len(new), len(old)):
            return [*new[:part], _overlay(new[part], old[part], rest), *new[part + 1 :]]
    elif pv.is_object(new) and pv.is_object(old):
        return _overlay_member(new, old, part, rest)
    return new


def _parts_of(new: Any, old: Any) -> list[str] | range:
    if pv.is_object(new) and pv.is_object(old):
        return list(dict.fromkeys([*new, *old]))
    return range(len(new)) if pv.is_list(new) else []


def _overlay_member(new: dict[str, Any], old: dict[str, Any], name: str, rest: Path) -> dict[str, Any]:
    if name in old:
        # What the program never had is not made up along a longer path.
        return {**new, name: _overlay(new.get(name), old[name], rest)} if name in new or not rest else new
    return {key: value for key, value in new.items() if key != name} if not rest else new
