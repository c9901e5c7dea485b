"""The batch machine against a model of the facts that was written without it: random outcomes, every policy."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.cloud.event_source_mappings import batch
from lab.cloud.event_source_mappings.delivery import read_partial_answer
from tests.cloud.event_source_mappings.model import FOR_EVER, Discarded, Model, Reply, Rules

MOST_STEPS = 2_000
MALFORMED = [
    '{"batchItemFailures": [{"itemIdentifier": "none of these"}]}',
    '{"batchItemFailures": [{"itemIdentifier": ""}]}',
    '{"batchItemFailures": [{"itemIdentifier": null}]}',
    '{"batchItemFailures": [{"itemIdentifier": 3}]}',
    '{"batchItemFailures": [{"identifier": "0"}]}',
    '{"batchItemFailures": ["0"]}',
    '{"batchItemFailures": "0"}',
    '{"batchItemFailures": [{"itemIdentifier": "0"}, {}]}',
]
SUCCESS = ['""', "[]", "null", "{}", '{"batchItemFailures": []}', '{"batchItemFailures": null}']


def names(records: list[int]) -> bytes:
    return json.dumps({"batchItemFailures": [{"itemIdentifier": str(record)} for record in records]}).encode()


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    kind = draw(st.sampled_from(["throttle", "error", "succeeds", "malformed", "names", "names"]))
    match kind:
        case "throttle" | "error":
            return Reply(kind)
        case "names":
            return Reply("answer", names(draw(st.lists(st.integers(0, 9), min_size=1, max_size=3))))
        case _:
            return Reply("answer", draw(st.sampled_from(SUCCESS if kind == "succeeds" else MALFORMED)).encode())


RULES = st.builds(
    Rules,
    retries=st.sampled_from([FOR_EVER, 0, 1, 2, 5]),
    age=st.sampled_from([FOR_EVER, 3, 20, 90]),
    bisect=st.booleans(),
    reports=st.booleans(),
)


@dataclass
class Machine:
    """The real machine, driven as `delivery` drives it, with a clock that is only ever told the time."""

    arrivals: list[float]
    rules: Rules
    now: float = 0.0
    state: batch.Batch = field(init=False)

    def __post_init__(self) -> None:
        records = tuple(batch.Record(str(number), arrived) for number, arrived in enumerate(self.arrivals))
        policy = batch.Policy(self.rules.retries, self.rules.age, self.rules.bisect)
        self.state = batch.start(records, policy)

    @property
    def checkpoint(self) -> int:
        pending = self.state.pending
        return int(pending[0].sequence_number) if pending else len(self.arrivals)

    def due(self) -> batch.Invoke | batch.Discard | batch.Finished:
        """Return the next action, having waited for it; a wait always ends later than it began."""
        while isinstance(action := batch.next_action(self.state, self.now, self.now), batch.Wait):
            assert action.until > self.now
            self.now = action.until
        return action

    def replied(self, reply: Reply, records: tuple[batch.Record, ...], seconds: float) -> None:
        self.now += seconds
        self.state = batch.after_invocation(
            self.state, self._outcome(reply, records), self.now, lambda attempt: attempt
        )

    def _outcome(self, reply: Reply, records: tuple[batch.Record, ...]) -> batch.Outcome:
        match reply.kind:
            case "throttle":
                return batch.Throttled()
            case "error":
                return batch.Failed("Unhandled")
            case "answer":
                if not self.rules.reports:
                    return batch.Succeeded()
                return read_partial_answer(reply.answer, [record.sequence_number for record in records])


def numbers(records: tuple[batch.Record, ...]) -> list[int]:
    return [int(record.sequence_number) for record in records]


@settings(max_examples=300, deadline=None)
@given(
    gaps=st.lists(st.sampled_from([0.0, 0.5, 7.0]), max_size=10),
    late=st.sampled_from([0.25, 4.25, 30.25]),
    rules=RULES,
    said=st.lists(st.tuples(replies(), st.sampled_from([0.0, 1.0, 13.0])), max_size=40),
)
def test_the_machine_does_what_the_model_of_the_facts_does(
    gaps: list[float], late: float, rules: Rules, said: list[tuple[Reply, float]]
):
    """Compare, step by step: what was delivered, what was given up and how it is told, and the checkpoint.

    Args:
        gaps: between the records' arrivals, seconds.
        late: after the last arrival the batch is formed.
        rules: the mapping's settings.
        said: what the function says and how long it takes to, one after the other; then it succeeds.
    """
    arrivals = [sum(gaps[: number + 1]) for number in range(len(gaps))]
    model, machine = Model(arrivals, rules), Machine(arrivals, rules, now=sum(gaps) + late)
    to_say = iter(said)
    for _ in range(MOST_STEPS):
        action = machine.due()
        expected = model.expected(machine.now)
        assert machine.checkpoint == model.checkpoint
        match action:
            case batch.Finished():
                assert expected is None
                return
            case batch.Discard():
                found = Discarded(
                    tuple(numbers(action.records)), action.condition.value, action.invocations, action.function_error
                )
                if found.condition == "RecordAgeExceeded":  # then the message has no responseContext
                    found = Discarded(found.records, found.condition, found.invocations, None)
                assert found == expected
                machine.state = batch.after_discard(machine.state, action)
                model.gave_up(found)
            case batch.Invoke():
                assert numbers(action.records) == expected
                reply, seconds = next(to_say, (Reply("answer", b"null"), 0.0))
                machine.replied(reply, action.records, seconds)
                model.replied(reply)
    raise AssertionError("the batch did not end")
