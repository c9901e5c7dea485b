"""The alarms that MiniStack keeps: it stores, lists, tags and notifies; when one changes its state is decided by us."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from lab.cloud.emulator.scope import scope

if TYPE_CHECKING:
    from collections.abc import Callable


def take_over() -> Any:
    """Let MiniStack's alarms leave their evaluation to us; return its module."""
    from ministack.services import cloudwatch

    if cloudwatch._record_history is not _record_history:
        cloudwatch._evaluate_alarm = lambda _alarm: None
        cloudwatch._record_history = _record_history
        cloudwatch._dispatch_alarm_actions = _dispatching(cloudwatch._dispatch_alarm_actions)
    return cloudwatch


def _dispatching(dispatch: Callable[..., None]) -> Callable[..., None]:
    def dispatch_and_record(alarm: dict[str, Any], old_state: str, new_state: str, reason: str) -> None:
        dispatch(alarm, old_state, new_state, reason)
        _record_actions(alarm, new_state)

    return dispatch_and_record


def metric_alarms() -> list[dict[str, Any]]:
    """Return every metric alarm, of every account and region; they may be changed in place."""
    return take_over()._alarms.all_values() if "ministack.services.cloudwatch" in sys.modules else []


def complete(name: str, members: dict[str, Any]) -> None:
    """Give an alarm what MiniStack leaves out of it; what is None it has not."""
    alarm = take_over()._alarms[name]
    alarm.update(members)
    for member in [member for member, value in alarm.items() if value is None]:
        del alarm[member]
    if "Metrics" in alarm:
        alarm.pop("Period", None)
    alarm.setdefault("StateTransitionedTimestamp", alarm["StateUpdatedTimestamp"])


def change_state(alarm: dict[str, Any], state: str, reason: str, reason_data: str) -> None:
    """Move an alarm to another state: history, actions, and the composite alarms above it."""
    cloudwatch = take_over()
    _, _, _, region, account, *_ = alarm["AlarmArn"].split(":")
    with scope(account, region):
        old_state, now = alarm["StateValue"], int(time.time())
        alarm.update(
            StateValue=state,
            StateReason=reason,
            StateReasonData=reason_data,
            StateUpdatedTimestamp=now,
            StateTransitionedTimestamp=now,
        )
        _record_history(alarm["AlarmName"], old_state, state, reason, reason_data=json.loads(reason_data))
        cloudwatch._dispatch_alarm_actions(alarm, old_state, state, reason)
        cloudwatch._evaluate_parent_alarms(alarm)


def _record_history(
    alarm_name: str,
    old_state: str,
    new_state: str,
    reason: str,
    alarm_type: str = "MetricAlarm",
    reason_data: Any = None,
) -> None:
    """Write what happened to an alarm; its making is no change of state."""
    made = reason.startswith("Unchecked: ") and old_state == new_state
    if made:
        _history(alarm_name, alarm_type, "ConfigurationUpdate", f'Alarm "{alarm_name}" created', {"type": "Create"})
        return
    new = {"stateValue": new_state, "stateReason": reason}
    if reason_data is not None:
        new["stateReasonData"] = reason_data
    data = {"oldState": {"stateValue": old_state}, "newState": new}
    _history(alarm_name, alarm_type, "StateUpdate", f"Alarm updated from {old_state} to {new_state}", data)


def _record_actions(alarm: dict[str, Any], state: str) -> None:
    kind = {"ALARM": "AlarmActions", "OK": "OKActions"}.get(state, "InsufficientDataActions")
    if not alarm.get("ActionsEnabled", True):
        return
    alarm_type = "CompositeAlarm" if "AlarmRule" in alarm else "MetricAlarm"
    for arn in alarm.get(kind) or []:
        data = {
            "actionState": "Succeeded",
            "notificationResource": arn,
            "stateUpdateTimestamp": int(time.time() * 1000),
        }
        _history(alarm["AlarmName"], alarm_type, "Action", f"Successfully executed action {arn}", data)


def _history(name: str, alarm_type: str, kind: str, summary: str, data: dict[str, Any]) -> None:
    from ministack.services import cloudwatch

    cloudwatch._history_entries().append(
        {
            "AlarmName": name,
            "AlarmType": alarm_type,
            "Timestamp": cloudwatch._ts_iso(time.time()),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps({"version": "1.0", **data}),
        }
    )
