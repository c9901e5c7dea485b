"""Makes up sensor events like the text's own: `{"sensor": "temperature", "value": 22.5}`."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from lab.sending import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

# Around which value a sensor's readings lie, and how far they stray.
_SENSORS = {"temperature": (22.5, 4.0), "humidity": (55.0, 12.0), "pressure": (1013.0, 8.0), "light": (420.0, 150.0)}
_POISON = ("temperature;22.5", '{"sensor": "temperature", "value": 22.')
"""What is not JSON: a line in another format, and a reading that was cut off."""


def sensor_events(count: int, *, keys: int, poison: int = 0) -> Iterator[Event]:
    """Make up events.

    Args:
        count: how many in all.
        keys: how many partition keys they are spread over; each stands for one device.
        poison: how many of them are not JSON, spread evenly.
    """
    names = list(_SENSORS)
    for number in range(count):
        device = number % keys
        sensor = names[device % len(names)]
        # Evenly: the whole number of poisoned ones up to here grows at this event.
        if (number + 1) * poison // count > number * poison // count:
            payload = _POISON[number % len(_POISON)]
        else:
            payload = json.dumps({"sensor": sensor, "value": _reading(sensor)})
        yield Event(key=f"{sensor}-{device + 1}", payload=payload.encode())


def _reading(sensor: str) -> float:
    middle, spread = _SENSORS[sensor]
    tenths = round(10 * random.uniform(middle - spread, middle + spread))  # noqa: S311  (a made-up reading)
    # A whole number would lose its .0 in the table: DynamoDB keeps numbers without the zeros at their end.
    return (tenths + (tenths % 10 == 0)) / 10
