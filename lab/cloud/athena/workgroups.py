"""Workgroups: where results go, how much a query may read, and who says so."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lab.cloud.athena.errors import invalid

if TYPE_CHECKING:
    from lab.cloud.athena.call import Call

PRIMARY = "primary"
_ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
_DEFAULTS = {
    "EnforceWorkGroupConfiguration": True,
    "PublishCloudWatchMetricsEnabled": True,
    "RequesterPaysEnabled": False,
    "EngineVersion": _ENGINE,
}


def create_work_group(call: Call) -> dict[str, Any]:
    """Make a workgroup."""
    name = call.request["Name"]
    if name in call.records.workgroups:
        raise invalid("WorkGroup is already created")
    configuration = _DEFAULTS | call.get("Configuration", {})
    _check(configuration)
    call.records.workgroups[name] = {
        "Name": name,
        "State": "ENABLED",
        "Description": call.get("Description", ""),
        "CreationTime": time.time(),
        "Configuration": _with_engine(configuration),
    }
    if tags := call.get("Tags"):
        call.records.tags[call.arn(f"workgroup/{name}")] = {tag["Key"]: tag.get("Value", "") for tag in tags}
    return {}


def get_work_group(call: Call) -> dict[str, Any]:
    """Tell of a workgroup."""
    return {"WorkGroup": call.workgroup()}


def list_work_groups(call: Call) -> dict[str, Any]:
    """Tell of every workgroup."""
    groups, more = call.page(sorted(call.records.workgroups.values(), key=lambda group: group["Name"]), 50)
    return {
        "WorkGroups": [
            {key: group[key] for key in ("Name", "State", "Description", "CreationTime")}
            | {"EngineVersion": group["Configuration"].get("EngineVersion", _ENGINE)}
            for group in groups
        ]
    } | more


def update_work_group(call: Call) -> dict[str, Any]:
    """Change a workgroup."""
    group = call.workgroup()
    updates: dict[str, Any] = dict(call.get("ConfigurationUpdates", {}))
    results: dict[str, Any] = updates.pop("ResultConfigurationUpdates", {})
    configuration: dict[str, Any] = dict(group["Configuration"])
    _apply(configuration, updates)
    if results:
        configuration["ResultConfiguration"] = dict(configuration.get("ResultConfiguration", {}))
        _apply(configuration["ResultConfiguration"], results)
    _check(configuration)
    group["Configuration"] = _with_engine(configuration)
    group |= {key: call.request[key] for key in ("Description", "State") if key in call.request}
    call.records.workgroups[group["Name"]] = group
    return {}


def _apply(settings: dict[str, Any], updates: dict[str, Any]) -> None:
    """Set what is given; `RemoveX` takes X away."""
    for name, value in updates.items():
        if not name.startswith("Remove"):
            settings[name] = value
        elif value:
            settings.pop(name.removeprefix("Remove"), None)


def delete_work_group(call: Call) -> dict[str, Any]:
    """Take a workgroup away; one with queries only when that is said."""
    name = call.workgroup()["Name"]
    if name == PRIMARY:
        raise invalid("The primary workgroup cannot be deleted")
    records = call.records
    named = [id_ for id_, each in records.named_queries.items() if each["WorkGroup"] == name]
    executed = [id_ for id_, each in records.executions.items() if each["WorkGroup"] == name]
    if (named or executed) and not call.get("RecursiveDeleteOption"):
        raise invalid(f"WorkGroup {name} is not empty")
    for id_ in named:
        del records.named_queries[id_]
    for id_ in executed:
        del records.executions[id_]
    del records.workgroups[name]
    records.tags.pop(call.arn(f"workgroup/{name}"), None)
    return {}


def _with_engine(configuration: dict[str, Any]) -> dict[str, Any]:
    selected = configuration.get("EngineVersion", {}).get("SelectedEngineVersion", "AUTO")
    if selected not in {"AUTO", "Athena engine version 3"}:
        raise invalid(f"The engine version {selected} is not supported")
    return configuration | {"EngineVersion": _ENGINE | {"SelectedEngineVersion": selected}}


def _check(configuration: dict[str, Any]) -> None:
    location = configuration.get("ResultConfiguration", {}).get("OutputLocation")
    if location is not None:
        check_location(location)


def check_location(location: str) -> None:
    """Refuse what is no S3 location.

    Raises:
        AthenaError: it is none.
    """
    if not location.startswith("s3://") or not location[5:].partition("/")[0]:
        raise invalid("outputLocation is not a valid S3 path.")
