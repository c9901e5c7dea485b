"""What Create- and UpdateEventSourceMapping accept (API reference), and AWS's words for what they refuse."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from lab.cloud.event_source_mappings.filters import parse_pattern
from lab.json_values import as_object, is_list, is_object

RANGES = {
    "BatchSize": (1, 10_000),
    "MaximumBatchingWindowInSeconds": (0, 300),
    "ParallelizationFactor": (1, 10),
    "MaximumRetryAttempts": (-1, 10_000),
    "MaximumRecordAgeInSeconds": (-1, 604_800),
    "TumblingWindowInSeconds": (0, 900),
}
RECORD_AGE_LEAST_SECONDS = 60
MOST_FILTERS = 5
STARTING_POSITIONS = ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP")
RESPONSE_TYPES = ("ReportBatchItemFailures",)

UPDATABLE = (
    *RANGES,
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "FilterCriteria",
    "FunctionResponseTypes",
)
CREATE_ONLY = ("StartingPosition", "StartingPositionTimestamp")


class RequestError(Exception):
    """A request AWS refuses.

    Args:
        code: the error's type.
        message: AWS's message.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid_parameter(message: str) -> RequestError:
    """Return the error for a value that is well-formed and wrong."""
    return RequestError("InvalidParameterValueException", message)


def _constraint(name: str, value: Any, constraint: str) -> RequestError:
    member = name[0].lower() + name[1:]
    return RequestError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member {constraint}",
    )


def create_settings(request: dict[str, Any], *, kinesis: bool) -> dict[str, Any]:
    """Return the settings of a new mapping; RequestError for what AWS refuses."""
    position = request.get("StartingPosition")
    if position is None:
        raise invalid_parameter(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
            "Member must not be null."
        )
    if position not in STARTING_POSITIONS:
        raise _constraint("StartingPosition", position, f"must satisfy enum value set: {_set(STARTING_POSITIONS)}")
    settings: dict[str, Any] = {"StartingPosition": position}
    timestamp = _seconds(request.get("StartingPositionTimestamp"))
    if position == "AT_TIMESTAMP":
        if not kinesis:
            raise invalid_parameter("Unsupported starting position for arn type: AT_TIMESTAMP")
        if timestamp is None:
            raise invalid_parameter("StartingPositionTimestamp is required when StartingPosition is AT_TIMESTAMP.")
        settings["StartingPositionTimestamp"] = timestamp
    elif timestamp is not None:
        raise invalid_parameter("StartingPositionTimestamp can only be used with StartingPosition AT_TIMESTAMP.")
    return settings | update_settings(request, {})


def update_settings(request: dict[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    """Return what an update changes.

    Args:
        request: the API's request.
        current: the settings the mapping has.
    """
    settings = {name: request[name] for name in UPDATABLE if request.get(name) is not None}
    for name, (least, most) in RANGES.items():
        if name in settings:
            _check_range(name, settings[name], least, most)
    age = settings.get("MaximumRecordAgeInSeconds", -1)
    if age != -1 and age < RECORD_AGE_LEAST_SECONDS:
        raise invalid_parameter(
            f"Maximum record age in seconds must be -1 or between {RECORD_AGE_LEAST_SECONDS} and 604800."
        )
    if not isinstance(settings.get("BisectBatchOnFunctionError", False), bool):
        raise RequestError("SerializationException", "BisectBatchOnFunctionError must be a boolean")
    _check_response_types(settings.get("FunctionResponseTypes", []))
    _check_filters(settings.get("FilterCriteria"))
    _check_destination(settings.get("DestinationConfig"))
    merged = current | settings
    if merged.get("TumblingWindowInSeconds") and merged.get("ParallelizationFactor", 1) > 1:
        raise invalid_parameter("Parallelization factor must be equal to 1 when tumbling window period is configured")
    if settings.get("DestinationConfig") == {}:
        settings["DestinationConfig"] = {"OnFailure": {}}
    return settings


def _check_range(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise RequestError("SerializationException", f"{name} must be an integer")
    if value < least:
        raise _constraint(name, value, f"must have value greater than or equal to {least}")
    if value > most:
        raise _constraint(name, value, f"must have value less than or equal to {most}")


def _check_response_types(types: Any) -> None:
    if not is_list(types) or any(each not in RESPONSE_TYPES for each in types):
        raise _constraint("FunctionResponseTypes", types, f"must satisfy enum value set: {_set(RESPONSE_TYPES)}")


def _check_filters(criteria: Any) -> None:
    if criteria is None:
        return
    filters: Any = criteria.get("Filters", []) if is_object(criteria) else None
    if not is_list(filters) or not all(is_object(each) for each in filters):
        raise RequestError("SerializationException", "FilterCriteria must hold a list of Filters")
    if len(filters) > MOST_FILTERS:
        raise invalid_parameter(
            f"You can specify up to {MOST_FILTERS} filters per event source mapping; {len(filters)} were given."
        )
    for each in filters:
        if not isinstance(each.get("Pattern"), str) or parse_pattern(each["Pattern"]) is None:
            raise invalid_parameter("Invalid filter pattern definition.")


def _check_destination(config: Any) -> None:
    if config is None:
        return
    if not is_object(config):
        raise RequestError("SerializationException", "DestinationConfig must be an object")
    destination: Any = as_object(config.get("OnFailure")).get("Destination")
    if destination is None:
        return
    refusal = f"The destination ARN {destination} is invalid."
    if not isinstance(destination, str) or not _DESTINATION.match(destination):
        raise invalid_parameter(f"{refusal} Use the ARN of an SQS queue, an SNS topic or an S3 bucket.")
    if destination.endswith(".fifo"):
        raise invalid_parameter(f"{refusal} FIFO queues and topics are not supported.")


_DESTINATION = re.compile(r"^arn:aws:(?:sqs:[^:]+:[^:]+:[^:]+|sns:[^:]+:[^:]+:[^:]+|s3:::[^:/]+)$")


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        raise RequestError("SerializationException", "StartingPositionTimestamp must be a timestamp") from None


def _set(values: tuple[str, ...]) -> str:
    return f"[{', '.join(values)}]"
