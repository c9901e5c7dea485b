"""What a setting may be, told by its type, and the reader that holds a group of settings against its types.

A group is a frozen dataclass. The type of a field says what is allowed: `bool`, a `Literal`, or any type with a check
beside it: `Annotated[int, Between(1, 200)]`. Reading does not stop at the first fault: a person mends them all at once.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeVar, cast, get_args, get_origin, get_type_hints

from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    class Group(Protocol):
        """A dataclass of settings."""

        __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


GroupT = TypeVar("GroupT", bound="Group")

_LONGEST_QUOTE = 60
_LIKELY = 0.5  # of 1: `shards` for shard_count still counts


class Check(Protocol):
    """What a value must be."""

    def accepts(self, given: Any) -> bool:
        """Say whether the value given will do."""
        ...

    def allowed(self) -> str:
        """Return what is allowed, in the person's language."""
        ...


@dataclass(frozen=True)
class Between:
    """A whole number; with `or_no_limit`, -1 as well, which is how Lambda writes that."""

    minimum: int
    maximum: int
    or_no_limit: bool = False

    def accepts(self, given: Any) -> bool:
        """Say whether it is such a number; true and false are not."""
        if type(given) is not int:
            return False
        return self.minimum <= given <= self.maximum or (self.or_no_limit and given == -1)

    def allowed(self) -> str:
        """Return the range."""
        text = _("a whole number from {minimum} to {maximum}")
        if self.or_no_limit:
            text = _("a whole number from {minimum} to {maximum}, or -1 for no limit")
        return text.format(minimum=self.minimum, maximum=self.maximum)


@dataclass(frozen=True)
class OneOf:
    """One of a few values."""

    values: tuple[Any, ...]

    def accepts(self, given: Any) -> bool:
        """Say whether it is one of them; 1 is not true, although Python finds them equal."""
        return any(given == value and type(given) is type(value) for value in self.values)

    def allowed(self) -> str:
        """Return the values, as they are written in the stack's file."""
        return _("one of {values}").format(values=", ".join(_written(value) for value in self.values))


class Day:
    """A date as text."""

    def accepts(self, given: Any) -> bool:
        """Say whether it is a date of the calendar."""
        return _parses(given, date, r"\d{4}-\d\d-\d\d")

    def allowed(self) -> str:
        """Return an example."""
        return _("a date such as {example}").format(example="2027-06-30")


class Moment:
    """A time with its zone, as text."""

    def accepts(self, given: Any) -> bool:
        """Say whether it is a time that is the same everywhere, in the form that AWS's provider reads (RFC 3339)."""
        return _parses(given, datetime, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

    def allowed(self) -> str:
        """Return an example."""
        return _("a time with its zone, such as {example}").format(example="2027-06-30T08:00:00Z")


class Stage:
    """A word that can be part of the name of anything: of a bucket, a database, a table."""

    def accepts(self, given: Any) -> bool:
        """Say whether it is such a word."""
        return isinstance(given, str) and re.fullmatch(r"[a-z][a-z0-9-]{0,19}", given, re.ASCII) is not None

    def allowed(self) -> str:
        """Return the form."""
        return _("small letters, digits and hyphens, such as {example}").format(example="dev")


class Tenants:
    """Tenants whose ids are part of paths as they are."""

    def accepts(self, given: Any) -> bool:
        """Say whether it is a list of one at least, none twice."""
        if not isinstance(given, list) or not given:
            return False
        tenants = cast("list[Any]", given)
        words = all(isinstance(tenant, str) and re.fullmatch(r"[\w-]{1,64}", tenant, re.ASCII) for tenant in tenants)
        return words and len(set(tenants)) == len(tenants)

    def allowed(self) -> str:
        """Return the form."""
        return _("a list in brackets of letters, digits, hyphens and underscores, none twice")


class Currency:
    """A currency's three letters."""

    def accepts(self, given: Any) -> bool:
        """Say whether it has the form (ISO 4217)."""
        return isinstance(given, str) and re.fullmatch(r"[A-Z]{3}", given, re.ASCII) is not None

    def allowed(self) -> str:
        """Return the form."""
        return _("three capital letters, such as {example}").format(example="USD")


class Names:
    """A list of names, none twice."""

    def accepts(self, given: Any) -> bool:
        """Say whether it is such a list."""
        if not isinstance(given, list):
            return False
        names = cast("list[Any]", given)
        return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)

    def allowed(self) -> str:
        """Return the form."""
        return _("a list of names in brackets, none twice")


class Options:
    """What can be voted for: names by their ids."""

    most = 100  # BatchGetItem's limit
    most_bytes = 3000  # of JSON, because a function's environment variables have 4 KB together

    def accepts(self, given: Any) -> bool:
        """Say whether it is such a group of names."""
        if not isinstance(given, dict) or not 0 < len(cast("dict[Any, Any]", given)) <= self.most:
            return False
        options = cast("dict[Any, Any]", given)
        entries = all(
            isinstance(name, str) and name.strip() and re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", str(key), re.ASCII)
            for key, name in options.items()
        )
        return entries and len(json.dumps(options, ensure_ascii=False).encode("utf-8", "replace")) <= self.most_bytes

    def allowed(self) -> str:
        """Return the form."""
        return _(
            "1 to {most} options, each on a line: id: name; an id is of a-z, 0-9 and -; {bytes} bytes of JSON together"
        ).format(most=self.most, bytes=self.most_bytes)


class Origins:
    """Web pages' origins, as a browser says them: `https://example.org`, `http://localhost:8000`; or `*` for all."""

    most = 100

    def accepts(self, given: Any) -> bool:
        """Say whether it is a list of such origins."""
        if not isinstance(given, list) or len(cast("list[Any]", given)) > self.most:
            return False
        form = r"\*|https?://(\*|[a-z0-9.-]+(:\d{1,5})?)"
        return all(isinstance(origin, str) and re.fullmatch(form, origin) for origin in cast("list[Any]", given))

    def allowed(self) -> str:
        """Return an example."""
        return _("a list of origins such as {example}").format(example="https://example.org")


def read_group(group: type[GroupT], given: Any, prefix: str, faults: list[str]) -> GroupT:
    """Return a group of settings, made from what was given; what is wrong with it is added to `faults`.

    Args:
        group: the dataclass.
        given: what stands in the stack's file: a mapping, if all is well.
        prefix: the key in front of the group's own keys, with its last character (`streamlab:basic.`).
        faults: gets a sentence per fault. A setting with a fault keeps its default.
    """
    if not isinstance(given, dict):
        faults.append(not_allowed(prefix.rstrip(".:"), given, _("settings, each on a line: name: value")))
        return group()
    checks = {name: _check(hint) for name, hint in get_type_hints(group, include_extras=True).items()}
    values: dict[str, Any] = {}
    for name, value in cast("Mapping[str, Any]", given).items():
        key = f"{prefix}{name}"
        if name not in checks:
            faults.append(_("{key} is not a setting.").format(key=key) + did_you_mean(name, checks, prefix))
        elif not checks[name].accepts(value):
            faults.append(not_allowed(key, value, checks[name].allowed()))
        else:
            values[name] = value
    return group(**values)


def faults_of(group: Group) -> list[str]:
    """Return a sentence for each value of a group that a program gave and that is not allowed."""
    hints = get_type_hints(type(group), include_extras=True)
    faults: list[str] = []
    for field in dataclasses.fields(group):
        value, check = getattr(group, field.name), _check(hints[field.name])
        given = list(cast("tuple[Any, ...]", value)) if isinstance(value, tuple) else value
        if value != field.default and not check.accepts(given):
            faults.append(not_allowed(field.name, value, check.allowed()))
    return faults


def not_allowed(key: str, given: Any, allowed: str) -> str:
    """Return the sentence that says what was given and what is allowed."""
    quote = json.dumps(given, ensure_ascii=False, default=str)
    if len(quote) > _LONGEST_QUOTE:
        quote = f"{quote[:_LONGEST_QUOTE]}…"
    return _("{key} is {given}; allowed: {allowed}.").format(key=key, given=quote, allowed=allowed)


def did_you_mean(given: str, names: Iterable[str], prefix: str = "") -> str:
    """Return a sentence that offers the name most like the one given, else all there are; with a leading space."""
    names = list(names)
    likely = difflib.get_close_matches(given, names, n=1, cutoff=_LIKELY)
    if likely:
        return " " + _("Did you mean {name}?").format(name=prefix + likely[0])
    return " " + _("There are: {names}.").format(names=", ".join(prefix + name for name in names))


def _check(hint: Any) -> Check:
    """Return the check that a field's type stands for."""
    if hint is bool:
        return OneOf((True, False))
    if get_origin(hint) is Literal:
        return OneOf(get_args(hint))
    return cast("Check", hint.__metadata__[0])


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _parses(given: Any, kind: type[date], form: str) -> bool:
    if not isinstance(given, str) or not re.fullmatch(form, given, re.ASCII):
        return False
    try:
        kind.fromisoformat(given)
    except ValueError:
        return False
    return True
