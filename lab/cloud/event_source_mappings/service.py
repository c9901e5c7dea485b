"""All event source mappings of this cloud."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

from lab.cloud.event_source_mappings.mapping import Configuration, Mapping, Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Mappings:
    """The mappings by UUID.

    Args:
        surroundings: what mappings need of the cloud.
        changed: told whenever something is to be saved: a mapping, or the checkpoint of one of its shards.
    """

    def __init__(self, surroundings: Surroundings, changed: Callable[[], None]) -> None:
        self.changed = changed
        self._surroundings = surroundings
        self._mappings: dict[str, Mapping] = {}

    def __iter__(self) -> Iterator[Mapping]:
        return iter(list(self._mappings.values()))

    def get(self, mapping_id: str) -> Mapping | None:
        """Return a mapping, None when there is none of this id."""
        return self._mappings.get(mapping_id)

    def create(
        self, *, stream_arn: str, function_arn: str, role: str, settings: dict[str, Any], enabled: bool,
        tags: dict[str, str],
    ) -> Mapping:  # fmt: skip
        """Create a mapping; it begins to read a moment later."""
        configuration = Configuration(str(uuid.uuid4()), stream_arn, function_arn, role, settings)
        mapping = Mapping(configuration, self._surroundings, changed=self.changed, enabled=enabled)
        mapping.tags = tags
        self._mappings[configuration.uuid] = mapping
        mapping.begin()
        return mapping

    def delete(self, mapping: Mapping) -> None:
        """Let a mapping stop, and forget it when it has; until then it is Deleting."""

        def forget(_done: object) -> None:
            self._mappings.pop(mapping.configuration.uuid, None)
            self.changed()

        if mapping.state != "Deleting":
            mapping.delete().add_done_callback(forget)

    def saved(self) -> list[dict[str, Any]]:
        """Return what of the mappings survives a restart: what they are, and for each shard the checkpoint."""
        return [_saved(mapping) for mapping in self._mappings.values() if mapping.state != "Deleting"]

    def restore(self, saved_mappings: list[dict[str, Any]]) -> None:
        """Bring back what was saved; each shard goes on at its checkpoint."""
        for saved in saved_mappings:
            configuration = Configuration(**saved["configuration"])
            mapping = Mapping(
                configuration,
                self._surroundings,
                changed=self.changed,
                enabled=saved["enabled"],
                positions=saved["positions"],
            )
            mapping.tags = saved["tags"]
            mapping.last_result = saved["last_result"]
            mapping.last_modified = saved["last_modified"]
            self._mappings[configuration.uuid] = mapping
            mapping.begin()

    async def stop(self) -> None:
        """Stop all mappings; where they stand can be saved afterwards."""
        await asyncio.gather(*(mapping.stop() for mapping in self._mappings.values()))

    async def reset(self) -> None:
        """Stop and forget all mappings."""
        await self.stop()
        self._mappings.clear()


def _saved(mapping: Mapping) -> dict[str, Any]:
    configuration = mapping.configuration
    return {
        "configuration": {name: getattr(configuration, name) for name in Configuration.__slots__},
        "enabled": mapping.enabled,
        "positions": mapping.positions,
        "tags": mapping.tags,
        "last_result": mapping.last_result,
        "last_modified": mapping.last_modified,
    }
