"""How far a shard has been worked through when several batches of it are under way at once."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Progress:
    """The checkpoint of one shard: everything up to it has ended, whatever order the batches ended in.

    With a ParallelizationFactor over 1, later records may end before earlier ones. A checkpoint may never pass a
    record that has not ended, or a restart would skip it.
    """

    def __init__(self, checkpoint: str | None = None) -> None:
        self.checkpoint = checkpoint
        """Sequence number of the last record up to which all have ended; None before the first."""
        self._under_way: OrderedDict[str, bool] = OrderedDict()

    def __len__(self) -> int:
        """Return how many records were read and have not been passed by the checkpoint."""
        return len(self._under_way)

    def read(self, sequence_number: str) -> None:
        """Note that a record was read; records are read in order."""
        self._under_way[sequence_number] = False

    def end(self, sequence_numbers: Iterable[str]) -> bool:
        """Note that records have ended (processed, filtered out or discarded); say whether the checkpoint moved."""
        for sequence_number in sequence_numbers:
            self._under_way[sequence_number] = True
        moved = False
        while self._under_way:
            sequence_number, ended = next(iter(self._under_way.items()))
            if not ended:
                break
            self._under_way.popitem(last=False)
            self.checkpoint = sequence_number
            moved = True
        return moved
