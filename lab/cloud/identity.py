"""Which cloud this is: an id that is made once, and counts of what happened to it."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """Identifies a cloud and the life its resources belong to.

    A deploy compares them with what it noted: another id is another cloud, another epoch means that what was deployed
    is gone, more interruptions mean that some of it may be.

    Attributes:
        id: made when the state folder was.
        epoch: 1, and one more whenever everything was lost (a reset, or a kill that left no picture behind).
        interruptions: kills that may have cost something that was deployed in the last moment.
    """

    id: str
    epoch: int
    interruptions: int = 0

    @classmethod
    def load(cls, folder: Path) -> Identity:
        """Return the identity kept in a state folder, or make one."""
        try:
            return cls(**json.loads((folder / "identity.json").read_text()))
        except (OSError, ValueError, TypeError):
            identity = cls(str(uuid.uuid4()), 1)
            identity.save(folder)
            return identity

    def save(self, folder: Path) -> None:
        """Keep it."""
        temporary = folder / "identity.tmp"
        temporary.write_text(json.dumps(asdict(self)))
        temporary.replace(folder / "identity.json")

    def interrupted(self) -> Identity:
        """Return the identity after a kill that may have cost the last of what was deployed."""
        return replace(self, interruptions=self.interruptions + 1)

    def next_epoch(self) -> Identity:
        """Return the identity after everything was lost."""
        return replace(self, epoch=self.epoch + 1)
