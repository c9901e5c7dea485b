"""All that MiniStack's services hold, out of memory and back into it."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

from lab.cloud.emulator.tables import given_out

if TYPE_CHECKING:
    from typing import TextIO

_log = logging.getLogger("lab.state")

_TABLE_STREAMS = ("_stream_records", "_stream_trimmed", "_closed_streams")
"""What MiniStack forgets of DynamoDB's streams when it saves: their records."""


def dump(file: TextIO, ours: dict[str, Any], *, prune: bool) -> None:
    """Write the state of every service, and what is ours, as JSON.

    Args:
        file: where to.
        ours: what is saved in the same moment, for `load` to return.
        prune: whether code of functions that are gone may be removed from disk (not while an older state that names it
            may still be needed).
    """
    from ministack.app import _build_persistence_save_dict
    from ministack.core.persistence import _json_default
    from ministack.services import lambda_svc

    original = lambda_svc._prune_orphan_code_blobs
    if not prune:
        lambda_svc._prune_orphan_code_blobs = lambda _referenced: None
    try:
        services = {name: get_state() for name, get_state in _build_persistence_save_dict().items()}
    finally:
        lambda_svc._prune_orphan_code_blobs = original
    dynamodb = sys.modules.get("ministack.services.dynamodb")
    table_streams = {name: getattr(dynamodb, name) for name in _TABLE_STREAMS} if dynamodb else {}
    json.dump(
        {"ours": ours, "services": services, "table_streams": table_streams},
        file,
        default=_json_default,
        separators=(",", ":"),
    )


def load(file: TextIO) -> dict[str, Any]:
    """Bring everything back; return what was saved as ours."""
    from ministack import app as ministack
    from ministack.core.persistence import _json_object_hook

    saved = json.load(file, object_hook=_json_object_hook)
    for name, state in saved["services"].items():
        if state:
            try:
                ministack._get_module(ministack._state_map[name]).load_persisted_state(state)
            except Exception:  # noqa: BLE001  (one service that cannot be restored must not cost the others)
                _log.exception("The state of %s could not be restored.", name)
    if saved["table_streams"]:
        _load_table_streams(saved["table_streams"])
    return saved["ours"]


def _load_table_streams(saved: dict[str, Any]) -> None:
    from ministack.services import dynamodb

    for name, store in saved.items():
        getattr(dynamodb, name).update(store)
    for records in dynamodb._stream_records.all_values():
        if records:
            given_out(records[-1]["dynamodb"]["SequenceNumber"])
