"""One call to the API: who calls, what for, and which stream is meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.cloud.kinesis.errors import in_use, invalid, not_found
from lab.cloud.kinesis.limits import Limits
from lab.cloud.kinesis.validation import validated

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.kinesis.model import Shard, Stream
    from lab.cloud.kinesis.store import Store

TRANSITION_SECONDS = 0.001
"""How long a stream is CREATING or UPDATING. On AWS it is half a minute; boto3's waiters look every ten seconds, so
that whoever sees CREATING once waits that long."""


@dataclass(slots=True)
class Surroundings:
    """What the operations work on.

    Attributes:
        store: the streams.
        limits: what shards take and serve.
        forward: told of accepted records: the stream's ARN, its partition keys and data.
        transition_seconds: how long a stream is CREATING or UPDATING.
    """

    store: Store
    limits: Limits = field(default_factory=Limits)
    forward: Callable[[str, list[tuple[str, bytes]]], None] | None = None
    transition_seconds: float = TRANSITION_SECONDS


@dataclass(slots=True)
class Call:
    """One call.

    Attributes:
        world: what it works on.
        operation: its name.
        request: what was sent: as it came at first, in its types after `validate`.
        account: whose call it is.
        region: where.
    """

    world: Surroundings
    operation: str
    request: dict[str, Any]
    account: str
    region: str

    def validate(self) -> None:
        """Bring the request's values into their types, or refuse it."""
        self.request = validated(self.operation, self.request)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a member of the request."""
        return self.request.get(name, default)

    def glance(self) -> Stream | None:
        """Return the stream that an unchecked request names plainly; None when it takes a closer look."""
        name, arn = self.request.get("StreamName"), self.request.get("StreamARN")
        if type(name) is str and arn is None:
            return self.world.store.get(self.account, self.region, name)
        if type(arn) is str and name is None:
            stream = self.world.store.by_arn(arn)
            return stream if stream and stream.arn == arn else None
        return None

    def stream(self) -> Stream:
        """Return the stream that a checked request means, by name, ARN or id.

        Raises:
            KinesisError: there is none.
        """
        name, arn, stream_id = self.get("StreamName"), self.get("StreamARN"), self.get("StreamId")
        if arn is not None:
            found = self.world.store.by_arn(arn)
            meant = arn.rsplit("/", 1)[-1]
            if found and found.arn != arn:
                found = None
            if name is not None and name != meant:
                raise invalid(f"StreamName {name} does not match the stream of StreamARN {arn}.")
            account = arn.split(":")[4] or self.account
        elif name is not None:
            found, meant, account = self.world.store.get(self.account, self.region, name), name, self.account
        elif stream_id is not None:
            found, meant, account = self.world.store.by_id(stream_id), stream_id, self.account
        else:
            raise invalid("Either StreamName or StreamARN must be provided.")
        if found is None or (stream_id is not None and found.stream_id != stream_id):
            raise not_found(f"Stream {meant} under account {account} not found.")
        return found

    def active_stream(self) -> Stream:
        """Return the stream that is meant, which must not be changing."""
        stream = self.stream()
        if stream.status != "ACTIVE":
            raise in_use(
                f"Stream {stream.name} under account {stream.account} not ACTIVE, instead in state {stream.status}"
            )
        return stream

    def shard(self, stream: Stream, name: str) -> Shard:
        """Return the shard of a stream that a request names."""
        shard = stream.shard_named(name)
        if shard is None:
            raise not_found(f"Could not find shard {name} in stream {stream.name} under account {stream.account}.")
        return shard

    def changed(self, stream: Stream) -> None:
        """Save a stream whose settings have changed."""
        self.world.store.save(stream)

    def updating(self, stream: Stream) -> None:
        """Save a stream that is UPDATING for a moment because of a change."""
        stream.be("UPDATING", self.world.transition_seconds)
        self.changed(stream)
