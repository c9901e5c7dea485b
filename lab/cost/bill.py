"""The bill of a lesson: the items of its resources, and what they come to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING

from lab.cost.prices import PRICES
from lab.cost.resources import FREE, PRICED, Item, Use
from lab.cost.workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lab.deploy.planning import PlannedResource


@dataclass(frozen=True)
class Session:
    """What is asked; by default an afternoon, and a month in which nobody thought of it."""

    hours: Decimal = Decimal(2)
    events: int = 1000
    """For each lesson."""
    forgotten_hours: Decimal = Decimal(30 * 24)
    """How long everything stays after that."""


@dataclass(frozen=True)
class Amounts:
    """USD."""

    hour: Decimal
    """What exists costs an hour, unused."""
    session: Decimal
    """The session, with its events."""
    forgotten: Decimal
    """Everything that stays after the session, for as long as it is forgotten."""

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.hour + other.hour, self.session + other.session, self.forgotten + other.forgotten)


NOTHING = Amounts(Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True)
class Bill:
    """What one lesson costs."""

    lesson: str
    lines: dict[str, Amounts]
    """By the unit that is paid; those that cost nothing are left out."""
    unpriced: tuple[str, ...]
    """Types of resources whose price nobody wrote down; `LESSON (events)` where nobody knows what events make of it."""
    unused: tuple[str, ...]
    """Functions that the session does not call."""

    @property
    def total(self) -> Amounts:
        """All lines together; at least that much, where something is unpriced."""
        return sum(self.lines.values(), NOTHING)


def bills(planned: Sequence[PlannedResource], session: Session) -> list[Bill]:
    """Return a bill for each lesson that has resources."""
    by_lesson: defaultdict[str, list[PlannedResource]] = defaultdict(list)
    for resource in planned:
        by_lesson[resource.name.partition("-")[0]].append(resource)
    # What a person has added to the program outside the lessons comes last.
    order = [*(name for name in WORKLOADS if name in by_lesson), *sorted(by_lesson.keys() - WORKLOADS.keys())]
    return [_bill(lesson, by_lesson[lesson], session) for lesson in order]


def _bill(lesson: str, planned: Sequence[PlannedResource], session: Session) -> Bill:
    unpriced = {resource.type for resource in planned if resource.type not in PRICED and resource.type not in FREE}
    try:
        uses = WORKLOADS[lesson]({resource.name: resource.inputs for resource in planned}, session.events)
    except KeyError:  # no lesson of ours, or one that lacks what its events need
        uses = {}
        unpriced.add(f"{lesson} (events)")
    paid = [resource for resource in planned if resource.type in PRICED]
    items = [item for each in paid for item in PRICED[each.type](each.inputs, uses.get(each.name, Use()))]
    functions = [each.name for each in planned if each.type == "aws:lambda/function:Function"]
    unused = [name for name in functions if name not in uses]
    lines = {item.unit: _amounts(item, session) for item in _together(items)}
    lines = {unit: amounts for unit, amounts in lines.items() if amounts != NOTHING}
    return Bill(lesson, lines, tuple(sorted(unpriced)), tuple(unused))


def _together(items: Iterable[Item]) -> list[Item]:
    """Return one item for each unit, in the order of prices.toml."""
    quantities = [field.name for field in fields(Item) if field.name != "unit"]
    by_unit: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_unit[item.unit].append(item)
    return [
        Item(unit, *(sum(getattr(item, name) for item in by_unit[unit]) for name in quantities))
        for unit in PRICES
        if unit in by_unit
    ]


def _amounts(item: Item, session: Session) -> Amounts:
    price = PRICES[item.unit]
    return Amounts(
        price * item.idle,
        price * ((item.idle + item.busy) * session.hours + item.events),
        price * (item.idle + item.kept) * session.forgotten_hours,
    )
