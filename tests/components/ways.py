"""Ways to set up all five lessons which together give every setting its least, its greatest and each of its words."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from components.checks import Between
from components.settings import CommonSettings
from components.settings_reading import LESSONS

COUNT = 6
"""How many it takes; of log retention, which has 22 words, they only take some."""


def way(number: int) -> dict[str, Any]:
    """Return the settings of one way, as a stack's file gives them."""
    common = _values(CommonSettings, number // 2)  # so that not every word falls together with the same of a lesson
    lessons = {name: _without_conflicts(_values(group, number)) for name, group in LESSONS.items()}
    return {**common, "lessons": list(LESSONS), "expires": "2099-12-31", **lessons}


def _values(group: type[Any], number: int) -> dict[str, Any]:
    hints = get_type_hints(group, include_extras=True)
    found = {field.name: _choices(hints[field.name]) for field in dataclasses.fields(group)}
    return {name: choices[number % len(choices)] for name, choices in found.items() if choices}


def _choices(declared: Any) -> list[Any]:
    if declared is bool:
        return [True, False]
    if get_origin(declared) is Literal:
        return list(get_args(declared))
    if get_origin(declared) is Annotated:
        for check in declared.__metadata__:
            if isinstance(check, Between):
                return [check.minimum, check.maximum, *([-1] if check.or_no_limit else [])]
    return []  # text and lists keep their default


def _without_conflicts(values: dict[str, Any]) -> dict[str, Any]:
    """Take out what does not go together, as settings_reading.py refuses it."""
    if values.get("capacity") == "on-demand":
        del values["shard_count"]
    if values.get("layout") == "batch" or values.get("counting") == "economical":
        del values["parallelization_factor"]
    if values["starting_position"] == "AT_TIMESTAMP":
        values["starting_position_timestamp"] = "2026-01-01T00:00:00Z"
    return values
