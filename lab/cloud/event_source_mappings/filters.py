"""Event filtering: whether a record matches a FilterCriteria pattern (Lambda developer guide, "Event filtering").

Patterns are EventBridge's: a leaf is a list of alternatives, a nested object descends, all keys must match.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from lab.json_values import as_object, is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Callable

Pattern = dict[str, Any]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
}


class Number(float):
    """A JSON number that remembers how it was written: filters compare the writing (300 is not 300.0)."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Return the number a text stands for."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def parse(text: str | bytes) -> Any:
    """Parse JSON for a comparison; ValueError when it is none."""
    return json.loads(text, parse_float=Number, parse_int=Number)


def parse_pattern(text: str) -> Pattern | None:
    """Return a pattern, or None when the text is none."""
    try:
        pattern = parse(text)
    except (ValueError, RecursionError):
        return None
    return pattern if is_object(pattern) and (not pattern or _is_pattern(pattern)) else None


def matches_any(patterns: list[Pattern], document: dict[str, Any]) -> bool:
    """Say whether a record is wanted: no patterns at all, or one that matches."""
    return not patterns or any(matches(pattern, document) for pattern in patterns)


def matches(pattern: Pattern, document: Any) -> bool:
    """Say whether every key of the pattern matches the document."""
    present = as_object(document)
    for key, wanted in pattern.items():
        if key == "$or" and is_list(wanted):
            if not any(matches(alternative, document) for alternative in wanted):
                return False
        elif is_object(wanted):
            if not any(matches(wanted, each) for each in _objects(present.get(key))):
                return False
        elif not _leaf_matches(wanted, present, key):
            return False
    return True


def _objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects that a pattern may descend into: the value, or those in a list; an empty one for none.

    Into an empty one because `exists: false` also matches where all above it is missing.
    """
    found: list[dict[str, Any]] = [each for each in (value if is_list(value) else [value]) if is_object(each)]
    return found or [{}]


def _leaf_matches(alternatives: Any, present: dict[str, Any], key: str) -> bool:
    if not is_list(alternatives):
        return False
    # Only what is no object exists; a list matches when one of its values does.
    value = present.get(key)
    values = [each for each in (value if is_list(value) else [value]) if not is_object(each)]
    exists = key in present and bool(values)
    for alternative in alternatives:
        if is_object(alternative):
            if "exists" in alternative:
                if alternative["exists"] == exists:
                    return True
            elif exists and any(_operator_matches(alternative, each) for each in values):
                return True
        elif exists and any(_equal(alternative, each) for each in values):
            return True
    return False


def _equal(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Number) and isinstance(value, Number):
        return wanted.text == value.text
    # JSON tells true from 1; Python does not.
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _operator_matches(operator: dict[str, Any], value: Any) -> bool:
    (name, argument), *_ = operator.items()
    match name:
        case "prefix":
            return isinstance(value, str) and isinstance(argument, str) and value.startswith(argument)
        case "suffix":
            return isinstance(value, str) and isinstance(argument, str) and value.endswith(argument)
        case "equals-ignore-case":
            return isinstance(value, str) and isinstance(argument, str) and value.casefold() == argument.casefold()
        case "anything-but":
            return _anything_but(argument, value)
        case "numeric":
            return _numeric(argument, value)
        case _:
            return False


def _anything_but(argument: Any, value: Any) -> bool:
    if is_object(argument):
        return isinstance(value, str) and not _operator_matches(argument, value)
    unwanted = argument if is_list(argument) else [argument]
    return not any(_equal(each, value) for each in unwanted)


def _numeric(argument: Any, value: Any) -> bool:
    if not is_list(argument) or isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    pairs = zip(argument[::2], argument[1::2], strict=False)
    return all(comparison in _COMPARISONS and _COMPARISONS[comparison](value, bound) for comparison, bound in pairs)


# --- what a pattern may look like -------------------------------------------------------------------------------------


def _is_pattern(pattern: Any) -> bool:
    """Say whether every leaf is a list of alternatives that AWS knows; an object in a pattern is never empty."""
    if not is_object(pattern) or not pattern:
        return False
    for key, wanted in pattern.items():
        if key == "$or" and is_list(wanted) and all(is_object(each) for each in wanted):
            if not wanted or not all(map(_is_pattern, wanted)):
                return False
        elif is_list(wanted):
            if not wanted or not all(map(_is_alternative, wanted)):
                return False
        elif not _is_pattern(wanted):
            return False
    return True


def _is_alternative(alternative: Any) -> bool:
    if not is_object(alternative):
        return not is_list(alternative)
    if len(alternative) != 1:
        return False
    ((name, argument),) = alternative.items()
    match name:
        case "exists":
            return isinstance(argument, bool)
        case "prefix" | "suffix" | "equals-ignore-case":
            return isinstance(argument, str)
        case "anything-but":
            return _is_anything_but(argument)
        case "numeric":
            return is_list(argument) and _is_numeric(argument)
        case _:
            return False


def _is_anything_but(argument: Any) -> bool:
    if is_object(argument):
        return list(argument) in (["prefix"], ["suffix"], ["equals-ignore-case"]) and _is_alternative(argument)
    unwanted = argument if is_list(argument) else [argument]
    return bool(unwanted) and all(isinstance(each, (str, Number)) for each in unwanted)


def _is_numeric(argument: list[Any]) -> bool:
    """Say whether it is one comparison, or a range: a lower bound, then a higher one."""
    comparisons, bounds = argument[::2], argument[1::2]
    if len(comparisons) != len(bounds) or not all(isinstance(bound, Number) for bound in bounds):
        return False
    if len(bounds) == 1:
        return comparisons[0] in _COMPARISONS
    return (
        len(bounds) == 2  # noqa: PLR2004
        and comparisons[0] in (">", ">=")
        and comparisons[1] in ("<", "<=")
        and bounds[0] < bounds[1]
    )
