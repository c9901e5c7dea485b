"""Lesson votes: votes to the API; the results that the API tells."""

from __future__ import annotations

import concurrent.futures
import json
import random
import threading
import time
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lab.api import Api
from lab.lessons.stream import StreamSender
from lab.numbers import whole
from lab.sending import Event
from lab.terminal import say, styled, width
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from lab.lessons.contract import Order
    from lab.sending import Sent
    from lab.target import Target

_AT_ONCE = 8
_WIDEST_CHART = 80
_NO_VOTES = (b'{"vote": "nobody"}', b"vote=nobody")
"""What the producer would not let pass: a vote for no option, and a form instead of JSON."""


def sender(target: Target, outputs: Mapping[str, Any], advanced: Callable[[int], None]) -> VotesSender:
    """Return what votes."""
    return VotesSender(target, outputs, advanced)


def outcome(target: Target, outputs: Mapping[str, Any], *, limit: int) -> Results:
    """Ask the API."""
    answer = Api(target.url_now(outputs["ApiUrl"])).get("results")
    results = [OptionVotes(**result) for result in answer["results"]]
    return Results(results, answer["total"], limit)


class VotesSender:
    """Votes over the API; what is no vote is put into the stream beside it, as a stranger would."""

    def __init__(self, target: Target, outputs: Mapping[str, Any], advanced: Callable[[int], None]) -> None:
        self.place = target.url_now(outputs["ApiUrl"])
        self._advanced = advanced
        self._api = Api(self.place, connections=_AT_ONCE, resending=self._resending)
        self._lock = threading.Lock()
        self._stream = StreamSender(target, outputs["KinesisStreamName"], _strangers, advanced)

    @property
    def sent(self) -> Sent:
        """What has been accepted so far."""
        return self._stream.sent

    def send(self, order: Order) -> None:
        """Send all of it.

        Raises:
            LabError: the API refuses a vote, or fails again and again.
        """
        if order.data is not None:
            self._post_all((order.data.encode() for _number in range(order.count)), order.rate)
            return
        options = [result["option_id"] for result in self._api.get("results")["results"]]
        self._post_all(made_up_votes(order.count - order.poison, options, favourites=order.keys), order.rate)
        if order.poison:
            self._stream.send(order)

    def _post_all(self, bodies: Iterable[bytes], rate: float | None) -> None:
        """Post them, several at once; the first failure, or Ctrl-C, ends it."""
        started = time.monotonic()
        waiting = enumerate(bodies)

        def work() -> None:
            while not self._api.stopped.is_set():
                with self._lock:
                    number, body = next(waiting, (0, None))
                if body is None:
                    return
                if rate is not None:
                    self._api.stopped.wait(max(0.0, started + number / rate - time.monotonic()))
                self._api.post("votes", body)
                with self._lock:
                    self.sent.without_shard += 1
                self._advanced(1)

        with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as threads:
            try:
                workers = [threads.submit(work) for _number in range(_AT_ONCE)]
                done, _under_way = concurrent.futures.wait(workers, return_when="FIRST_EXCEPTION")
            finally:
                self._api.stopped.set()
        for worker in done:
            worker.result()

    def _resending(self) -> None:
        with self._lock:
            self.sent.resent += 1


def made_up_votes(count: int, options: Sequence[str], *, favourites: int) -> Iterator[bytes]:
    """Make up votes for so many of the options, the second getting half as many as the first, and so on.

    Each has an id of its own: sent again after a failure, it is known to be the same.
    """
    chosen = random.sample(options, min(favourites, len(options)))
    weights = [1 / (place + 1) for place in range(len(chosen))]
    for _number in range(count):
        [option] = random.choices(chosen, weights)  # noqa: S311  (a made-up vote)
        yield json.dumps({"vote": option, "id": str(uuid.uuid4())}).encode()


def _strangers(order: Order) -> Iterator[Event]:
    for number in range(order.poison):
        yield Event(key=str(uuid.uuid4()), payload=_NO_VOTES[number % len(_NO_VOTES)])


@dataclass(frozen=True)
class OptionVotes:
    """An option and its votes."""

    option_id: str
    name: str
    votes: int


@dataclass(frozen=True)
class Results:
    """The results so far."""

    results: list[OptionVotes]
    total: int
    limit: int
    """How many options are drawn."""
    by_shard: None = None
    """The results do not say it."""

    def as_data(self) -> dict[str, Any]:
        """Return them for a program."""
        return {"results": [asdict(result) for result in self.results], "total": self.total}

    def tell(self) -> None:
        """Draw them as bars."""
        text = ngettext("{count} vote", "{count} votes", self.total)
        say(styled(text.format(count=whole(self.total)), "bold"))
        if not self.total:
            say("  " + _("Nothing has arrived yet. Send something: lab send {lesson}").format(lesson="votes"))
            return
        ranking = sorted(self.results, key=lambda result: -result.votes)
        draw_bars([(result.name, result.votes) for result in ranking[: self.limit]])
        if others := ranking[self.limit :]:
            votes = sum(result.votes for result in others)
            text = ngettext(
                "… and {count} other option with {votes} (--limit shows more).",
                "… and {count} other options with {votes} (--limit shows more).",
                len(others),
            )
            say("  " + text.format(count=len(others), votes=whole(votes)))


def draw_bars(rows: Sequence[tuple[str, int]]) -> None:
    """Draw a bar for each name and number, the greatest as wide as there is room; too long a name is cut."""
    room = min(width(), _WIDEST_CHART)
    names = min(max(len(name) for name, _number in rows), room // 3)
    numbers = max(len(whole(number)) for _name, number in rows)
    widest = max(1, room - names - numbers - 6)
    most = max(1, *(number for _name, number in rows))
    for name, number in rows:
        shown = name if len(name) <= names else f"{name[: names - 1]}…"
        bar = "█" * max(bool(number), round(number * widest / most))
        say(f"  {shown:<{names}}  {whole(number):>{numbers}}  {styled(bar, 'cyan') if bar else ''}".rstrip())
