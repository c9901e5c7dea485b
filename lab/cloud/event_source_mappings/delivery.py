"""Performs what the batch state machine asks for: invokes, waits, tells the destination, reports what has ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from lab.cloud import emulator
from lab.cloud.event_source_mappings import batch, failure_message
from lab.cloud.event_source_mappings.collector import PAYLOAD_LIMIT_BYTES, Collected, payload
from lab.cloud.event_source_mappings.windows import Window, with_window
from lab.json_values import is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.cloud.event_source_mappings.clock import Clock
    from lab.cloud.event_source_mappings.mapping import Configuration
    from lab.cloud.event_source_mappings.metrics import Metrics
    from lab.cloud.event_source_mappings.sources import Source
    from lab.cloud.faults import Faults

DESTINATION_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What an invocation came to.

    Attributes:
        payload: what the function returned, JSON.
        function_error: None, or the kind of its error (`Unhandled`).
        throttled: the function had no free concurrency and was not invoked.
        executed_version: the function's version that was invoked.
    """

    payload: bytes = b"null"
    function_error: str | None = None
    throttled: bool = False
    executed_version: str = "$LATEST"


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
        source: the stream.
        shard_id: the shard.
        invoke: invokes the function.
        clock: time.
        faults: what was asked to go wrong.
        metrics: the mapping's.
        trace: tells what happens; returns the event's id.
        result: takes the mapping's LastProcessingResult.
        stopping: set when the mapping stops: the invocation under way may end, nothing new is begun.
    """

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        *,
        source: Source,
        shard_id: str,
        invoke: Invoker,
        clock: Clock,
        faults: Faults,
        metrics: Metrics,
        trace: Callable[..., int],
        result: Callable[[str], None],
        stopping: asyncio.Event,
    ) -> None:
        self._configuration = configuration
        self._source = source
        self._shard_id = shard_id
        self._invoke = invoke
        self._clock = clock
        self._faults = faults
        self._metrics = metrics
        self._trace = trace
        self._result = result
        self._stopping = stopping
        self._batch = 0
        self._executed_version = "$LATEST"

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
        self._batch = self._trace("batch_formed", **_span(state.pending))
        # Only a batch of one record is ever too large: the collector sees to it.
        if len(collected) == 1 and len(self._event(state.pending, texts, windowing)) > PAYLOAD_LIMIT_BYTES:
            too_large = batch.Condition.MAXIMUM_PAYLOAD_SIZE_EXCEEDED
            await self._discard(batch.Discard(state.pending, too_large, 1, None), texts)
            ended([record.sequence_number for record in state.pending])
            return
        while not self._stopping.is_set():
            before = state
            match batch.next_action(state, self._clock.now(), self._clock.monotonic()):
                case batch.Finished():
                    return
                case batch.Wait(until=until):
                    await self._wait(until)
                case batch.Discard() as discard:
                    await self._discard(discard, texts)
                    state = batch.after_discard(state, discard)
                case batch.Invoke(records=records):
                    outcome = await self._attempt(records, texts, windowing)
                    state = batch.after_invocation(state, outcome, self._clock.monotonic(), self._clock.backoff)
                    self._tell_next(before, outcome, state)
            if state is not before:
                left = {record.sequence_number for record in state.pending}
                ended([r.sequence_number for r in before.pending if r.sequence_number not in left])

    async def _wait(self, until: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until - self._clock.monotonic())):
                await self._stopping.wait()

    def _policy(self) -> batch.Policy:
        configuration = self._configuration()
        age = configuration.maximum_record_age_seconds
        # Without a limit a record is retried until it expires: then the stream no longer has it, on AWS neither.
        lives = self._source.retention_seconds()
        return batch.Policy(
            maximum_retry_attempts=configuration.maximum_retry_attempts,
            maximum_record_age_seconds=lives if age == batch.UNLIMITED else min(lives, self._clock.scaled(age)),
            bisect=configuration.bisect,
        )

    async def close_window(self, windowing: Windowing) -> None:
        """Invoke the function for the last time in a window, with no records; retried as a batch is."""
        failures = 0
        while not self._stopping.is_set():
            configuration = self._configuration()
            event = self._event((), {}, windowing, final=True)
            span = {"batch": None, "count": 0, **_window_span(windowing)}
            answer = await self._call(event, span)
            self._trace("outcome", **span, **_outcome_of(answer))
            if not answer.throttled:
                succeeded = answer.function_error is None
                self._result("OK" if succeeded else "PROBLEM: Function call failed")
                failures += not succeeded
                limit = configuration.maximum_retry_attempts
                if succeeded or (limit != batch.UNLIMITED and failures > limit):
                    early = windowing.window.ended_early
                    self._trace("window_closed", **_window_span(windowing), early=early, given_up=not succeeded)
                    windowing.closed()
                    return
            wait_seconds = self._clock.backoff(failures + 1)
            limit = configuration.maximum_retry_attempts
            span.pop("duration_ms")  # what it took is told with the outcome
            self._trace("retried", **span, failures=failures, maximum_retry_attempts=limit,
                        wait_seconds=round(wait_seconds, 3))  # fmt: skip
            await self._wait(self._clock.monotonic() + wait_seconds)

    async def _attempt(
        self, records: tuple[batch.Record, ...], texts: dict[str, str], windowing: Windowing | None
    ) -> batch.Outcome:
        event = self._event(records, texts, windowing)
        # Set by the moment the function is called, as on AWS: how far behind the newest record of the batch is.
        age_ms = max(0.0, (self._clock.now() - records[-1].arrived) * 1000)
        self._metrics.iterator_age(age_ms)
        span = {"batch": self._batch, **_span(records), **_window_span(windowing)}
        answer = await self._call(event, span, age_ms=round(age_ms, 1))
        outcome = self._meaning(answer, records, windowing)
        self._count(outcome, records)
        self._result("OK" if isinstance(outcome, batch.Succeeded) else "PROBLEM: Function call failed")
        self._trace("outcome", **{**span, **_outcome_of(answer), **_verdict(outcome, records)})
        return outcome

    def _event(
        self,
        records: tuple[batch.Record, ...],
        texts: dict[str, str],
        windowing: Windowing | None,
        *,
        final: bool = False,
    ) -> str:
        """Return what the function is invoked with."""
        event = payload([texts[record.sequence_number] for record in records])
        if not windowing:
            return event
        stream_arn = self._configuration().stream_arn
        return with_window(event, windowing.window, shard_id=self._shard_id, stream_arn=stream_arn, final=final)

    def _count(self, outcome: batch.Outcome, records: tuple[batch.Record, ...]) -> None:
        if not isinstance(outcome, batch.Throttled):
            self._metrics.count("InvokedEventCount", len(records))
        if isinstance(outcome, batch.PartlyFailed):
            self._metrics.count("FailedInvokeEventCount", len(records) - outcome.lowest)
        elif not isinstance(outcome, batch.Succeeded):
            self._metrics.count("FailedInvokeEventCount", len(records))

    async def _call(self, event: str, span: dict[str, Any], **fields: Any) -> Answer:
        """Invoke the function, tell it, and note how long it took."""
        self._trace("invoked", **span, **fields)
        began = self._clock.monotonic()
        answer = await self._invoke(self._configuration().function_arn, event.encode())
        span["duration_ms"] = round((self._clock.monotonic() - began) * 1000, 1)
        self._executed_version = answer.executed_version
        return answer

    def _meaning(self, answer: Answer, records: tuple[batch.Record, ...], windowing: Windowing | None) -> batch.Outcome:
        if answer.throttled:
            return batch.Throttled()
        if answer.function_error:
            return batch.Failed(answer.function_error)
        if windowing and not windowing.accept(answer.payload):
            return batch.Failed(None)  # an answer without a state
        if not self._configuration().reports_batch_item_failures:
            return batch.Succeeded()
        return read_partial_answer(answer.payload, [record.sequence_number for record in records])

    def _tell_next(self, before: batch.Batch, outcome: batch.Outcome, state: batch.Batch) -> None:
        """Tell what follows from an outcome that was no success: a split, another try."""
        if isinstance(outcome, batch.Succeeded) or not state.parts:
            return
        part = state.parts[0]
        if len(state.parts) > len(before.parts):
            sizes = [len(each.records) for each in state.parts[:2]]
            second = state.parts[1].records[0].sequence_number
            self._trace("split", batch=self._batch, **_span(before.parts[0].records), parts=sizes, second=second)
        limit = state.policy.maximum_retry_attempts
        if limit != batch.UNLIMITED and part.failures > limit:
            return  # given up: `discarded` tells it
        self._trace(
            "retried",
            batch=self._batch,
            **_span(part.records),
            failures=part.failures,
            maximum_retry_attempts=limit,
            wait_seconds=round(max(0.0, part.not_before - self._clock.monotonic()), 3),
        )

    async def _discard(self, discard: batch.Discard, texts: dict[str, str]) -> None:
        span = {"batch": self._batch, **_span(discard.records)}
        self._trace("discarded", **span, condition=discard.condition.value, invocations=discard.invocations)
        destination = self._configuration().on_failure
        told = bool(destination) and await self._tell_destination(destination, discard, texts, span)
        self._metrics.count(
            "OnFailureDestinationDeliveredEventCount" if told else "DroppedEventCount", len(discard.records)
        )

    async def _tell_destination(
        self, destination: str, discard: batch.Discard, texts: dict[str, str], span: dict[str, Any]
    ) -> bool:
        """Send the message about what was given up; say whether the destination took it."""
        configuration = self._configuration()
        message = failure_message.build(
            discard,
            kind=self._source.kind,
            stream_arn=configuration.stream_arn,
            shard_id=self._shard_id,
            function_arn=configuration.function_arn,
            executed_version=self._executed_version,
            now=self._clock.now(),
        )
        event = payload([texts[record.sequence_number] for record in discard.records])
        for attempt in range(1, DESTINATION_ATTEMPTS + 1):
            try:
                await self._send(destination, message, event, configuration)
            except emulator.DestinationError as error:
                wait_seconds = self._clock.backoff(attempt) if attempt < DESTINATION_ATTEMPTS else 0.0
                waits = {"wait_seconds": round(wait_seconds, 3)} if wait_seconds else {}
                self._trace("destination_failed", **span, destination=destination, attempt=attempt, reason=str(error),
                            **waits)  # fmt: skip
                self._metrics.destination_failed()
                await asyncio.sleep(wait_seconds)
            else:
                self._trace("destination_told", **span, destination=destination, attempt=attempt)
                return True
        return False

    async def _send(self, destination: str, message: dict[str, Any], event: str, configuration: Configuration) -> None:
        if refusal := self._faults.refusal(destination, configuration.function_name):
            raise emulator.DestinationError(refusal)
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


def _window_span(windowing: Windowing | None) -> dict[str, float]:
    """Return the trace's description of a tumbling window; nothing without one."""
    return {"window_start": windowing.window.start, "window_end": windowing.window.end} if windowing else {}


def _outcome_of(answer: Answer) -> dict[str, Any]:
    """Return the trace's description of an answer as Lambda itself sees it."""
    if answer.throttled:
        return {"outcome": "throttled"}
    if answer.function_error:
        return {"outcome": "failed", "error": answer.function_error, "error_type": _error_type(answer.payload)}
    return {"outcome": "succeeded"}


def _verdict(outcome: batch.Outcome, records: tuple[batch.Record, ...]) -> dict[str, Any]:
    """Return what the mapping makes of an answer, where that is another thing."""
    match outcome:
        case batch.PartlyFailed(lowest=lowest):
            return {"outcome": "partly_failed", "failed_from": records[lowest].sequence_number}
        case batch.Failed(function_error=None):
            return {"outcome": "failed", "error": None}
        case _:
            return {}


def _error_type(answer: bytes) -> str | None:
    """Return an error's type; its message may hold a record's data, which the trace never does."""
    try:
        parsed: Any = json.loads(answer or b"null")
    except ValueError:
        return None
    kind: Any = parsed.get("errorType") if is_object(parsed) else None
    return kind[:100] if isinstance(kind, str) else None
