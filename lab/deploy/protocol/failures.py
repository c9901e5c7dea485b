"""What a provider's failure says beside its message: whether anything was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_REFUSALS = frozenset(
    {
        "ABORTED",
        "ALREADY_EXISTS",
        "FAILED_PRECONDITION",
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "OUT_OF_RANGE",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "UNAUTHENTICATED",
        "UNIMPLEMENTED",
    }
)


def is_refusal(code: object) -> bool:
    """Say whether a gRPC status tells that nothing was done.

    Pulumi's engine takes what it asked for as unknown after `UNKNOWN`, `INTERNAL` and `DATA_LOSS` (its
    `resourceStateAndError`). So does ours, and after `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `CANCELLED` and what is no
    status as well: there the answer is missing, not the deed.

    Args:
        code: a `grpc.StatusCode`; by its name, because grpc takes long to import and who only reads needs none of it.
    """
    return getattr(code, "name", "") in _REFUSALS


class InitFailedError(Exception):
    """A resource was made, or changed, but did not come up as asked.

    The engine keeps such a resource with its `initErrors` and updates it on the next run. Over gRPC this is the status
    detail `ErrorResourceInitFailed`.

    Args:
        resource_id: the id of what was made.
        properties: its outputs, plain.
        reasons: what is wrong with it, for a person.
    """

    def __init__(self, resource_id: str, properties: Mapping[str, Any], reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.resource_id = resource_id
        self.properties = dict(properties)
        self.reasons = list(reasons)
