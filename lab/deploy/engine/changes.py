"""The changes of a resource's properties as a person is shown them: path, value before, value after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.deploy import property_values as pv
from lab.deploy.engine import property_paths, values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

UNKNOWN_MARK = "[unknown]"
_HASH_DIGITS = 8


@dataclass(frozen=True)
class PropertyChange:
    """What changes of one property; values are plain and can be shown.

    In them a secret is `[secret]`, what is not known yet `[unknown]`, an asset or archive the beginning of its hash.

    Args:
        path: the property, such as `tags.owner`.
        old: its value before, None when it had none.
        new: its value after, None when it has none.
    """

    path: str
    old: Any = None
    new: Any = None

    def masked(self, mask: Callable[[str], str]) -> PropertyChange:
        """Return the change with every text in it masked."""
        return PropertyChange(self.path, _with_texts(self.old, mask), _with_texts(self.new, mask))


def changes_of(paths: Iterable[str], old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[PropertyChange, ...]:
    """Return what changes at some paths between two sets of inputs."""
    return tuple(_change(path, dict(old), dict(new)) for path in paths)


def _change(path: str, old: Any, new: Any) -> PropertyChange:
    before, after = (_at(value, property_paths.parse(path)) for value in (old, new))
    if pv.contains_secret(before) or pv.contains_secret(after):
        # Both: that it is no longer marked as a secret does not make it one that may be shown.
        before, after = (None if value is None else values.MASK for value in (before, after))
    return PropertyChange(path, _shown(before), _shown(after))


def _at(value: Any, path: property_paths.Path) -> Any:
    """Return what stands at a path: None for nothing, the whole where a secret or an unknown is on the way."""
    for part in path:
        if value == pv.UNKNOWN or pv.signature_of(value) is not None:
            return value
        if pv.is_object(value):
            value = value.get(str(part))
        elif pv.is_list(value) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _shown(value: Any) -> Any:
    if pv.is_object(value):
        kind = pv.signature_of(value)
        if kind in (pv.ASSET, pv.ARCHIVE):
            word = "asset" if kind == pv.ASSET else "archive"
            return f"[{word} {str(value.get('hash', ''))[:_HASH_DIGITS]}]"
        if kind == pv.OUTPUT:
            return _shown(value["value"]) if "value" in value else UNKNOWN_MARK
        return {name: _shown(item) for name, item in value.items()}
    if pv.is_list(value):
        return [_shown(item) for item in value]
    return UNKNOWN_MARK if value == pv.UNKNOWN else value


def _with_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if pv.is_object(value):
        return {name: _with_texts(item, change) for name, item in value.items()}
    return [_with_texts(item, change) for item in value] if pv.is_list(value) else value
