"""All event source mappings of this cloud."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

from lab.cloud.event_source_mappings.mapping import Configuration, Mapping, Surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.cloud.event_source_mappings.store import Store

SAVE_SECONDS = 0.5
"""Checkpoints are written at most this often: a kill repeats at most so much work."""


class Mappings:
    """The mappings by UUID.

    Args:
        store: where they are kept.
        surroundings: what mappings need of the cloud.
    """

    def __init__(self, store: Store, surroundings: Surroundings) -> None:
        self._store = store
        self._surroundings = surroundings
        self._mappings: dict[str, Mapping] = {}
        self._saving: asyncio.TimerHandle | None = None

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

    async def delete(self, mapping: Mapping) -> None:
        """Stop a mapping, then forget it."""
        await mapping.delete()
        self._mappings.pop(mapping.configuration.uuid, None)
        self.changed()

    def restore(self) -> None:
        """Bring back what was saved; each shard goes on at its checkpoint."""
        for saved in self._store.load():
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

    def changed(self) -> None:
        """Save soon."""
        if self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(SAVE_SECONDS, self.save)

    def save(self) -> None:
        """Save now."""
        if self._saving:
            self._saving.cancel()
            self._saving = None
        self._store.save([_saved(mapping) for mapping in self._mappings.values()])

    async def stop(self) -> None:
        """Stop all mappings and save where they stand."""
        await asyncio.gather(*(mapping.stop() for mapping in self._mappings.values()))
        self.save()

    async def reset(self) -> None:
        """Stop and forget all mappings."""
        await asyncio.gather(*(mapping.stop() for mapping in self._mappings.values()))
        self._mappings.clear()
        self.save()


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
