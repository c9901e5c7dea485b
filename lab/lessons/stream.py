"""Sending straight to a lesson's stream, as a producer with its credentials does."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from lab.errors import UsageError
from lab.sending import Event, Sender, Sent
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.lessons.contract import Order
    from lab.target import Target

    MakeEvents: TypeAlias = Callable[[Order], Iterable[Event]]

_LARGEST_EVENT_BYTES = 1024 * 1024


class StreamSender:
    """Sends a lesson's events to its stream.

    Args:
        target: the stack.
        stream: the stream's name.
        make_events: makes up the events of an order.
        advanced: called with the number of newly accepted events.
        text_key: the partition key of the text's own command, for `--data`.
    """

    def __init__(
        self,
        target: Target,
        stream: str,
        make_events: MakeEvents,
        advanced: Callable[[int], None],
        *,
        text_key: str = "1",
    ) -> None:
        self.place = stream
        self._make_events = make_events
        self._text_key = text_key
        self._sender = Sender(target.clients.kinesis, stream, advanced)

    @property
    def sent(self) -> Sent:
        """What has been accepted so far."""
        return self._sender.sent

    def send(self, order: Order) -> None:
        """Send all of it."""
        events = self._make_events(order) if order.data is None else self._same_text(order, order.data)
        self._sender.send(events, rate=order.rate)

    def _same_text(self, order: Order, text: str) -> Iterable[Event]:
        event = Event(key=self._text_key, payload=text.encode())
        if event.size_bytes > _LARGEST_EVENT_BYTES:
            raise UsageError(_("An event may have at most 1 MiB, partition key included."))
        return (event for _number in range(order.count))
