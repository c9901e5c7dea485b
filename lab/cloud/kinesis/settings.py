"""What can be changed about a stream that exists: retention, encryption, metrics, mode, sizes, resource policies."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from lab.cloud.kinesis.consumers import consumer_of_arn
from lab.cloud.kinesis.errors import invalid, limit_exceeded, not_found
from lab.cloud.kinesis.resharding import DAY_SECONDS

if TYPE_CHECKING:
    from lab.cloud.kinesis.call import Call
    from lab.cloud.kinesis.model import Stream

LEAST_HOURS = 24
MOST_HOURS = 8760
MOST_MODE_CHANGES = 2
"""How often a stream's mode may change in 24 hours ("UpdateStreamMode")."""
METRICS = (
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
)


# --- retention -------------------------------------------------------------------------------------------------------


def increase_stream_retention_period(call: Call) -> None:
    """Keep records longer."""
    _set_retention(call, longer=True)


def decrease_stream_retention_period(call: Call) -> None:
    """Keep records less long; those that are older become unreadable at once."""
    _set_retention(call, longer=False)


def _set_retention(call: Call, *, longer: bool) -> None:
    stream, hours = call.stream(), call.get("RetentionPeriodHours")
    requested = f"Requested retention period ({hours} hours)"
    if hours < LEAST_HOURS:
        raise invalid(f"Minimum allowed retention period is {LEAST_HOURS} hours. {requested} is too short.")
    if hours > MOST_HOURS:
        raise invalid(f"Maximum allowed retention period is {MOST_HOURS} hours. {requested} is too long.")
    current = stream.retention_hours
    if (hours < current) if longer else (hours > current):
        raise invalid(
            f"{requested} for stream {stream.name} can not be {'shorter' if longer else 'longer'} than existing "
            f"retention period ({current} hours). Use {'Decrease' if longer else 'Increase'}RetentionPeriod API."
        )
    call.active_stream()
    if hours != current:
        stream.retention_hours = hours
        call.updating(stream)


# --- encryption and metrics ------------------------------------------------------------------------------------------


def start_stream_encryption(call: Call) -> None:
    """Mark what is written from now on as encrypted (here it is not)."""
    _set_encryption(call, key_id=call.get("KeyId"))


def stop_stream_encryption(call: Call) -> None:
    """Mark what is written from now on as not encrypted."""
    _set_encryption(call, key_id=None)


def _set_encryption(call: Call, key_id: str | None) -> None:
    stream = call.active_stream()
    if call.get("EncryptionType") != "KMS":
        raise invalid("EncryptionType must be KMS.")
    if stream.key_id != key_id:
        stream.key_id = key_id
        stream.encryption.append((call.world.store.ticker.next(), key_id is not None))
    call.updating(stream)


def enable_enhanced_monitoring(call: Call) -> dict[str, Any]:
    """Switch shard-level metrics on (the cloud writes none)."""
    return _set_metrics(call, on=True)


def disable_enhanced_monitoring(call: Call) -> dict[str, Any]:
    """Switch shard-level metrics off."""
    return _set_metrics(call, on=False)


def _set_metrics(call: Call, *, on: bool) -> dict[str, Any]:
    stream, named = call.active_stream(), set(call.get("ShardLevelMetrics"))
    if "ALL" in named:
        named = set(METRICS)
    before = stream.metrics
    wanted = set(before) | named if on else set(before) - named
    stream.metrics = [metric for metric in METRICS if metric in wanted]
    call.updating(stream)
    return {
        "StreamName": stream.name,
        "StreamARN": stream.arn,
        "CurrentShardLevelMetrics": before,
        "DesiredShardLevelMetrics": stream.metrics,
    }


# --- mode and sizes --------------------------------------------------------------------------------------------------


def update_stream_mode(call: Call) -> None:
    """Change between provisioned and on-demand; the shards stay as they are."""
    stream, mode = call.active_stream(), call.get("StreamModeDetails")["StreamMode"]
    if call.get("WarmThroughputMiBps") is not None:
        stream.warm_mibps = call.get("WarmThroughputMiBps")
    now = time.time()
    if mode != stream.mode:
        stream.mode_changes = [moment for moment in stream.mode_changes if now - moment < DAY_SECONDS]
        if len(stream.mode_changes) >= MOST_MODE_CHANGES:
            raise limit_exceeded(
                f"Stream {stream.name} under account {stream.account} can change its capacity mode "
                f"{MOST_MODE_CHANGES} times in 24 hours."
            )
        stream.mode_changes.append(now)
        stream.mode = mode
    call.updating(stream)


def update_max_record_size(call: Call) -> None:
    """Change how large a record may be."""
    stream = call.active_stream()
    stream.max_record_kib = call.get("MaxRecordSizeInKiB")
    call.updating(stream)


def update_stream_warm_throughput(call: Call) -> dict[str, Any]:
    """Note a warm throughput (here every stream is warm)."""
    stream = call.active_stream()
    stream.warm_mibps = call.get("WarmThroughputMiBps")
    call.updating(stream)
    throughput = {"TargetMiBps": stream.warm_mibps, "CurrentMiBps": stream.warm_mibps}
    return {"StreamARN": stream.arn, "StreamName": stream.name, "WarmThroughput": throughput}


# --- resource policies -----------------------------------------------------------------------------------------------


def put_resource_policy(call: Call) -> None:
    """Attach a policy to a stream or a consumer; IAM evaluates it."""
    stream, arn, policy = _policy_owner(call), call.get("ResourceARN"), call.get("Policy")
    try:
        document = json.loads(policy)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise invalid("Policy validation error: This policy contains invalid Json")
    for name in ("Version", "Statement"):
        if name not in document:
            raise invalid(f"Policy validation error: Missing required field {name}")
    stream.policies[arn] = policy
    call.changed(stream)


def get_resource_policy(call: Call) -> dict[str, Any]:
    """Return the policy of a stream or a consumer."""
    return {"Policy": _policy_owner(call).policies.get(call.get("ResourceARN"), "{}")}


def delete_resource_policy(call: Call) -> None:
    """Remove the policy of a stream or a consumer."""
    stream, arn = _policy_owner(call), call.get("ResourceARN")
    if arn not in stream.policies:
        raise not_found(f"No resource policy found for resource ARN {arn}.")
    del stream.policies[arn]
    call.changed(stream)


def _policy_owner(call: Call) -> Stream:
    arn: str = call.get("ResourceARN")
    stream = call.world.store.by_arn(arn)
    if stream is None or not (stream.arn == arn or consumer_of_arn(stream, arn)):
        raise not_found(f"Resource {arn} under account {call.account} not found.")
    return stream
