"""One event source mapping: its configuration, its states, and the readers of its shards."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lab.cloud.emulator import functions
from lab.cloud.event_source_mappings.shard_reader import ShardReader
from lab.cloud.event_source_mappings.sources import Source, SourceGoneError, StartingPosition
from lab.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.event_source_mappings.clock import Clock
    from lab.cloud.event_source_mappings.delivery import Invoker
    from lab.cloud.event_source_mappings.sources import ShardRecord, Sources
    from lab.cloud.faults import Faults

DEFAULTS: dict[str, Any] = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
"""What CreateEventSourceMapping answers for what was not given (recorded on AWS)."""

_log = logging.getLogger("lab.event_source_mappings")

_EMPTY = ("FilterCriteria", "MetricsConfig")
"""What is left out of answers when there is nothing in it."""
NO_RECORDS = "No records processed"
SHARD_POLL_SECONDS = 1.0
"""How often new shards and withdrawn permissions are looked for, as Lambda polls an idle shard once a second."""
DELETE_SECONDS = 1.0
"""How long a mapping that is deleted waits for an invocation under way; what it comes to does not count then."""
STOP_SECONDS = 0.2
"""How long it waits when the cloud stops: whoever stops it waits too."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a mapping was created or updated with; `settings` are the API's own names and values."""

    uuid: str
    stream_arn: str
    function_arn: str
    role: str
    settings: dict[str, Any] = field(default_factory=dict[str, Any])

    def _get(self, name: str) -> Any:
        return self.settings.get(name, DEFAULTS[name])

    @property
    def function_name(self) -> str:
        """The function's name, without a qualifier."""
        return self.function_arn.split(":")[6]

    @property
    def batch_size(self) -> int:
        """Records a batch holds at most."""
        return self._get("BatchSize")

    @property
    def window_seconds(self) -> int:
        """How long records are gathered."""
        return self._get("MaximumBatchingWindowInSeconds")

    @property
    def parallelization_factor(self) -> int:
        """Batches of one shard that may be under way at once."""
        return self._get("ParallelizationFactor")

    @property
    def maximum_retry_attempts(self) -> int:
        """Retries of a failed batch; -1 until its records expire."""
        return self._get("MaximumRetryAttempts")

    @property
    def maximum_record_age_seconds(self) -> int:
        """Age from which a record is discarded; -1 never."""
        return self._get("MaximumRecordAgeInSeconds")

    @property
    def bisect(self) -> bool:
        """Whether a failed batch is split in two."""
        return self._get("BisectBatchOnFunctionError")

    @property
    def reports_batch_item_failures(self) -> bool:
        """Whether the function's answer is looked at."""
        return "ReportBatchItemFailures" in self._get("FunctionResponseTypes")

    @property
    def on_failure(self) -> str | None:
        """ARN of the on-failure destination."""
        return as_object(self._get("DestinationConfig").get("OnFailure")).get("Destination")

    @property
    def tumbling_window_seconds(self) -> int:
        """Length of the windows that are summed up; 0 for none."""
        return self._get("TumblingWindowInSeconds")

    @property
    def starting_position(self) -> StartingPosition:
        """Where reading begins."""
        return self.settings.get("StartingPosition", "TRIM_HORIZON")

    @property
    def starting_timestamp(self) -> float | None:
        """Where AT_TIMESTAMP begins, seconds since the epoch."""
        return self.settings.get("StartingPositionTimestamp")

    @property
    def filter_patterns(self) -> list[str]:
        """Filter patterns, as JSON texts."""
        filters: list[dict[str, str]] = as_object(self.settings.get("FilterCriteria")).get("Filters", [])
        return [each["Pattern"] for each in filters]

    @property
    def counts_events(self) -> bool:
        """Whether the metrics of single events are written (MetricsConfig)."""
        return "EventCount" in as_object(self.settings.get("MetricsConfig")).get("Metrics", [])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every mapping needs of the cloud it lives in."""

    invoke: Invoker
    clock: Clock
    sources: Sources
    faults: Faults
    trace: Callable[..., int]
    """Tells an event (lab/cloud/trace/events.py) and returns its id."""


class Mapping:
    """A mapping with its state.

    Args:
        configuration: what it was created with.
        surroundings: the cloud.
        changed: told that something to be stored has changed.
        enabled: whether it reads.
        positions: where each shard stands, from an earlier life: `{shard: {"after": …, "ended": …}}`.
    """

    def __init__(
        self,
        configuration: Configuration,
        surroundings: Surroundings,
        *,
        changed: Callable[[], None],
        enabled: bool = True,
        positions: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        self.configuration = configuration
        self.changed = changed
        self.enabled = enabled
        self.state = "Creating"
        self.last_result = NO_RECORDS
        self.last_modified = surroundings.clock.now()
        self.positions = positions or {}
        self.tags: dict[str, str] = {}
        self._surroundings = surroundings
        self._readers: dict[str, tuple[ShardReader, asyncio.Task[None]]] = {}
        self._may_read = (0.0, False)
        self._supervisor: asyncio.Task[None] | None = None
        self._changing: asyncio.Task[None] | None = None
        self._deleting: asyncio.Task[None] | None = None
        self._ending: list[asyncio.Task[None]] = []
        self._told: str | None = None

    # --- states ------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Become Enabled or Disabled, a moment after the answer that says Creating, Enabling or Updating."""
        self._change_to(enabled=self.enabled)

    def update(self, configuration: Configuration, *, enabled: bool | None) -> None:
        """Take a new configuration, and be switched on or off."""
        rebuild = configuration != self.configuration
        self.configuration = configuration
        self.last_modified = self._surroundings.clock.now()
        if enabled is None or enabled == self.enabled:
            self.state = "Updating" if self.enabled else "Disabled"
        else:
            self.state = "Enabling" if enabled else "Disabling"
            self.enabled = enabled
        self._change_to(enabled=self.enabled, restart=rebuild)

    def delete(self) -> asyncio.Task[None]:
        """Stop for good; return what ends when it has."""
        self.state = "Deleting"

        async def stop() -> None:
            await self.stop(DELETE_SECONDS)
            self._tell("mapping_deleted")

        self._deleting = asyncio.create_task(stop())
        return self._deleting

    def _change_to(self, *, enabled: bool, restart: bool = False) -> None:
        previous = self._changing

        async def change() -> None:
            if previous:
                await asyncio.wait([previous])
            if restart or not enabled:
                await self._stop_reading()
            if enabled and not self._supervisor:
                self._anchor()
                self._supervisor = asyncio.create_task(self._supervise())
            if self.state != "Deleting":
                self.state = "Enabled" if enabled else "Disabled"
                event = "mapping_enabled" if enabled else "mapping_disabled"
                if event != self._told:
                    self._told = event
                    self._tell(event)
            self.changed()

        self._changing = asyncio.create_task(change())

    async def stop(self, patience_seconds: float = STOP_SECONDS) -> None:
        """Stop reading; what is under way is given a moment, then its outcome no longer counts."""
        if self._changing:
            self._changing.cancel()
            await asyncio.wait([self._changing])
        await self._stop_reading(patience_seconds)
        for task in self._ending:
            task.cancel()

    async def _stop_reading(self, patience_seconds: float | None = None) -> None:
        """Begin nothing new and wait for the invocations under way.

        Args:
            patience_seconds: how long to wait; None until they have ended, at the function's timeout at the latest. A
                batch that is still under way must not be read by the next reader: records would be out of order.
        """
        if self._supervisor:
            self._supervisor.cancel()
        for reader, _task in self._readers.values():
            reader.stop()
        self._ending += [task for _reader, task in self._readers.values()]
        self._supervisor, self._readers = None, {}
        if self._ending:
            await asyncio.wait(self._ending, timeout=patience_seconds)
        self._ending = [task for task in self._ending if not task.done()]

    # --- reading -----------------------------------------------------------------------------------------------------

    def _source(self) -> Source:
        return self._surroundings.sources.of(self.configuration.stream_arn, self.configuration.role)

    def _anchor(self) -> None:
        """Fix where LATEST and AT_TIMESTAMP begin, once, before the mapping says that it is Enabled."""
        if self.positions:
            return
        configuration = self.configuration
        source = self._source()
        with contextlib.suppress(SourceGoneError):
            for shard in source.shards():
                after = source.start(shard.shard_id, configuration.starting_position, configuration.starting_timestamp)
                self.positions[shard.shard_id] = {"after": after}
                self._tell_shard("shard_found", shard.shard_id, parents=shard.parents, after=after)

    async def _supervise(self) -> None:
        """Start a reader for every shard whose parents have been read to their end."""
        while True:
            if self._role_changed():
                self._change_to(enabled=True, restart=True)
                return
            source = self._source()
            bell = source.bell()
            seen = bell.rings
            try:
                self._start_readers(source, source.shards())
            except SourceGoneError:
                # The mapping stays, as on AWS, until someone deletes it; a stream of the same name may come again.
                self._forget_ended_shards()
            except Exception:  # noqa: BLE001  (whatever it is)
                # A mapping that says that it is Enabled and reads nothing would be the worst of all answers.
                _log.exception("The shards of %s could not be looked for; trying again.", source.arn)
            await bell.wait(seen, SHARD_POLL_SECONDS)

    def _role_changed(self) -> bool:
        """Take over the role that the function has now; say whether it is another one."""
        function = functions.find_function(self.configuration.function_arn)
        if function is None or function.role == self.configuration.role:
            return False
        self.configuration = replace(self.configuration, role=function.role)
        return True

    def _forget_ended_shards(self) -> None:
        for shard_id in [shard_id for shard_id, position in self.positions.items() if position.get("ended")]:
            del self.positions[shard_id]
            self._readers.pop(shard_id, None)

    def _start_readers(self, source: Source, shards: list[ShardRecord]) -> None:
        known = {shard.shard_id for shard in shards}
        for shard in shards:
            position = self.positions.get(shard.shard_id, {})
            if shard.shard_id in self._readers or position.get("ended"):
                continue
            if any(parent in known and not self.positions.get(parent, {}).get("ended") for parent in shard.parents):
                continue  # a child starts when its parents have been read to their end
            # A shard that was not there at the start was made by a split or merge: it is read from its beginning.
            if shard.shard_id not in self.positions:
                self.positions[shard.shard_id] = {"after": None}
                self._tell_shard("shard_found", shard.shard_id, parents=shard.parents, after=None)
            position = self.positions[shard.shard_id]
            if known.intersection(shard.parents):
                self._tell_shard("child_started", shard.shard_id, parents=shard.parents, after=position["after"])
            else:
                self._tell_shard("shard_started", shard.shard_id, after=position["after"])
            reader = ShardReader(self, source, shard.shard_id, position, self._surroundings)
            task = asyncio.create_task(reader.run())
            task.add_done_callback(functools.partial(self._reader_ended, shard.shard_id))
            self._readers[shard.shard_id] = (reader, task)

    def _reader_ended(self, shard_id: str, task: asyncio.Task[None]) -> None:
        """Let a reader that broke be started again, from the checkpoint, at the next look for shards."""
        if not task.cancelled() and (error := task.exception()):
            _log.error("The reader of %s failed; it begins again at its checkpoint.", shard_id, exc_info=error)
            self._readers.pop(shard_id, None)

    def may_read(self) -> bool:
        """Say whether the function's role may still read the stream (looked at once a second)."""
        checked_at, allowed = self._may_read
        now = self._surroundings.clock.monotonic()
        if not checked_at or now - checked_at >= SHARD_POLL_SECONDS:
            allowed = self._source().readable_by(self.configuration.role)
            before = self._may_read[1] if checked_at else True
            self._may_read = (now, allowed)
            if allowed != before:
                self._tell("access_regained" if allowed else "access_lost")
        return allowed

    # --- the trace ---------------------------------------------------------------------------------------------------

    def _tell(self, event: str) -> None:
        configuration = self.configuration
        self._surroundings.trace(
            event,
            mapping=configuration.uuid,
            function=configuration.function_name,
            stream=configuration.stream_arn,
        )

    def _tell_shard(self, event: str, shard_id: str, **fields: Any) -> None:
        configuration = self.configuration
        self._surroundings.trace(
            event, mapping=configuration.uuid, function=configuration.function_name, shard=shard_id, **fields
        )

    # --- the API's view ----------------------------------------------------------------------------------------------

    def answer(self) -> dict[str, Any]:
        """Return the mapping as GetEventSourceMapping does."""
        configuration = self.configuration
        account, region = configuration.function_arn.split(":")[4], configuration.function_arn.split(":")[3]
        settings = {
            name: value for name, value in configuration.settings.items() if name not in _EMPTY or any(value.values())
        }
        return {
            **DEFAULTS,
            **settings,
            "UUID": configuration.uuid,
            "EventSourceMappingArn": f"arn:aws:lambda:{region}:{account}:event-source-mapping:{configuration.uuid}",
            "EventSourceArn": configuration.stream_arn,
            "FunctionArn": configuration.function_arn,
            "LastModified": self.last_modified,
            "LastProcessingResult": self.last_result,
            "State": self.state,
            "StateTransitionReason": "User action",
        }
