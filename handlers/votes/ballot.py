"""What a vote must say, wherever it comes from: the API or, put there by hand, the stream."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

# Fits into a partition key and an item's key, and cannot be taken for an item that holds results.
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True)
class Ballot:
    """A valid vote."""

    option: str
    """The id of the option voted for."""
    id: str | None
    """By which the vote is known again; None where its maker gave it none."""


class BallotError(Exception):
    """A vote that does not count.

    Args:
        reason: what is wrong with it; who answers finds the words for it.
    """

    def __init__(self, reason: Literal["no_vote", "unknown_option", "bad_id"]) -> None:
        super().__init__(reason)
        self.reason = reason


def read_options(text: str) -> dict[str, str]:
    """Return what can be voted for, ids and names, as the environment has it: a JSON object."""
    return json.loads(text)


def read_ballot(payload: Mapping[str, Any], options: Mapping[str, str]) -> Ballot:
    """Return the vote that a payload `{"vote": OPTION, "id": ID}` is; without `id` it is a vote all the same.

    Raises:
        BallotError: it votes for nothing, for what is no option, or its id is not 1 to 128 letters, digits, `.:_-`.
    """
    option, vote_id = payload.get("vote"), payload.get("id")
    if not isinstance(option, str) or not option:
        raise BallotError("no_vote")
    if option not in options:
        raise BallotError("unknown_option")
    if vote_id is not None and not (isinstance(vote_id, str) and _ID.fullmatch(vote_id)):
        raise BallotError("bad_id")
    return Ballot(option, vote_id)
