"""Failure on demand: faults that somebody asked for, kept in memory until they are over.

The cloud asks at few points whether a fault is set: when a function's concurrency is taken (`throttles`), before and
after it is invoked (`delay`, `failure`), before a shard is read (`read_delay`) and before a destination is told
(`refusal`). Every fault that takes effect is in the trace. Without faults each question is one look at an empty list.
"""

from __future__ import annotations

import itertools
import json
import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.json_values import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KINDS = ("throttle", "fail", "slow", "cut", "limits")
LONGEST_SECONDS = 900
MOST_FAULTS = 100
_REMEMBERED_RECORDS = 100_000

_TARGETS = {
    "throttle": ("function",),
    "fail": ("function",),
    "slow": ("function", "stream", "shard"),
    "cut": ("function", "destination"),
    "limits": (),
}
"""What a fault of each kind may be for: one of these (a shard may be narrowed to its stream)."""


class FaultError(Exception):
    """A fault that cannot be set; the text says why."""


@dataclass(slots=True)
class Fault:
    """One fault.

    Attributes:
        id: its name.
        kind: one of `KINDS`.
        function: name of the function it is for.
        stream: name of the stream (or table).
        shard: id of the shard.
        destination: ARN or name of the on-failure destination.
        seconds: how long something is held up (`slow`).
        record: the how manieth record fails, counted from when the fault was set (`fail`).
        every: every how manieth record fails (`fail`).
        count: how often it takes effect; None is without end.
        on: whether shards have write limits (`limits`).
        until: when it is over, on a clock that never jumps; None is never.
        bites: how often it took effect.
    """

    id: str
    kind: str
    function: str | None = None
    stream: str | None = None
    shard: str | None = None
    destination: str | None = None
    seconds: float | None = None
    record: int | None = None
    every: int | None = None
    count: int | None = None
    on: bool | None = None
    until: float | None = None
    bites: int = 0
    _seen: dict[str, None] = field(default_factory=dict[str, None])
    _chosen: deque[str] = field(default_factory=lambda: deque[str](maxlen=_REMEMBERED_RECORDS))
    _delivered: int = 0

    @property
    def target(self) -> str:
        """What it is for, as it is told."""
        if self.shard and self.stream:
            return f"{self.stream}/{self.shard}"
        return self.shard or self.stream or self.function or self.destination or "kinesis"

    def as_json(self, now: float) -> dict[str, Any]:
        """Return it for a program; what does not concern its kind is left out."""
        names = ("id", "kind", "target", "function", "stream", "shard", "destination", "seconds", "record", "every",
                 "count", "on")  # fmt: skip
        described = {name: value for name in names if (value := getattr(self, name)) is not None}
        if self.until is not None:
            described["left_seconds"] = round(max(0.0, self.until - now), 1)
        return described | {"bites": self.bites}

    def meets(self, record_ids: list[str]) -> str | None:
        """Return the first of some records that it makes fail; the same record fails again when it comes again.

        Args:
            record_ids: what tells the records apart; "" for what is not a record and never comes again.
        """
        for record_id in record_ids:
            if record_id and record_id in self._seen:
                continue
            self._delivered += 1
            if record_id:
                if len(self._seen) >= _REMEMBERED_RECORDS:
                    del self._seen[next(iter(self._seen))]
                self._seen[record_id] = None
            chosen = self._delivered == self.record if self.record else not self._delivered % (self.every or 1)
            if chosen:
                self._chosen.append(record_id)
        found = next((record_id for record_id in record_ids if record_id in self._chosen), None)
        if found == "":
            self._chosen.remove("")
        return found


class Faults:
    """The faults of a cloud; may be asked from any thread.

    Args:
        tell: tells an event of the trace, from any thread.
        limit_writes: switches the write limits of all shards; None: to what the cloud was started with.
        clock: a clock that never jumps, seconds.
    """

    def __init__(
        self,
        tell: Callable[..., object],
        limit_writes: Callable[[bool | None], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._limit_writes = limit_writes
        self._clock = clock
        self._faults: list[Fault] = []
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()

    # --- setting and clearing ----------------------------------------------------------------------------------------

    def set(self, request: Any) -> dict[str, Any]:
        """Set a fault; return it as `all` does.

        Args:
            request: `{"kind": …, …}` with a fault's attributes, and `for_seconds` for how long.

        Raises:
            FaultError: it cannot be set.
        """
        with self._lock:
            if len(self._faults) >= MOST_FAULTS:
                raise FaultError(f"There are {MOST_FAULTS} faults already; clear some.")
            wanted = _checked(request)
            for_seconds = wanted.pop("for_seconds", None)
            if wanted["kind"] == "limits":
                self._end([fault for fault in self._faults if fault.kind == "limits"])
                self._limit_writes(wanted["on"])
            until = self._clock() + for_seconds if for_seconds else None
            fault = Fault(f"f-{next(self._numbers)}", **wanted, until=until)
            self._faults.append(fault)
            self._tell("fault_set", **_named(fault))
            return fault.as_json(self._clock())

    def all(self) -> list[dict[str, Any]]:
        """Return the faults that are set."""
        with self._lock:
            return [fault.as_json(self._clock()) for fault in self._current()]

    def clear(self, fault_id: str | None = None) -> list[str]:
        """Clear one fault, or all; return the ids of those that were set."""
        with self._lock:
            return self._end([fault for fault in self._current() if fault_id in (None, fault.id)])

    def _end(self, faults: list[Fault]) -> list[str]:
        for fault in faults:
            self._faults.remove(fault)
            if fault.kind == "limits":
                self._limit_writes(None)
            self._tell("fault_cleared", **_named(fault))
        return [fault.id for fault in faults]

    def _current(self, kind: str | None = None) -> Iterator[Fault]:
        """Yield the faults that are not over."""
        now = self._clock()
        self._end([fault for fault in self._faults if fault.until is not None and fault.until <= now])
        return iter([fault for fault in self._faults if kind in (None, fault.kind)])

    def _bite(self, fault: Fault, **fields: Any) -> None:
        fault.bites += 1
        place = {"function": fault.function} if fault.function else {}
        self._tell("fault_bit", **_named(fault), **{**place, **fields})
        if fault.count is not None and fault.bites >= fault.count and fault in self._faults:
            self._end([fault])

    # --- the points --------------------------------------------------------------------------------------------------

    def throttles(self, function: str) -> bool:
        """Say whether a function has no concurrency now."""
        if not self._faults:
            return False
        with self._lock:
            fault = next((fault for fault in self._current("throttle") if fault.function == function), None)
            if fault:
                self._bite(fault)
            return fault is not None

    def delay(self, function: str) -> float:
        """Return the seconds that an invocation of a function is held up."""
        if not self._faults:
            return 0.0
        with self._lock:
            fault = next((fault for fault in self._current("slow") if fault.function == function), None)
            if fault is None:
                return 0.0
            self._bite(fault, wait_seconds=fault.seconds)
            return fault.seconds or 0.0

    def failure(self, function: str, event: Any) -> str | None:
        """Return why an invocation fails although the function ran; None where it does not.

        Args:
            function: its name.
            event: what it was invoked with, parsed or as JSON.
        """
        if not self._faults:
            return None
        with self._lock:
            record_ids: list[str] | None = None
            for fault in self._current("fail"):
                if fault.function == function:
                    record_ids = _record_ids(event) if record_ids is None else record_ids
                    if (record_id := fault.meets(record_ids)) is not None:
                        number = record_id.rpartition(":")[2]
                        self._bite(fault, **({"first": number} if number else {}))
                        return f"The fault {fault.id} made this invocation fail."
            return None

    def read_delay(self, stream_arn: str, shard: str) -> float:
        """Return the seconds that a read of a shard is held up."""
        if not self._faults:
            return 0.0
        with self._lock:
            return max((fault.seconds or 0.0 for fault in self._slow(stream_arn, shard)), default=0.0)

    def read_was_slow(self, stream_arn: str, place: dict[str, str]) -> None:
        """Note that a read of a shard that gave records had been held up.

        Args:
            stream_arn: the stream.
            place: mapping, function and shard, for the trace.
        """
        with self._lock:
            for fault in self._slow(stream_arn, place["shard"]):
                self._bite(fault, **place, stream=stream_arn, wait_seconds=fault.seconds)

    def _slow(self, stream_arn: str, shard: str) -> list[Fault]:
        name = stream_name(stream_arn)
        return [
            fault
            for fault in self._current("slow")
            if not fault.function and fault.stream in (None, name) and fault.shard in (None, shard)
        ]

    def refusal(self, destination: str, function: str) -> str | None:
        """Return why an on-failure destination does not take a message; None where it does."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._current("cut"):
                named = fault.destination in (destination, destination.rsplit(":", 1)[-1])
                if named or fault.function == function:
                    self._bite(fault, function=function, destination=destination)
                    return f"fault {fault.id}"
            return None


def stream_name(arn: str) -> str:
    """Return the name in the ARN of a Kinesis stream, one of its consumers, or the table of a DynamoDB stream."""
    return arn.split(":", 5)[5].split("/")[1]


def _named(fault: Fault) -> dict[str, str]:
    return {"fault": fault.id, "kind": fault.kind, "target": fault.target}


def _record_ids(event: Any) -> list[str]:
    """Return what tells the records of an event apart; one without records never comes again."""
    if isinstance(event, bytes):
        event = json.loads(event)
    records: Any = event.get("Records") if is_object(event) else None
    if not is_list(records) or not records:
        return [""]
    return [
        str(record.get("eventID") or record.get("messageId") or "") if is_object(record) else "" for record in records
    ]


# --- what is asked for ----------------------------------------------------------------------------------------------


def _checked(request: Any) -> dict[str, Any]:
    """Return what was asked for, if it can be set.

    Raises:
        FaultError: it cannot.
    """
    if not is_object(request):
        raise FaultError("A fault is a JSON object.")
    kind = request.get("kind")
    if kind not in KINDS:
        raise FaultError(f"kind must be one of {', '.join(KINDS)}, not {json.dumps(kind)}.")
    others = {
        "throttle": ("for_seconds", "count"),
        "fail": ("for_seconds", "count", "record", "every"),
        "slow": ("for_seconds", "seconds"),
        "cut": ("for_seconds", "count"),
        "limits": ("for_seconds", "on"),
    }[kind]
    wanted = {name: value for name, value in request.items() if value is not None}
    if unknown := wanted.keys() - {"kind", *_TARGETS[kind], *others}:
        raise FaultError(f"A fault of the kind {kind} has no {', '.join(sorted(unknown))}.")
    _check_target(kind, wanted)
    _check_numbers(wanted)
    if kind == "fail" and ("record" in wanted) == ("every" in wanted):
        raise FaultError("A fault of the kind fail needs record or every, not both.")
    if kind == "slow" and "seconds" not in wanted:
        raise FaultError("A fault of the kind slow needs seconds.")
    if kind == "limits" and not isinstance(wanted.get("on"), bool):
        raise FaultError("A fault of the kind limits needs on: true or false.")
    return wanted


def _check_numbers(wanted: dict[str, Any]) -> None:
    for name in ("count", "record", "every"):
        if name in wanted and (not isinstance(wanted[name], int) or isinstance(wanted[name], bool) or wanted[name] < 1):
            raise FaultError(f"{name} must be a whole number from 1 on.")
    for name in ("seconds", "for_seconds"):
        if name in wanted:
            wanted[name] = _seconds(name, wanted[name])


def _check_target(kind: str, wanted: dict[str, Any]) -> None:
    given = [name for name in _TARGETS[kind] if name in wanted]
    for name in given:
        if not isinstance(wanted[name], str) or not wanted[name]:
            raise FaultError(f"{name} must be a text.")
    if _TARGETS[kind] and len(given) != 1 and given != ["stream", "shard"]:
        raise FaultError(f"A fault of the kind {kind} needs one of: {', '.join(_TARGETS[kind])}.")


def _seconds(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise FaultError(f"{name} must be a number.")
    most = LONGEST_SECONDS if name == "seconds" else 86_400
    if not 0 < value <= most:
        raise FaultError(f"{name} must be more than 0 and at most {most}.")
    return float(value)
