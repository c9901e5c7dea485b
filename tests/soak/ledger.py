"""Who was promised what: the records that a stream has accepted, and where each of them ended."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.soak.consumers import COPY

if TYPE_CHECKING:
    from lab.aws import Clients
    from tests.soak.consumers import Consumer


@dataclass
class Ledger:
    """What was accepted; may be written from any thread.

    Attributes:
        accepted: for each stream, eventID and what the record was called.
        unanswered: records whose put had no answer: they may be there or not.
    """

    accepted: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    unanswered: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def accept(self, stream: str, shard: str, sequence_number: str, name: str) -> None:
        """Note a record that a stream has accepted."""
        with self._lock:
            self.accepted[stream][f"{shard}:{sequence_number}"] = name

    def lose_sight(self, names: list[str]) -> None:
        """Note records whose put was not answered."""
        with self._lock:
            self.unanswered.update(names)

    def total(self) -> int:
        """Return how many were accepted."""
        return sum(map(len, self.accepted.values()))


@dataclass
class Verdict:
    """What is wrong with one consumer: each a list of sentences; and what was seen."""

    missing: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    alien: list[str] = field(default_factory=list)
    stored: int = 0
    given_up: int = 0

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.missing or self.twice or self.alien)


class GivenUp:
    """The messages of an on-failure queue, read once and for all."""

    def __init__(self) -> None:
        self._ranges: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def read(self, aws: Clients, consumer: Consumer) -> None:
        """Take what is in the queue."""
        while True:
            messages: Any = aws.sqs.receive_message(
                QueueUrl=consumer.queue_url, MaxNumberOfMessages=10, VisibilityTimeout=3600
            ).get("Messages", [])
            if not messages:
                return
            for message in messages:
                body: dict[str, Any] = json.loads(message["Body"])
                batch = body.get("KinesisBatchInfo") or body["DDBStreamBatchInfo"]
                span = int(batch["startSequenceNumber"]), int(batch["endSequenceNumber"])
                self._ranges[batch["shardId"]].append(span)

    def names(self, event_id: str) -> bool:
        """Say whether a record was named in a message."""
        shard, number = event_id.rsplit(":", 1)
        return any(begin <= int(number) <= end for begin, end in self._ranges[shard])


def items(aws: Clients, table: str) -> dict[str, str]:
    """Return what a table holds: for each place the record's name."""
    found: dict[str, str] = {}
    for page in aws.dynamodb.get_paginator("scan").paginate(TableName=table):
        found |= {item["pk"]["S"]: item["id"]["S"] for item in page["Items"]}  # pyright: ignore[reportTypedDictNotRequiredAccess]
    return found


def judge(aws: Clients, consumer: Consumer, ledger: Ledger, given_up: GivenUp) -> Verdict:
    """Return what became of everything that a consumer was promised."""
    stored = items(aws, consumer.name)
    verdict = Verdict(stored=len(stored))
    if consumer.name == COPY:
        promised = items(aws, "plain")
        verdict.missing = [place for place in promised if place not in stored]
        verdict.alien = [place for place in stored if place not in promised]
        return verdict
    assert consumer.stream
    promised = ledger.accepted[consumer.stream]
    for event_id, name in promised.items():
        if event_id in stored:
            continue
        if given_up.names(event_id):
            verdict.given_up += 1
        else:
            verdict.missing.append(f"{event_id} {name}")
    places = defaultdict[str, list[str]](list)
    for place, name in stored.items():
        places[name].append(place)
        if place not in promised and name not in ledger.unanswered:
            verdict.alien.append(f"{place} {name}")
    verdict.twice = [f"{name}: {', '.join(where)}" for name, where in places.items() if len(where) > 1]
    return verdict
