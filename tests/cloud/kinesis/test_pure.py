"""Sequence numbers, hash ranges, lineage, records, limits, iterators, tokens, CBOR: what needs no cloud."""

from __future__ import annotations

import base64
import contextlib
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lab.cloud.kinesis import cbor, iterators, tokens
from lab.cloud.kinesis.errors import KinesisError
from lab.cloud.kinesis.hash_ranges import HashRange, Merge, Split, plan, uniform
from lab.cloud.kinesis.iterators import Iterator
from lab.cloud.kinesis.limits import Limits
from lab.cloud.kinesis.model import Shard, Stream, from_catalogue, to_catalogue
from lab.cloud.kinesis.records import Records
from lab.cloud.kinesis.sequence_numbers import DIGITS, Ticker, parse, seconds, sequence_number, suffix
from lab.hash_keys import HASH_KEYS, hash_key

# --- sequence numbers


@given(st.lists(st.tuples(st.integers(0, 2**52), st.integers(1, 500)), min_size=1, max_size=30))
def test_stamps_grow_whatever_the_clock_does(moments: list[tuple[int, int]]):
    clock = iter([moment for moment, _ in moments])
    ticker = Ticker(lambda: next(clock))
    last = -1
    for _, count in moments:
        first = ticker.next(count)
        assert first > last
        last = first + count - 1


def test_stamps_grow_over_a_restart_with_the_clock_set_back():
    before = Ticker(lambda: 1_000_000)
    last = before.next(10) + 9
    after = Ticker(lambda: 500_000)
    after.seen(last)
    assert after.next() > last


@given(st.integers(0, 10**18 - 1), st.integers(0, 10**18 - 1), st.integers(0, 10**12 - 1), st.integers(0, 10**18 - 1))
def test_a_sequence_number_has_56_digits_and_says_its_place(stamp: int, stream: int, shard: int, later: int):
    number = sequence_number(stamp, suffix(stream, shard))
    assert len(number) == DIGITS == 56
    assert parse(number) == (stamp, stream, shard)
    other = sequence_number(later, suffix(stream, 0))
    if stamp != later:
        assert (int(number) < int(other)) == (stamp < later)


@pytest.mark.parametrize("text", ["", "0", "49", "4" * 56, "49" + "x" * 54, "49" + "٣" * 54, "49" + "1" * 55])
def test_other_numbers_are_none_of_ours(text: str):
    assert parse(text) is None


def test_arrival_times_have_milliseconds():
    assert seconds(1_700_000_000_123_999) == 1_700_000_000.123


# --- hash ranges


def test_ranges_are_those_aws_makes():
    """The example of "DescribeStream" and the ranges recorded for three shards."""
    assert uniform(1) == [(0, HASH_KEYS - 1)]
    assert uniform(2)[0] == (0, 170141183460469231731687303715884105727)
    assert uniform(3) == [
        (0, 113427455640312821154458202477256070484),
        (113427455640312821154458202477256070485, 226854911280625642308916404954512140969),
        (226854911280625642308916404954512140970, 340282366920938463463374607431768211455),
    ]


def test_a_partition_key_is_hashed_by_md5():
    assert hash_key("a") == int("0cc175b9c0f1b6a831c399e269772661", 16)


def nearly_uniform(ranges: list[HashRange], count: int) -> bool:
    """Say whether ranges are uniform but for what rounding leaves."""
    wanted = uniform(count)
    return (
        len(ranges) == count
        and covers_everything(ranges)
        and all(abs(a.start - b.start) < 2**32 for a, b in zip(ranges, wanted, strict=True))
    )


def covers_everything(ranges: list[HashRange]) -> bool:
    starts = [0, *(each.end + 1 for each in ranges)]
    return starts == [*(each.start for each in ranges), HASH_KEYS]


@st.composite
def divisions(draw: st.DrawFn) -> list[HashRange]:
    cuts = sorted(draw(st.sets(st.integers(1, HASH_KEYS - 1), max_size=12)))
    return [HashRange(start, end - 1) for start, end in zip([0, *cuts], [*cuts, HASH_KEYS], strict=True)]


@given(st.one_of(divisions(), st.integers(1, 64).map(uniform)), st.integers(1, 80))
def test_a_plan_leads_to_uniform_ranges_by_possible_steps(ranges: list[HashRange], count: int):
    now = set(ranges)
    for step in plan(ranges, count):
        match step:
            case Split(whole, at):
                assert whole.start < at <= whole.end
                now.remove(whole)
                now |= {HashRange(whole.start, at - 1), HashRange(at, whole.end)}
            case Merge(left, right):
                assert left.end + 1 == right.start
                now -= {left, right}
                now.add(HashRange(left.start, right.end))
    assert nearly_uniform(sorted(now), count)


@given(st.integers(1, 64))
def test_doubling_splits_each_shard_halving_joins_two_and_what_is_right_is_not_touched(count: int):
    assert plan(uniform(count), count) == []
    assert [type(step) for step in plan(uniform(count), 2 * count)] == [Split] * count
    assert [type(step) for step in plan(uniform(2 * count), count)] == [Merge] * count


# --- lineage


class Lineage(RuleBasedStateMachine):
    """Splits, merges and scales at random: nobody is lost, parents are older than their children."""

    @initialize(count=st.integers(1, 6))
    def begin(self, count: int) -> None:
        self.ticker = Ticker(lambda: 0)
        self.stream = Stream("s", "1", "r", "id", self.ticker.next())
        self.stream.add_shards(count, self.ticker)

    def open_shard(self, which: int) -> Shard:
        return self.stream.open_shards[which % len(self.stream.open_shards)]

    @rule(which=st.integers(0, 100), part=st.floats(0.01, 0.99))
    def split(self, which: int, part: float) -> None:
        shard = self.open_shard(which)
        width = shard.hashes.end - shard.hashes.start
        if width > 1000:
            self.stream.split(shard, shard.hashes.start + 1 + int(width * part), self.ticker)

    @rule(which=st.integers(0, 100))
    def merge(self, which: int) -> None:
        if len(self.stream.open_shards) > 1:
            position = which % (len(self.stream.open_shards) - 1)
            first, second = self.stream.open_shards[position : position + 2]
            self.stream.merge(first, second, self.ticker)
            (child,) = self.stream.children_of(first)
            assert child.parents == (first.number, second.number)

    @rule(count=st.integers(1, 20))
    def scale(self, count: int) -> None:
        self.stream.scale(count, self.ticker)
        assert nearly_uniform([shard.hashes for shard in self.stream.open_shards], count)

    @invariant()
    def open_shards_take_every_key_once(self) -> None:
        ranges = [shard.hashes for shard in self.stream.open_shards]
        assert covers_everything(ranges)
        for key in (0, HASH_KEYS - 1, *(each.start for each in ranges)):
            shard = self.stream.shard_for(key)
            assert shard.closed is None
            assert shard.hashes.start <= key <= shard.hashes.end

    @invariant()
    def children_begin_after_their_parents_have_ended(self) -> None:
        for shard in self.stream.shards.values():
            assert len(shard.parents) <= 2
            for parent in (self.stream.shards[number] for number in shard.parents):
                assert parent.closed is not None
                assert parent.opened < parent.closed < shard.opened
                assert parent.hashes.start <= shard.hashes.end
                assert shard.hashes.start <= parent.hashes.end
            closed = shard.closed is not None
            assert closed == bool(self.stream.children_of(shard))

    @invariant()
    def the_catalogue_holds_it_all(self) -> None:
        again = from_catalogue(to_catalogue(self.stream, self.ticker.last))
        assert to_catalogue(again, self.ticker.last) == to_catalogue(self.stream, self.ticker.last)


TestLineage = Lineage.TestCase
TestLineage.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)


# --- records


@given(st.lists(st.integers(1, 5), max_size=40), st.integers(0, 120), st.integers(1, 50), st.integers(0, 60))
def test_records_are_read_as_from_a_list(gaps: list[int], after: int, limit: int, most_bytes: int):
    records, model, stamp = Records(suffix(1, 2)), [], 0
    for gap in gaps:
        stamp += gap
        records.append(stamp, f"k{stamp}", b"x" * gap)
        model.append((stamp, b"x" * gap))
    expected = [pair for pair in model if pair[0] > after][:limit]
    got = records.read(after, limit)
    assert [(int(r.sequence_number[2:20]), r.data) for r in got] == expected
    bounded = records.read(after, limit, most_bytes)
    assert bounded == got[: len(bounded)]
    assert sum(len(r.data) for r in bounded) <= most_bytes or len(bounded) == 1
    assert len(bounded) == len(got) or sum(len(r.data) for r in got[: len(bounded) + 1]) > most_bytes
    assert records.count_after(after) == sum(s > after for s, _ in model)
    assert records.first_after(after) == next((s for s, _ in model if s > after), None)
    records.expire(after)
    assert len(records) == sum(s >= after for s, _ in model)


# --- limits


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_shard_takes_1000_records_or_1_mib_a_second():
    time = Time()
    limits = Limits(enforce=True, clock=time)
    assert [limits.allow_write((1, 0), 10) for _ in range(1001)] == [True] * 1000 + [False]
    assert limits.allow_write((1, 1), 10), "each shard has a budget of its own"
    time.now += 1
    assert sum(limits.allow_write((1, 0), 1024) for _ in range(2000)) == 1000
    time.now += 1
    assert sum(limits.allow_write((1, 0), 100 * 1024) for _ in range(100)) == 10


def test_a_record_larger_than_a_second_s_worth_needs_a_full_budget_and_leaves_a_debt():
    time = Time()
    limits = Limits(clock=time)
    assert limits.allow_write((1, 0), 3 * 1024 * 1024)
    time.now += 1.5
    assert not limits.allow_write((1, 0), 1)
    time.now += 0.6
    assert limits.allow_write((1, 0), 1)


def test_a_shard_serves_five_reads_a_second_and_rests_after_10_mb():
    time = Time()
    limits = Limits(clock=time)
    assert [limits.allow_read((1, 0)) for _ in range(6)] == [True] * 5 + [False]
    time.now += 1
    assert limits.allow_read((1, 0))
    limits.count_read((1, 0), 10 * 1024 * 1024)
    time.now += 3
    assert not limits.allow_read((1, 0))
    time.now += 2
    assert limits.allow_read((1, 0))


def test_a_stream_may_differ_from_the_cloud():
    limits = Limits(streams={"a": True})
    assert limits.on_writes_to("a")
    assert not limits.on_writes_to("b")
    limits.enforce = True
    limits.streams["a"] = False
    assert not limits.on_writes_to("a")
    assert limits.on_writes_to("b")


# --- iterators and tokens

LONGEST_ARN = f"arn:aws:kinesis:ap-southeast-2:123456789012:stream/{'x' * 128}"


@given(st.integers(0, 2**60), st.integers(0, 10**6), st.integers(0, 2**60), st.integers(0, 2**45))
def test_an_iterator_comes_back_and_fits_into_what_aws_allows(stream: int, shard: int, after: int, made: int):
    iterator = Iterator(LONGEST_ARN, stream, shard, after, made)
    text = iterators.encode(iterator)
    assert len(text) <= 512
    assert iterators.decode(text) == iterator
    assert iterators.stream_arn(text) == LONGEST_ARN


@given(st.one_of(st.text(max_size=50), st.binary(max_size=60).map(lambda raw: base64.b64encode(raw).decode())))
def test_other_texts_are_no_iterators_and_no_tokens(text: str):
    assert iterators.decode(text) is None
    with pytest.raises(KinesisError, match="NextToken"):
        tokens.decode("ListShards", text)


def test_a_token_is_good_for_its_operation_for_300_seconds(monkeypatch: pytest.MonkeyPatch):
    token = tokens.encode("ListShards", after="x")
    assert tokens.decode("ListShards", token) == {"after": "x"}
    with pytest.raises(KinesisError, match="invalid"):
        tokens.decode("ListStreams", token)
    now = tokens.time.time()
    monkeypatch.setattr(tokens.time, "time", lambda: now + 301)
    with pytest.raises(KinesisError) as expired:
        tokens.decode("ListShards", token)
    assert expired.value.code == "ExpiredNextTokenException"


# --- CBOR

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=10) | st.binary(max_size=10)
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(values)
def test_cbor_comes_back(value: Any):
    assert cbor.decode(cbor.encode(value)) == value


@given(st.binary(max_size=40))
def test_cbor_of_a_stranger_is_a_value_or_a_value_error(content: bytes):
    with contextlib.suppress(ValueError):
        cbor.decode(content)


def test_cbor_as_aws_s_libraries_write_it():
    """A map of unknown length, texts in chunks, a time in milliseconds (RFC 8949, appendix A; the Java SDK's form)."""
    content = b"\xbf\x61a\x7f\x61b\x61c\xff\x61t\xc1\x1b\x00\x00\x01\x8b\xcf\xe5\x68\x7b\x61n\x9f\x01\x20\xff\xff"
    assert cbor.decode(content) == {"a": "bc", "t": 1700000000.123, "n": [1, -1]}
    assert cbor.encode({"t": cbor.Timestamp(1700000000.123)}) == b"\xa1\x61t\xc1\x1b\x00\x00\x01\x8b\xcf\xe5\x68\x7b"
    assert math.isclose(cbor.decode(b"\xf9\x3e\x00"), 1.5)


def test_cbor_that_nests_without_end_is_refused():
    with pytest.raises(ValueError, match="deep"):
        cbor.decode(b"\x81" * 10_000 + b"\x01")
