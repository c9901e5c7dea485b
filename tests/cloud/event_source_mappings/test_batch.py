"""The batch state machine: recorded cases, and properties under random outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.cloud.event_source_mappings import batch
from lab.cloud.event_source_mappings.batch import Condition, Policy, Record


def records(*numbers: int, arrived: float = 0.0) -> tuple[Record, ...]:
    return tuple(Record(f"{number:056d}", arrived) for number in numbers)


@dataclass
class Run:
    """Drives the machine and notes what it asked for; `answer` decides each invocation."""

    answer: object
    backoff: float = 1.0
    now: float = 0.0
    invoked: list[list[int]] = field(default_factory=list)
    discarded: list[tuple[list[int], str, int, str | None]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def __call__(self, state: batch.Batch, most_actions: int = 100_000) -> Run:
        for _ in range(most_actions):
            match batch.next_action(state, self.now, self.now):
                case batch.Finished():
                    return self
                case batch.Wait(until=until):
                    self.waits.append(until - self.now)
                    self.now = until
                case batch.Discard() as discard:
                    numbers = [int(r.sequence_number) for r in discard.records]
                    self.discarded.append(
                        (numbers, discard.condition.value, discard.invocations, discard.function_error)
                    )
                    state = batch.after_discard(state, discard)
                case batch.Invoke(records=invoked):
                    numbers = [int(r.sequence_number) for r in invoked]
                    self.invoked.append(numbers)
                    state = batch.after_invocation(state, self.answer(numbers), self.now, lambda _: self.backoff)
        raise AssertionError("the batch does not end")


def fails_on(*bad: int):
    return lambda numbers: batch.Failed() if set(bad) & set(numbers) else batch.Succeeded()


def reports(*bad: int):
    def answer(numbers: list[int]) -> batch.Outcome:
        failed = [index for index, number in enumerate(numbers) if number in bad]
        return batch.PartlyFailed(failed[0]) if failed else batch.Succeeded()

    return answer


def test_success_is_one_invocation():
    run = Run(fails_on())(batch.start(records(1, 2, 3), Policy()))
    assert run.invoked == [[1, 2, 3]]
    assert run.discarded == []


def test_an_empty_batch_has_ended():
    assert batch.next_action(batch.start((), Policy()), 0.0, 0.0) == batch.Finished()


def test_maximum_retry_attempts_n_gives_one_plus_n_invocations_then_discards():
    run = Run(fails_on(2))(batch.start(records(1, 2), Policy(maximum_retry_attempts=2)))
    assert run.invoked == [[1, 2]] * 3
    assert run.discarded == [([1, 2], "RetryAttemptsExhausted", 3, "Unhandled")]
    assert run.waits == [1.0, 1.0], "it waits before each retry, not before the discard"


def test_bisect_isolates_the_failing_record_and_a_split_uses_no_retry():
    run = Run(fails_on(3))(batch.start(records(1, 2, 3, 4), Policy(maximum_retry_attempts=1, bisect=True)))
    assert run.invoked == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [4]]
    assert run.discarded == [([3], "RetryAttemptsExhausted", 2, "Unhandled")]


def test_partial_answer_moves_the_checkpoint_and_restarts_the_count():
    """Recorded on AWS: batch [3, 4, 5], retries 3, 5 always fails: [3,4,5] then [5] four times, invoke count 4."""
    run = Run(reports(5))(batch.start(records(3, 4, 5), Policy(maximum_retry_attempts=3)))
    assert run.invoked == [[3, 4, 5], [5], [5], [5], [5]]
    assert run.discarded == [([5], "RetryAttemptsExhausted", 4, None)]


def test_failures_before_a_partial_answer_do_not_count_behind_it():
    answers = iter([batch.Failed(), batch.Failed(), batch.PartlyFailed(1), *[batch.Failed()] * 9])
    run = Run(lambda _: next(answers))(batch.start(records(1, 2), Policy(maximum_retry_attempts=3)))
    assert run.invoked == [[1, 2]] * 3 + [[2]] * 4
    assert run.discarded == [([2], "RetryAttemptsExhausted", 4, "Unhandled")]


def test_what_is_counted_starts_again_when_old_records_were_given_up():
    policy = Policy(maximum_retry_attempts=2, maximum_record_age_seconds=60)
    state = batch.start(records(1, arrived=0.0) + records(2, arrived=1000.0), policy)
    run = Run(fails_on(2), backoff=50.0, now=10.0)(state)
    assert [(numbers, condition) for numbers, condition, *_ in run.discarded] == [
        ([1], "RecordAgeExceeded"),
        ([2], "RetryAttemptsExhausted"),
    ]
    assert run.invoked == [[1, 2], [1, 2], [2], [2], [2]], "two failures with both, then three of its own"


def test_partial_answer_retries_everything_from_the_lowest_failure():
    run = Run(reports(2))(batch.start(records(1, 2, 3), Policy(maximum_retry_attempts=0)))
    assert run.invoked == [[1, 2, 3], [2, 3]]
    assert run.discarded == [([2, 3], "RetryAttemptsExhausted", 1, None)]


def test_partial_answer_with_bisect_saves_the_records_behind_the_bad_one():
    run = Run(reports(2))(batch.start(records(1, 2, 3, 4), Policy(maximum_retry_attempts=0, bisect=True)))
    assert run.discarded == [([2], "RetryAttemptsExhausted", 1, None)]
    assert run.invoked[-1][-1] == 4


def test_throttles_count_for_nothing():
    answers = iter([batch.Throttled()] * 5 + [batch.Failed(), batch.Succeeded()])
    run = Run(lambda _: next(answers))(batch.start(records(1), Policy(maximum_retry_attempts=1)))
    assert len(run.invoked) == 7
    assert run.discarded == []


def test_a_record_that_is_too_old_is_never_sent_and_the_others_are():
    state = batch.start(records(1, 2, arrived=0.0) + records(3, arrived=100.0), Policy(maximum_record_age_seconds=60))
    run = Run(fails_on(), now=110.0)(state)
    assert run.invoked == [[3]]
    assert run.discarded == [([1, 2], "RecordAgeExceeded", 1, None)]


def test_a_record_becomes_too_old_while_it_is_retried():
    run = Run(fails_on(1), backoff=25.0)(batch.start(records(1, arrived=0.0), Policy(maximum_record_age_seconds=60)))
    assert len(run.invoked) == 3
    assert [discard[1] for discard in run.discarded] == [Condition.RECORD_AGE_EXCEEDED.value]


def test_the_wait_grows_with_the_attempts():
    seen: list[int] = []
    state = batch.start(records(1), Policy(maximum_retry_attempts=3))
    now = 0.0
    while not isinstance(action := batch.next_action(state, now, now), batch.Discard):
        if isinstance(action, batch.Wait):
            now = action.until
        else:
            state = batch.after_invocation(state, batch.Failed(), now, lambda n: seen.append(n) or float(n))
    assert seen == [1, 2, 3, 4]


policies = st.builds(
    Policy,
    maximum_retry_attempts=st.integers(0, 4),
    maximum_record_age_seconds=st.sampled_from([-1, 60]),
    bisect=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), policy=policies, count=st.integers(1, 12))
def test_whatever_the_function_does_every_record_ends_once_and_in_order(
    data: st.DataObject, policy: Policy, count: int
):
    processed: list[int] = []

    def answer(numbers: list[int]) -> batch.Outcome:
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a run without gaps, in order"
        outcome = data.draw(
            st.one_of(
                st.just(batch.Succeeded()),
                st.just(batch.Failed()),
                st.builds(batch.PartlyFailed, st.integers(0, len(numbers) - 1)),
                st.just(batch.Throttled()) if data.draw(st.integers(0, 3)) == 0 else st.just(batch.Failed(None)),
            )
        )
        match outcome:
            case batch.Succeeded():
                processed.extend(numbers)
            case batch.PartlyFailed(lowest=lowest):
                processed.extend(numbers[:lowest])
        return outcome

    arrivals = data.draw(st.lists(st.floats(0, 100), min_size=count, max_size=count))
    state = batch.start(
        tuple(
            Record(f"{number:056d}", arrived) for number, arrived in zip(range(count), sorted(arrivals), strict=True)
        ),
        policy,
    )
    run = Run(answer, backoff=data.draw(st.sampled_from([0.0, 7.0])))(state)
    given_up = [number for numbers, *_ in run.discarded for number in numbers]
    assert sorted(processed + given_up) == list(range(count)), "nothing lost, nothing ended twice"
    assert processed == sorted(processed)
    for numbers, condition, invocations, _ in run.discarded:
        if condition == "RetryAttemptsExhausted":
            assert invocations == policy.maximum_retry_attempts + 1
            if policy.bisect and len(numbers) > 1:
                raise AssertionError("with bisect, only single records are given up for failing")


@settings(max_examples=200, deadline=None)
@given(policy=policies, count=st.integers(1, 12), bad=st.sets(st.integers(0, 11)), partial=st.booleans())
def test_a_function_that_always_fails_on_the_same_records_loses_only_what_the_policy_says(
    policy: Policy, count: int, bad: set[int], partial: bool
):
    run = Run((reports if partial else fails_on)(*bad), backoff=0.0)(batch.start(records(*range(count)), policy))
    given_up = {number for numbers, *_ in run.discarded for number in numbers}
    expected = {number for number in bad if number < count}
    assert expected <= given_up
    if policy.bisect:
        assert given_up == expected


def test_no_wait_depends_on_a_clock_that_somebody_sets():
    record = batch.Record("1", 1_000_000.0)
    state = batch.start((record,), Policy(maximum_record_age_seconds=60))
    state = batch.after_invocation(state, batch.Failed(), 5.0, lambda _: 2.0)
    an_hour_earlier, an_hour_later = record.arrived - 3600, record.arrived + 3600
    assert batch.next_action(state, an_hour_earlier, 6.0) == batch.Wait(7.0)
    assert batch.next_action(state, an_hour_earlier, 7.0) == batch.Invoke((record,))
    # A record's age is a matter of the time of day, on AWS as here.
    assert isinstance(batch.next_action(state, an_hour_later, 7.0), batch.Discard)
