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
    """Return a pattern, or None when the text is not a JSON object."""
    try:
        pattern = parse(text)
    except ValueError:
        return None
    return pattern if is_object(pattern) else None


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
            if not is_object(present.get(key)) or not matches(wanted, present[key]):
                return False
        elif not _leaf_matches(wanted, present, key):
            return False
    return True


def _leaf_matches(alternatives: Any, present: dict[str, Any], key: str) -> bool:
    if not is_list(alternatives):
        return False
    exists = key in present
    # A list in the document matches when one of its values does.
    value = present.get(key)
    values = value if is_list(value) else [value]
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
