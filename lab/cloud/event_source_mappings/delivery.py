"""Performs what the batch state machine asks for: invokes, waits, tells the destination, reports what has ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from lab.cloud import emulator
from lab.cloud.event_source_mappings import batch, failure_message
from lab.cloud.event_source_mappings.collector import Collected, payload
from lab.cloud.event_source_mappings.windows import Window, with_window
from lab.json_values import is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.cloud.event_source_mappings.clock import Clock
    from lab.cloud.event_source_mappings.mapping import Configuration
    from lab.cloud.event_source_mappings.sources import SourceKind

DESTINATION_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What an invocation came to.

    Attributes:
        payload: what the function returned, JSON.
        function_error: None, or the kind of its error (`Unhandled`).
        throttled: the function had no free concurrency and was not invoked.
    """

    payload: bytes = b"null"
    function_error: str | None = None
    throttled: bool = False


class Windowing:
    """The tumbling window a shard is in, kept with its checkpoint.

    Args:
        window: the window.
        keep: takes the window whenever it changes, None when it is closed.
    """

    def __init__(self, window: Window, keep: Callable[[Window | None], None]) -> None:
        self.window = window
        self._keep = keep
        keep(window)

    def accept(self, answer: bytes) -> bool:
        """Take over the state in an answer; say whether there is one."""
        accepted = self.window.accept(answer)
        if accepted is None:
            return False
        self.window = accepted
        self._keep(accepted)
        return True

    def closed(self) -> None:
        """Forget the window."""
        self._keep(None)


class Invoker(Protocol):
    """Invokes a function."""

    async def __call__(self, function_arn: str, event: bytes) -> Answer:
        """Invoke it and wait for the answer; never raises for what the function does."""
        ...


class Delivery:
    """Delivers the batches of one shard.

    Args:
        configuration: reads the mapping's current configuration; an update counts from the next action on.
        kind: kind of the stream.
        shard_id: the shard.
        invoke: invokes the function.
        clock: time.
        trace: tells what happens.
        result: takes the mapping's LastProcessingResult.
        stopping: set when the mapping stops: the invocation under way may end, nothing new is begun.
    """

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        *,
        kind: SourceKind,
        shard_id: str,
        invoke: Invoker,
        clock: Clock,
        trace: Callable[..., None],
        result: Callable[[str], None],
        stopping: asyncio.Event,
    ) -> None:
        self._configuration = configuration
        self._kind: SourceKind = kind
        self._shard_id = shard_id
        self._invoke = invoke
        self._clock = clock
        self._trace = trace
        self._result = result
        self._stopping = stopping

    async def deliver(
        self, collected: list[Collected], ended: Callable[[Iterable[str]], None], windowing: Windowing | None = None
    ) -> None:
        """Work one batch through until every record of it has ended.

        Args:
            collected: the batch.
            ended: told the sequence numbers of records that have ended, as soon as they have.
            windowing: the tumbling window that all of the batch belongs to.
        """
        texts = {each.record.sequence_number: each.text for each in collected}
        state = batch.start(tuple(each.record for each in collected), self._policy())
        self._trace("batch_formed", **_span(state.pending))
        while not self._stopping.is_set():
            before = state
            match batch.next_action(state, self._clock.now()):
                case batch.Finished():
                    return
                case batch.Wait(until=until):
                    await self._wait(until)
                case batch.Discard() as discard:
                    await self._discard(discard, texts)
                    state = batch.after_discard(state, discard)
                case batch.Invoke(records=records):
                    outcome = await self._attempt(records, texts, windowing)
                    state = batch.after_invocation(state, outcome, self._clock.now(), self._clock.backoff)
                    self._tell(records, outcome, state)
            if state is not before:
                left = {record.sequence_number for record in state.pending}
                ended([r.sequence_number for r in before.pending if r.sequence_number not in left])

    async def _wait(self, until: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until - self._clock.now())):
                await self._stopping.wait()

    def _policy(self) -> batch.Policy:
        configuration = self._configuration()
        age = configuration.maximum_record_age_seconds
        return batch.Policy(
            maximum_retry_attempts=configuration.maximum_retry_attempts,
            maximum_record_age_seconds=age if age == batch.UNLIMITED else self._clock.scaled(age),
            bisect=configuration.bisect,
        )

    async def close_window(self, windowing: Windowing) -> None:
        """Invoke the function for the last time in a window, with no records; retried as a batch is."""
        failures = 0
        while not self._stopping.is_set():
            configuration = self._configuration()
            event = with_window(payload([]), windowing.window, shard_id=self._shard_id,
                                stream_arn=configuration.stream_arn, final=True)  # fmt: skip
            self._trace("window_closing", start=windowing.window.start, early=windowing.window.ended_early)
            answer = await self._invoke(configuration.function_arn, event.encode())
            if not answer.throttled:
                succeeded = answer.function_error is None
                self._result("OK" if succeeded else "PROBLEM: Function call failed")
                failures += not succeeded
                limit = configuration.maximum_retry_attempts
                if succeeded or (limit != batch.UNLIMITED and failures > limit):
                    self._trace("window_closed", start=windowing.window.start, given_up=not succeeded)
                    windowing.closed()
                    return
            await self._wait(self._clock.now() + self._clock.backoff(failures + 1))

    async def _attempt(
        self, records: tuple[batch.Record, ...], texts: dict[str, str], windowing: Windowing | None
    ) -> batch.Outcome:
        configuration = self._configuration()
        event = payload([texts[record.sequence_number] for record in records])
        if windowing:
            event = with_window(event, windowing.window, shard_id=self._shard_id,
                                stream_arn=configuration.stream_arn, final=False)  # fmt: skip
        self._trace("invoked", **_span(records))
        # Set by the moment the function is called, as on AWS: how far behind the newest record of the batch is.
        age_milliseconds = max(0.0, (self._clock.now() - records[-1].arrived) * 1000)
        dimensions = {"FunctionName": configuration.function_name}
        emulator.record_metric("AWS/Lambda", "IteratorAge", age_milliseconds, "Milliseconds", dimensions)
        answer = await self._invoke(configuration.function_arn, event.encode())
        if answer.throttled:
            return batch.Throttled()
        if answer.function_error:
            return batch.Failed(answer.function_error)
        if windowing and not windowing.accept(answer.payload):
            return batch.Failed(None)  # an answer without a state
        if not configuration.reports_batch_item_failures:
            return batch.Succeeded()
        return read_partial_answer(answer.payload, [record.sequence_number for record in records])

    def _tell(self, records: tuple[batch.Record, ...], outcome: batch.Outcome, state: batch.Batch) -> None:
        succeeded = isinstance(outcome, batch.Succeeded)
        self._result("OK" if succeeded else "PROBLEM: Function call failed")
        self._trace(
            "outcome",
            outcome=type(outcome).__name__,
            parts=[len(part.records) for part in state.parts],
            wait_seconds=round(max(0.0, state.parts[0].not_before - self._clock.now()), 3) if state.parts else 0,
            **_span(records),
        )

    async def _discard(self, discard: batch.Discard, texts: dict[str, str]) -> None:
        self._trace(
            "discarded", condition=discard.condition.value, invocations=discard.invocations, **_span(discard.records)
        )
        configuration = self._configuration()
        destination = configuration.on_failure
        if not destination:
            return
        message = failure_message.build(
            discard,
            kind=self._kind,
            stream_arn=configuration.stream_arn,
            shard_id=self._shard_id,
            function_arn=configuration.function_arn,
            now=self._clock.now(),
        )
        event = payload([texts[record.sequence_number] for record in discard.records])
        for attempt in range(1, DESTINATION_ATTEMPTS + 1):
            try:
                await self._send(destination, message, event, configuration)
            except emulator.DestinationError as error:
                self._trace("destination_failed", destination=destination, reason=str(error))
                dimensions = {"FunctionName": configuration.function_name}
                emulator.record_metric("AWS/Lambda", "DestinationDeliveryFailures", 1, "Count", dimensions)
                await asyncio.sleep(self._clock.backoff(attempt))
            else:
                return

    async def _send(self, destination: str, message: dict[str, Any], event: str, configuration: Configuration) -> None:
        service = destination.split(":")[2]
        action = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "s3": "s3:PutObject"}[service]
        resource = f"{destination}/*" if service == "s3" else destination
        if not emulator.role_may(configuration.role, action, resource):
            raise emulator.DestinationError(f"{configuration.role} may not {action} on {resource}")
        if service == "sqs":
            await emulator.send_to_queue(destination, json.dumps(message))
        elif service == "sns":
            await emulator.publish_to_topic(destination, json.dumps(message))
        else:
            key = failure_message.object_key(configuration.uuid, self._shard_id, self._clock.now())
            body = json.dumps(failure_message.with_payload(message, event)).encode()
            await emulator.put_object(destination.split(":::")[1], key, body)


def read_partial_answer(answer: bytes, sequence_numbers: list[str]) -> batch.Outcome:
    """Return what an answer means under ReportBatchItemFailures ("Configuring partial batch response").

    Nothing, null, an empty object or an empty list of failures is success. An identifier that is not in the batch,
    empty, or under a wrong key fails the whole batch.
    """
    try:
        parsed: Any = json.loads(answer or b"null")
    except ValueError:
        return batch.Failed(None)
    if not is_object(parsed):
        # Recorded on AWS: "", [] and null are success.
        return batch.Failed(None) if parsed else batch.Succeeded()
    failures: Any = parsed.get("batchItemFailures")
    if not failures:
        return batch.Succeeded()
    places = {sequence_number: index for index, sequence_number in enumerate(sequence_numbers)}
    try:
        return batch.PartlyFailed(min(places[failure["itemIdentifier"]] for failure in failures))
    except (KeyError, TypeError):
        return batch.Failed(None)


def _span(records: tuple[batch.Record, ...]) -> dict[str, Any]:
    """Return the trace's description of records: how many, from where to where."""
    if not records:
        return {"count": 0}
    return {"count": len(records), "first": records[0].sequence_number, "last": records[-1].sequence_number}
