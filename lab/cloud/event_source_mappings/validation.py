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
PATTERN_CHARACTERS = 4_096
MOST_TAGS = 50
STARTING_POSITIONS = ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")
RESPONSE_TYPES = ("ReportBatchItemFailures",)
METRICS = ("EventCount", "ErrorCount", "KafkaMetrics")

UPDATABLE = (
    *RANGES,
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "FilterCriteria",
    "FunctionResponseTypes",
    "MetricsConfig",
)
OF_OTHER_SOURCES = (
    "AmazonManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "LoggingConfig",
    "ProvisionedPollerConfig",
    "Queues",
    "ScalingConfig",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "Topics",
)
"""Parameters of queues, brokers and databases."""


_TYPES: dict[type, tuple[str, ...]] = {
    str: ("EventSourceArn", "FunctionName", "KMSKeyArn", "StartingPosition"),
    bool: ("BisectBatchOnFunctionError", "Enabled"),
    int: tuple(RANGES),
    list: ("FunctionResponseTypes", "Queues", "SourceAccessConfigurations", "Topics"),
    dict: (
        *("DestinationConfig", "FilterCriteria", "MetricsConfig", "Tags"),
        *(name for name in OF_OTHER_SOURCES if name.endswith(("Config", "Source"))),
    ),
}
_TYPE_NAMES = {str: "a String", bool: "a Boolean", int: "an Integer", list: "a list", dict: "an object"}


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
    """Return the error for a value that a parameter cannot have.

    Args:
        name: the parameter.
        value: what it was given.
        constraint: what it must be, in AWS's words.
    """
    member = name[0].lower() + name[1:]
    return RequestError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member {constraint}",
    )


def check_types(request: dict[str, Any]) -> None:
    """Refuse a request with a parameter that is of another type than the API's, whatever source it is about."""
    for kind, names in _TYPES.items():
        for name in names:
            value = request.get(name)
            # To Python a truth value is a number.
            if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
                raise RequestError("SerializationException", f"{name} can not be converted to {_TYPE_NAMES[kind]}")


def create_settings(request: dict[str, Any], *, stream_arn: str, now: float) -> dict[str, Any]:
    """Return the settings of a new mapping; RequestError for what AWS refuses.

    Args:
        request: the API's request.
        stream_arn: the event source.
        now: seconds since the epoch.
    """
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
        if not _is_kinesis(stream_arn):
            raise invalid_parameter(f"Unsupported starting position for arn type: {stream_arn}")
        if timestamp is None:
            raise invalid_parameter("StartingPositionTimestamp is required when StartingPosition is AT_TIMESTAMP.")
        if timestamp < 0:
            raise invalid_parameter(
                "Received Exception while reading from provided stream. "
                "class java.lang.Long can not be converted to a Timestamp"
            )
        if timestamp > now:
            raise invalid_parameter("StartingPositionTimestamp cannot be in the future.")
        settings["StartingPositionTimestamp"] = timestamp
    elif timestamp is not None:
        raise invalid_parameter("Timestamp only valid with StartingPosition AT_TIMESTAMP")
    return settings | update_settings(request, {}, stream_arn=stream_arn)


def update_settings(request: dict[str, Any], current: dict[str, Any], *, stream_arn: str) -> dict[str, Any]:
    """Return what an update changes.

    Args:
        request: the API's request.
        current: the settings the mapping has.
        stream_arn: the event source.
    """
    for name in OF_OTHER_SOURCES:
        if request.get(name):
            raise _unsupported(name)
    settings = {name: request[name] for name in UPDATABLE if request.get(name) is not None}
    for name, (least, most) in RANGES.items():
        if name in settings:
            _check_range(name, settings[name], least, most)
    age = settings.get("MaximumRecordAgeInSeconds", -1)
    if age != -1 and age < RECORD_AGE_LEAST_SECONDS:
        raise invalid_parameter(
            f"Maximum record age in seconds must be -1 or between {RECORD_AGE_LEAST_SECONDS} and 604800."
        )
    _check_values("FunctionResponseTypes", settings.get("FunctionResponseTypes", []), RESPONSE_TYPES)
    if "MetricsConfig" in settings:
        settings["MetricsConfig"] = {"Metrics": _metrics(settings["MetricsConfig"])}
    if "FilterCriteria" in settings:
        settings["FilterCriteria"] = {"Filters": _filters(settings["FilterCriteria"], kinesis=_is_kinesis(stream_arn))}
    if "DestinationConfig" in settings:
        settings["DestinationConfig"] = {"OnFailure": _on_failure(settings["DestinationConfig"])}
    merged = current | settings
    if merged.get("TumblingWindowInSeconds") and merged.get("ParallelizationFactor", 1) > 1:
        raise invalid_parameter("Parallelization factor must be equal to 1 when tumbling window period is configured")
    return settings


def _check_range(name: str, value: Any, least: int, most: int) -> None:
    if value < least:
        raise _constraint(name, value, f"must have value greater than or equal to {least}")
    if value > most:
        raise _constraint(name, value, f"must have value less than or equal to {most}")


def _check_values(name: str, values: Any, allowed: tuple[str, ...]) -> None:
    """Refuse a list that holds anything but the values allowed, or one more than there are of those."""
    if not is_list(values):
        raise RequestError("SerializationException", f"{name} must be a list")
    if any(each not in allowed for each in values):
        only = f"[Member must satisfy enum value set: {_set(allowed)}]"
        raise _constraint(name, _set(values), f"must satisfy constraint: {only}")
    if len(values) > len(allowed):
        raise _constraint(name, _set(values), f"must have length less than or equal to {len(allowed)}")


def _metrics(config: Any) -> list[str]:
    """Return the groups of metrics that are asked for."""
    if not is_object(config):
        raise RequestError("SerializationException", "MetricsConfig must be an object")
    metrics: list[str] = config.get("Metrics") or []
    _check_values("MetricsConfig.metrics", metrics, METRICS)
    if others := [each for each in metrics if each != "EventCount"]:
        raise invalid_parameter(f"Unsupported metric for given event source mapping type: {', '.join(others)}")
    return metrics


def check_tags(tags: Any) -> dict[str, str]:
    """Return a request's tags; RequestError for what AWS refuses."""
    if tags is None:
        return {}
    if not is_object(tags) or not all(isinstance(value, str) for value in tags.values()):
        raise RequestError("SerializationException", "Tags must be an object of texts")
    for key, value in tags.items():
        if not _TAG_KEY.fullmatch(key) or len(value) > 256:  # noqa: PLR2004  (API reference: TagValue)
            raise _constraint(
                "tags", f"{{{key}={value}}}", f"must satisfy regular expression pattern: {_TAG_KEY.pattern}"
            )
        if key.lower().startswith("aws:"):
            raise invalid_parameter("Keys starting with 'aws:' are reserved for system use")
    return tags


def check_tag_count(tags: dict[str, str]) -> None:
    """Refuse more tags than a resource may have."""
    if len(tags) > MOST_TAGS:
        raise invalid_parameter(f"Number of tags exceeds resource tag limit. Limit: {MOST_TAGS}")


_TAG_KEY = re.compile(r"[\w\s_.:/=+\-@]{1,128}")


def _unsupported(name: str) -> RequestError:
    return invalid_parameter(f"Unsupported {name} parameter for given event source mapping type.")


def _is_kinesis(stream_arn: str) -> bool:
    return stream_arn.split(":")[2] == "kinesis"


def _filters(criteria: Any, *, kinesis: bool) -> list[dict[str, str]]:
    """Return the filters, as the API answers them."""
    filters: Any = criteria.get("Filters") or [] if is_object(criteria) else None
    if not is_list(filters) or not all(is_object(each) for each in filters):
        raise RequestError("SerializationException", "FilterCriteria must hold a list of Filters")
    if len(filters) > MOST_FILTERS:
        raise invalid_parameter(
            f"You can specify up to {MOST_FILTERS} filters per event source mapping; {len(filters)} were given."
        )
    for number, each in enumerate(filters, 1):
        text: Any = each.get("Pattern")
        if isinstance(text, str) and len(text) > PATTERN_CHARACTERS:
            raise _constraint(
                f"filterCriteria.filters.{number}.member.pattern",
                text,
                f"must have length less than or equal to {PATTERN_CHARACTERS}",
            )
        pattern = parse_pattern(text) if isinstance(text, str) else None
        # What is compared with data must be JSON (guide, "Filtering with Kinesis"), so an object.
        if pattern is None or (kinesis and not is_object(pattern.get("data", {}))):
            raise invalid_parameter("Invalid filter pattern definition.")
    return [{"Pattern": each["Pattern"]} for each in filters]


def _on_failure(config: Any) -> dict[str, str]:
    """Return the on-failure destination as the API answers it: `{"Destination": ARN}`, empty without one."""
    if not is_object(config) or not is_object(config.get("OnFailure") or {}):
        raise RequestError("SerializationException", "DestinationConfig must be an object of objects")
    if config.get("OnSuccess"):
        raise _unsupported("DestinationConfig")
    destination: Any = as_object(config.get("OnFailure")).get("Destination")
    if not destination:
        return {}
    refusal = f"The destination ARN {destination} is invalid."
    if not isinstance(destination, str) or not _DESTINATION.match(destination):
        raise invalid_parameter(f"{refusal} Use the ARN of an SQS queue, an SNS topic or an S3 bucket.")
    if destination.endswith(".fifo"):
        raise invalid_parameter(f"{refusal} FIFO queues and topics are not supported.")
    return {"Destination": destination}


_DESTINATION = re.compile(r"^arn:aws:(?:sqs:[^:]+:[^:]+:[^:]+|sns:[^:]+:[^:]+:[^:]+|s3:::[^:/]+)$")


_END_OF_TIME = 253_402_300_800
"""The year 10000: later than any time that can be written, sooner than what no float holds."""


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(min(value, _END_OF_TIME))
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError):
        raise RequestError("SerializationException", "StartingPositionTimestamp must be a timestamp") from None


def _set(values: tuple[str, ...] | list[Any]) -> str:
    return f"[{', '.join(map(str, values))}]"
