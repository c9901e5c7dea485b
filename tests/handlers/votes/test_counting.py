"""Counting votes on moto, in both ways: what is counted, and that nothing that is repeated counts twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.votes import economical, transactional
from handlers.votes.economical import count_by_option
from handlers.votes.transactional import count_by_vote
from tests.handlers.aws_on_moto import empty
from tests.handlers.events import Context, failed, kinesis_record
from tests.handlers.votes.conftest import OPTIONS, votes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    Count = Callable[[list[Any]], Any]

Functions = Callable[[str], ModuleType]
SHARDS = ("shardId-000000000000", "shardId-000000000001")
POISON = b"vote=norris"


def record(number: int, option: str, vote_id: str | None = "", *, shard: int = 0) -> Any:
    """Return the record number `number` of a shard; without an id given, its number is the vote's id."""
    vote_id = f"{shard}-{number}" if vote_id == "" else vote_id
    return of_shard(kinesis_record(number, {"vote": option, "id": vote_id}), shard)


def of_shard(one: Any, shard: int) -> Any:
    return {**one, "eventID": f"{SHARDS[shard]}:{one['kinesis']['sequenceNumber']}"}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(economical, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(transactional, "FIRST_PAUSE_SECONDS", 0.0)


def test_votes_are_added_by_option(count: Count, table: Table):
    options = ["norris", "piastri", "norris", "hulkenberg", "norris"]
    assert failed(count([record(number, option) for number, option in enumerate(options)])) == []
    assert failed(count([record(5, "piastri")])) == []
    assert votes(table) == {"norris": 3, "piastri": 2, "hulkenberg": 1}


def test_a_batch_that_comes_again_longer_or_shorter_counts_only_what_is_new(count: Count, table: Table):
    batch = [record(number, "norris") for number in range(5)]
    for first, last in ((0, 3), (0, 5), (1, 3), (4, 5), (0, 5)):
        assert failed(count(batch[first:last])) == []
    assert votes(table) == {"norris": 5}


def test_a_vote_that_stands_twice_in_a_batch_counts_once(count: Count, table: Table):
    count([record(0, "norris", "a"), record(1, "norris", "b"), record(2, "norris", "a"), record(3, "piastri", "a")])
    assert votes(table) == {"norris": 2}
    count([record(4, "norris", "c")])
    assert votes(table) == {"norris": 3}


def test_what_the_text_s_own_producer_sends_counts_each_record_once(count: Count, table: Table):
    batch = [of_shard(kinesis_record(number, {"vote": "norris"}), 0) for number in range(3)]
    count(batch)
    count(batch)
    assert votes(table) == {"norris": 3}


def test_a_shard_that_was_split_goes_on_as_its_children(count: Count, table: Table):
    count([record(0, "norris", shard=0)])
    count([record(1, "norris", shard=1)])
    assert votes(table) == {"norris": 2}


@pytest.mark.parametrize(
    "payload",
    [
        POISON,
        b"",
        b"[]",
        b'{"vote": NaN}',
        b'{"vote": "norris", "weight": 1e400}',
        b"[" * 1000,
        b"x" * 1_000_000,
        {},
        {"vote": ["norris"]},
        {"vote": "nobody"},
        {"vote": "vote#1"},
        {"vote": "../norris"},
        {"vote": "n" * 256},
        {"vote": "norris", "id": 7},
        {"vote": "norris", "id": "ü"},
    ],
)
def test_what_is_no_vote_is_named_and_what_stands_before_it_counted(count: Count, table: Table, payload: Any):
    # text fault 24: one bad record failed the batch, a missing vote was dropped in silence
    batch = [record(0, "norris"), of_shard(kinesis_record(1, payload), 0), record(2, "norris")]
    assert failed(count(batch)) == [batch[1]["kinesis"]["sequenceNumber"]]
    assert votes(table) == {"norris": 1}
    assert failed(count(batch[2:])) == []
    assert votes(table) == {"norris": 2}
    assert {str(item["option_id"]).partition("#")[0] for item in table.scan()["Items"]} <= {*OPTIONS, "vote"}


def test_the_first_vote_not_counted_is_named(count: Count, table: Table):
    for option in OPTIONS:
        table.put_item(Item={"option_id": option, "last": {}})
    batch = [record(0, "norris"), record(1, "piastri"), record(2, "norris"), record(3, "piastri")]
    with failing(table, after_writes=1, error=THROTTLED):
        assert failed(count(batch)) == [batch[1]["kinesis"]["sequenceNumber"]]
    assert failed(count(batch[1:])) == []
    assert votes(table) == {"norris": 2, "piastri": 2}


def test_a_table_that_is_gone_is_a_transient_failure(
    functions: Functions, count: Count, monkeypatch: pytest.MonkeyPatch, log: Callable[[], list[dict[str, Any]]]
):
    consumer = functions("consumer")
    monkeypatch.setattr(consumer, "TABLE", consumer.open_table("NoSuchTable"))
    assert failed(count([record(0, "norris")])) == [record(0, "norris")["kinesis"]["sequenceNumber"]]
    assert log()[0]["failure"] == "transient"


def test_the_economical_way_writes_once_for_each_option_and_batch(functions: Functions, table: Table):
    # text fault 23: each vote was a write to its option's item, and the leader's takes 1,000 a second
    consumer = functions("consumer")
    names = list(OPTIONS)
    with counting(table) as calls:
        for start in (0, 1000):
            batch = [record(start + number, names[number % 3]) for number in range(1000)]
            consumer.lambda_handler({"Records": batch}, Context())
    assert calls == {"GetItem": 6, "UpdateItem": 9}  # three of them made the options' maps, once for ever
    assert sum(votes(table).values()) == 2000


def test_the_transactional_way_knows_a_vote_again_in_another_batch(functions: Functions, table: Table):
    consumer = functions("consumer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(consumer, "COUNT", count_by_vote)
        for number in range(3):
            consumer.lambda_handler({"Records": [record(number, "norris", "mine", shard=number % 2)]}, Context())
    assert votes(table) == {"norris": 1}


@pytest.mark.parametrize("counted_before", [0, 1])
@pytest.mark.parametrize("call", range(2))
def test_an_invocation_that_was_given_up_and_still_runs_adds_nothing(
    functions: Functions, table: Table, counted_before: int, call: int
):
    """Whichever of the other's calls it comes before, and whether or not votes of the shard were counted before."""
    consumer = functions("consumer")
    batch = [record(number, "norris") for number in range(4)]
    consumer.lambda_handler({"Records": batch[:counted_before]}, Context())
    calls = iter(range(100))

    def come_between(**_call: Any) -> None:
        if next(calls) == call:
            consumer.lambda_handler({"Records": batch[:3]}, Context())

    with at_calls(table, come_between, when="before-call"):
        assert failed(consumer.lambda_handler({"Records": batch}, Context())) == []
    assert votes(table) == {"norris": 4}


@pytest.mark.parametrize(("conflicts", "named"), [(2, 0), (100, 1)])
def test_votes_of_other_shards_at_the_same_moment_are_waited_for(
    functions: Functions, table: Table, monkeypatch: pytest.MonkeyPatch, conflicts: int, named: int
):
    consumer = functions("consumer")
    monkeypatch.setattr(consumer, "COUNT", count_by_vote)
    left = conflicts

    def conflict(**_call: Any) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise CONFLICT

    with at_calls(table, conflict, when="before-call"):
        assert len(failed(consumer.lambda_handler({"Records": [record(0, "norris")]}, Context()))) == named
    assert votes(table) == ({} if named else {"norris": 1})


THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "UpdateItem")
CONFLICT = ClientError(
    {
        "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
        "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
    },  # pyright: ignore[reportArgumentType]
    "TransactWriteItems",
)


class Crash(Exception):  # noqa: N818
    """The function dies."""


@contextmanager
def at_calls(table: Table, do: Callable[..., None], *, when: str) -> Iterator[None]:
    """Do something before or after each write to the table."""
    events = table.meta.client.meta.events
    names = [f"{when}.dynamodb.{operation}" for operation in ("UpdateItem", "TransactWriteItems")]
    for name in names:
        events.register(name, do)
    try:
        yield
    finally:
        for name in names:
            events.unregister(name, do)


@contextmanager
def failing(table: Table, *, after_writes: int, error: Exception, when: str = "before-call") -> Iterator[None]:
    """Let the write after so many fail, and all after it; with `after-call` it has happened all the same."""
    left = after_writes

    def fail(**_call: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise error

    with at_calls(table, fail, when=when):
        yield


@contextmanager
def counting(table: Table) -> Iterator[Counter[str]]:
    """Count the calls of DynamoDB by operation."""
    calls: Counter[str] = Counter()

    def count_one(model: Any, **_call: Any) -> None:
        calls[model.name] += 1

    table.meta.client.meta.events.register("before-call.dynamodb", count_one)
    try:
        yield calls
    finally:
        table.meta.client.meta.events.unregister("before-call.dynamodb", count_one)


@dataclass(frozen=True)
class Delivery:
    """What happens next: a batch of a shard, which may begin before the checkpoint, and where the function dies."""

    shard: int
    back: int
    length: int
    crash: tuple[int, str] | None


deliveries = st.builds(
    Delivery,
    shard=st.integers(0, 1),
    back=st.integers(0, 3),
    length=st.integers(1, 5),
    crash=st.none() | st.tuples(st.integers(0, 4), st.sampled_from(["before-call", "after-call"])),
)
options_or_poison = st.sampled_from([*OPTIONS, *OPTIONS, None])


@dataclass
class Shard:
    """A shard, and how far it is done."""

    records: list[Any]
    checkpoint: int = 0

    def deliver(self, handler: Callable[[Any, Any], Any], *, back: int, length: int) -> None:
        """Deliver a batch as a mapping does; what fails as the first of its batch is given up."""
        start = max(0, self.checkpoint - back)
        batch = self.records[start : start + length]
        if not batch:
            return
        numbers = [record["kinesis"]["sequenceNumber"] for record in batch]
        done = min((numbers.index(number) for number in failed(handler({"Records": batch}, Context()))), default=None)
        self.checkpoint = max(self.checkpoint, start + (len(batch) if done is None else done or 1))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    options=st.tuples(st.lists(options_or_poison, max_size=8), st.lists(options_or_poison, max_size=8)),
    plan=st.lists(deliveries, max_size=8),
)
@pytest.mark.parametrize("way", [count_by_option, count_by_vote])
def test_two_shards_any_replay_and_any_crash_count_every_vote_once(
    functions: Functions, table: Table, way: Any, options: tuple[list[str | None], ...], plan: list[Delivery]
):
    """Whatever comes again, in batches of whatever length, wherever the function dies: every vote counts once."""
    # text fault 22: a vote was added again at every retry
    shards = [
        Shard(
            [
                of_shard(kinesis_record(number, POISON), shard)
                if option is None
                else record(number, option, shard=shard)
                for number, option in enumerate(of_one)
            ]
        )
        for shard, of_one in enumerate(options)
    ]
    everything = Counter(option for of_one in options for option in of_one if option)
    assert_counted(functions, table, way, shards, plan, everything)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ids=st.tuples(st.lists(st.integers(0, 5), max_size=8), st.lists(st.integers(0, 5), max_size=8)),
    plan=st.lists(deliveries, max_size=8),
)
def test_requests_that_clients_repeat_count_once_in_transactions(
    functions: Functions, table: Table, ids: tuple[list[int], ...], plan: list[Delivery]
):
    names = list(OPTIONS)
    shards = [
        Shard([record(number, names[id_ % 3], f"vote-{id_}", shard=shard) for number, id_ in enumerate(of_one)])
        for shard, of_one in enumerate(ids)
    ]
    everything = Counter(names[id_ % 3] for id_ in {id_ for of_one in ids for id_ in of_one})
    assert_counted(functions, table, count_by_vote, shards, plan, everything)


def assert_counted(
    functions: Functions, table: Table, way: Any, shards: list[Shard], plan: list[Delivery], everything: Counter[str]
) -> None:
    consumer = functions("consumer")
    empty(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(consumer, "COUNT", way)
        for step in plan:
            writes, when = step.crash or (1000, "before-call")
            with failing(table, after_writes=writes, error=Crash(), when=when), suppress(Crash):
                shards[step.shard].deliver(consumer.lambda_handler, back=step.back, length=step.length)
            assert Counter(votes(table)) <= everything
        for shard in shards:
            while shard.checkpoint < len(shard.records):
                shard.deliver(consumer.lambda_handler, back=0, length=3)
    assert votes(table) == everything
