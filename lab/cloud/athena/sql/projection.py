"""Partition projection: which partitions a table has, from its properties alone.

Source: docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html. Athena computes every projected
partition and lists its prefix; we look which of the objects that exist lie in a projected partition, which reads the
same objects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NoReturn

from lab.cloud.athena.failures import QueryFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.athena.sql.catalog import Table

_PLACE = re.compile(r"\$\{([^}]*)\}")
_NOW = re.compile(r"\s*NOW\s*(?:([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?\s*", re.IGNORECASE)
_MONTHS = {"YEAR": 12, "MONTH": 1}
_SECONDS = {"WEEK": 604_800, "DAY": 86_400, "HOUR": 3_600, "MINUTE": 60, "SECOND": 1}
_UNITS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
_LETTERS = {"y": ("%Y", r"\d{4}"), "M": ("%m", r"\d{2}"), "d": ("%d", r"\d{2}"), "H": ("%H", r"\d{2}"),
            "m": ("%M", r"\d{2}"), "s": ("%S", r"\d{2}")}  # fmt: skip
_FORMAT_PARTS = re.compile(r"'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+")


@dataclass(frozen=True)
class ProjectedColumn:
    """A projected partition column.

    Attributes:
        pattern: a regular expression of its values in a location.
        has: whether a value is projected.
        injected: whether its values come from the query only.
    """

    pattern: str
    has: Callable[[str], bool]
    injected: bool = False


@dataclass(frozen=True)
class Projection:
    """A table's projected partitions.

    Attributes:
        columns: by name.
        template: the location of a partition, with `${column}`.
    """

    columns: dict[str, ProjectedColumn]
    template: str

    @property
    def common_location(self) -> str:
        """The part of every partition's location that they share."""
        return self.template.partition("${")[0]

    def matcher(self) -> re.Pattern[str]:
        """Return what takes an object's URL apart: a group per column; what lies behind the partition is the rest."""
        seen: set[str] = set()
        parts: list[str] = []
        end = 0
        for place in _PLACE.finditer(self.template):
            name = place[1].lower()
            parts.append(re.escape(self.template[end : place.start()]))
            parts.append(f"(?P=p{_group(self, name)})" if name in seen else
                         f"(?P<p{_group(self, name)}>{self.columns[name].pattern})")  # fmt: skip
            seen.add(name)
            end = place.end()
        return re.compile("".join(parts) + re.escape(self.template[end:]))

    def values_of(self, match: re.Match[str]) -> tuple[str, ...] | None:
        """Return the values of the columns, in their order, in what `matcher` found; None when not projected."""
        values = tuple(match[f"p{index}"] for index in range(len(self.columns)))
        projected = all(column.has(value) for column, value in zip(self.columns.values(), values, strict=True))
        return values if projected else None


def _group(projection: Projection, name: str) -> int:
    return list(projection.columns).index(name)


def projection_of(table: Table, now: datetime | None = None) -> Projection | None:
    """Return a table's projection, None when it has none.

    Raises:
        QueryFailure: its properties are wrong.
    """
    if table.parameters.get("projection.enabled", "").lower() != "true" or not table.partition_keys:
        return None
    columns = {key.name: _column(table, key.name, now or datetime.now(UTC)) for key in table.partition_keys}
    template = table.parameters.get("storage.location.template")
    if not template:
        folders = "".join(f"{name}=${{{name}}}/" for name in columns)
        template = f"{table.location.rstrip('/')}/{folders}"
    template = template.rstrip("/") + "/"
    places = {place.lower() for place in _PLACE.findall(template)}
    if missing := [name for name in columns if name not in places]:
        _wrong(table, f"storage.location.template has no ${{{missing[0]}}}")
    if unknown := sorted(places - columns.keys()):
        _wrong(table, f"storage.location.template names ${{{unknown[0]}}}, which is no partition column")
    return Projection(columns, template)


def _column(table: Table, name: str, now: datetime) -> ProjectedColumn:
    kind = _property(table, name, "type").lower()
    match kind:
        case "enum":
            values = frozenset(value.strip() for value in _property(table, name, "values").split(","))
            longest_first = sorted(values, key=len, reverse=True)
            return ProjectedColumn("|".join(map(re.escape, longest_first)), values.__contains__)
        case "integer":
            return _integer(table, name)
        case "date":
            return _date(table, name, now)
        case "injected":
            return ProjectedColumn(r"[^/]+", lambda _value: True, injected=True)
        case _:
            pass
    _wrong(table, f"projection.{name}.type is {kind!r}: it must be enum, integer, date or injected")
    return None


def _integer(table: Table, name: str) -> ProjectedColumn:
    text = _property(table, name, "range")
    try:
        first, last = (int(part) for part in text.split(","))
        interval = int(_property(table, name, "interval", "1"))
        digits = int(_property(table, name, "digits", "0"))
    except ValueError:
        _wrong(table, f"projection.{name}.range is {text!r}: it must be two integers; interval and digits one each")

    def has(value: str) -> bool:
        number = int(value)
        return first <= number <= last and (number - first) % interval == 0 and f"{number:0{digits or 1}d}" == value

    return ProjectedColumn(r"-?\d+", has)


def _date(table: Table, name: str, now: datetime) -> ProjectedColumn:
    pattern, strptime, finest = _format(table, name, _property(table, name, "format"))
    unit = _property(table, name, "interval.unit", finest).upper().rstrip("S")
    if unit not in _MONTHS | _SECONDS:
        _wrong(table, f"projection.{name}.interval.unit is {unit!r}")
    text = _property(table, name, "range")
    try:
        interval = int(_property(table, name, "interval", "1"))
        begin, end = (_moment(part, strptime, now) for part in text.split(","))
    except ValueError:
        _wrong(table, f"projection.{name}.range is {text!r}: it must be two dates in the format, or NOW-3YEARS,NOW")
    # As precise as the format: a range that begins NOW-7DAYS holds all of that day.
    begin = datetime.strptime(begin.strftime(strptime), strptime).replace(tzinfo=UTC)

    def has(value: str) -> bool:
        try:
            moment = datetime.strptime(value, strptime).replace(tzinfo=UTC)
        except ValueError:
            return False
        return begin <= moment <= end and moment.strftime(strptime) == value and _steps(begin, moment, unit, interval)

    return ProjectedColumn(pattern, has)


def _steps(begin: datetime, moment: datetime, unit: str, interval: int) -> bool:
    if unit in _MONTHS:
        months = (moment.year - begin.year) * 12 + moment.month - begin.month
        rest = moment.replace(year=begin.year, month=begin.month, day=min(moment.day, 28)) - begin.replace(
            day=min(begin.day, 28)
        )
        return months % (interval * _MONTHS[unit]) == 0 and rest == timedelta(0)
    return (moment - begin).total_seconds() % (interval * _SECONDS[unit]) == 0


def _moment(text: str, strptime: str, now: datetime) -> datetime:
    found = _NOW.fullmatch(text)
    if not found:
        return datetime.strptime(text.strip(), strptime).replace(tzinfo=UTC)
    sign, count, unit = found.groups()
    if not unit:
        return now
    steps = int(count) * (1 if sign == "+" else -1)
    unit = unit.upper()
    if unit in _SECONDS:
        return now + timedelta(seconds=steps * _SECONDS[unit])
    months = now.year * 12 + now.month - 1 + steps * _MONTHS[unit]
    return now.replace(year=months // 12, month=months % 12 + 1, day=min(now.day, 28))


def _format(table: Table, name: str, java: str) -> tuple[str, str, str]:
    """Return a Java date format as a regular expression, as strptime's, and its finest unit."""
    pattern, strptime, finest = "", "", 0
    for part in _FORMAT_PARTS.finditer(java):
        if letter := part[2]:
            if letter not in _LETTERS:
                _wrong(table, f"projection.{name}.format has {part[0]!r}, which the local cloud does not know")
            directive, digits = _LETTERS[letter]
            pattern, strptime = pattern + digits, strptime + directive
            finest = max(finest, "yMdHms".index(letter))
        else:
            literal = part[0] if part[1] is None else part[1]
            pattern, strptime = pattern + re.escape(literal), strptime + literal.replace("%", "%%")
    return pattern, strptime, _UNITS[finest]


def _property(table: Table, column: str, name: str, default: str | None = None) -> str:
    value = table.parameters.get(f"projection.{column}.{name}", default)
    if not value:
        _wrong(table, f"projection.{column}.{name} is missing")
    return value


def _wrong(table: Table, what: str) -> NoReturn:
    raise QueryFailure(f"HIVE_INVALID_METADATA: Table {table.full_name} has an invalid partition projection: {what}")
