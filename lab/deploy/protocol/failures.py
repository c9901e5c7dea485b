"""The one failure of a provider that is more than a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
