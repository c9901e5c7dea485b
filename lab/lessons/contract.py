"""What every lesson's module has."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from lab.errors import UsageError
from lab.target import LESSONS
from languages import gettext as _

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping

    from lab.sending import Sent
    from lab.target import Target


@dataclass(frozen=True)
class Order:
    """What the learner wants sent."""

    count: int
    """How many events."""
    keys: int
    """Over how many partition keys they are spread."""
    poison: int = 0
    """How many of them cannot be processed."""
    rate: float | None = None
    """Events a second, at most."""
    data: str | None = None
    """Exactly this text, `count` times, instead of made-up events."""


class LessonSender(Protocol):
    """Sends the events of one lesson."""

    @property
    def place(self) -> str:
        """Where they go: a stream's name, an address, a table's name."""
        ...

    @property
    def sent(self) -> Sent:
        """What has been accepted so far; right at any moment, also when sending was broken off."""
        ...

    def send(self, order: Order) -> None:
        """Send all of it.

        Raises:
            UsageError: the order cannot be fulfilled; nothing was sent.
            LabError: some events were refused again and again.
        """
        ...


class Outcome(Protocol):
    """What came out of a lesson, besides failures."""

    @property
    def by_shard(self) -> Counter[str] | None:
        """How much of it came from which shard; None where that cannot be known."""
        ...

    def as_data(self) -> dict[str, Any]:
        """Return it for a program: the parts of the JSON object that `lab show LESSON --json` prints."""
        ...

    def tell(self) -> None:
        """Print it."""
        ...


class Detail(Protocol):
    """One thing of a lesson's outcome, whole."""

    def as_data(self) -> dict[str, Any]:
        """Return it for a program: the JSON object that `lab show LESSON KEY --json` prints."""
        ...

    def tell(self) -> None:
        """Print it."""
        ...


class Lesson(Protocol):
    """A module of this package."""

    def sender(self, target: Target, outputs: Mapping[str, Any], advanced: Callable[[int], None]) -> LessonSender:
        """Return what sends its events; `advanced` is called with the number of newly accepted ones."""
        ...

    def outcome(self, target: Target, outputs: Mapping[str, Any], *, limit: int) -> Outcome:
        """Read what came out; `limit` is how many items or objects are shown, the newest ones."""
        ...


class DetailedLesson(Lesson, Protocol):
    """A module of a lesson whose outcome has things with keys of their own, such as objects."""

    def detail(self, target: Target, outputs: Mapping[str, Any], key: str) -> Detail:
        """Read one of them.

        Raises:
            LabError: there is none with this key.
        """
        ...


def find_detailed(name: str) -> DetailedLesson:
    """Return a lesson's module that can show one thing by its key.

    Raises:
        UsageError: there is no such lesson, or what it shows has no keys.
    """
    module = find(name)
    if not hasattr(module, "detail"):
        raise UsageError(
            _("Lesson {name} shows all at once: it takes no KEY.").format(name=name),
            next_step=f"lab show {name}",
        )
    return cast("DetailedLesson", module)


def find(name: str) -> Lesson:
    """Return a lesson's module.

    Raises:
        UsageError: there is no such lesson; names those there are.
    """
    if name not in LESSONS:
        raise UsageError(
            _("This command knows no lesson “{name}”.").format(name=name),
            next_step=_("Lessons it knows: {names}.").format(names=", ".join(LESSONS)),
        )
    return cast("Lesson", importlib.import_module(f"lab.lessons.{name}"))
