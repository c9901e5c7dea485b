"""The event source mapping API, as Lambda answers it; what concerns queues is passed on to MiniStack."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote

from lab.cloud import emulator
from lab.cloud.emulator import functions
from lab.cloud.event_source_mappings import validation
from lab.cloud.event_source_mappings.mapping import Configuration, Mapping
from lab.cloud.event_source_mappings.sources import Source, SourceGoneError, Sources
from lab.cloud.event_source_mappings.validation import RequestError, invalid_parameter
from lab.json_values import as_object, is_object

if TYPE_CHECKING:
    from lab.cloud.emulator.app import Answer, Handler
    from lab.cloud.event_source_mappings.service import Mappings

_PATH = re.compile(r"^/2015-03-31/event-source-mappings(?:/(?P<id>[^/]*))?/?$")
_TAGS_PATH = re.compile(r"^/[\d-]+/tags/(?P<arn>arn:aws:lambda:[^:]*:[^:]*:event-source-mapping:(?P<id>[^/]+))$")
_WHOLE = re.compile(r"[0-9]{1,10}")
MOST_ITEMS = 100
_NOT_FOUND = 404


class Api:
    """Stands before MiniStack's Lambda service.

    Args:
        mappings: the mappings.
        sources: the streams they may read.
        lambda_service: MiniStack's handler, for all that is not ours.
    """

    def __init__(self, mappings: Mappings, sources: Sources, lambda_service: Handler) -> None:
        self._mappings = mappings
        self._sources = sources
        self._lambda_service = lambda_service

    async def __call__(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Answer:
        """Answer a request that is already authorized."""
        request = _Request(method, unquote(path), headers, body, query)
        try:
            ours = await self._answer(request)
        except RequestError as error:
            return _error(error)
        if ours:
            return ours
        found = _PATH.match(request.path)
        if (found or _TAGS_PATH.match(request.path)) and method in ("GET", "DELETE"):
            body = b""  # says nothing, and MiniStack would try to read it
        answer = await self._lambda_service(method, path, headers, body, query)
        return _error(_unknown()) if found and found["id"] and answer[0] == _NOT_FOUND else answer

    async def _answer(self, request: _Request) -> Answer | None:
        """Return our answer, None when the request is not ours to answer."""
        if tags := _TAGS_PATH.match(request.path):
            self._check_operation(request, ("GET", "POST", "DELETE"))
            mapping = self._mappings.get(tags["id"])
            return self._tags(request, mapping) if mapping else None
        if not (found := _PATH.match(request.path)):
            return None
        mapping_id = found["id"]
        self._check_operation(request, ("GET", "PUT", "DELETE") if mapping_id else ("GET", "POST"))
        if not mapping_id:
            if request.method == "POST":
                return self._create(request)
            return await self._list(request)
        mapping = self._mappings.get(mapping_id)
        if mapping is None:
            # A queue's mapping, or none at all: MiniStack knows.
            return None
        match request.method:
            case "GET":
                return _json(200, mapping.answer())
            case "PUT":
                return self._update(request, mapping)
            case _:
                return self._delete(mapping)

    def _check_operation(self, request: _Request, methods: tuple[str, ...]) -> None:
        """Refuse other methods, and bodies that are not what the API takes, whoever answers in the end."""
        if request.method not in methods:
            raise RequestError("UnknownOperationException", "There is no such operation.", _NOT_FOUND)
        if request.method in ("POST", "PUT"):
            validation.check_types(request.json())

    # --- operations --------------------------------------------------------------------------------------------------

    def _create(self, request: _Request) -> Answer | None:
        wanted = request.json()
        stream_arn = wanted.get("EventSourceArn")
        if stream_arn is None and not wanted.get("SelfManagedEventSource"):
            raise invalid_parameter("Unrecognized event source.")
        if stream_arn is None or not _is_stream(stream_arn):
            return None
        function = _function(wanted.get("FunctionName"))
        settings = validation.create_settings(wanted, stream_arn=stream_arn, now=time.time())
        tags = validation.check_tags(wanted.get("Tags"))
        validation.check_tag_count(tags)
        self._check_source(self._sources.of(stream_arn, function.role))
        _check_destination(settings, function.role)
        self._check_only_one(stream_arn, function)
        mapping = self._mappings.create(
            stream_arn=stream_arn,
            function_arn=function.arn,
            role=function.role,
            settings=settings,
            enabled=wanted.get("Enabled") is not False,
            tags=tags,
        )
        return _json(202, mapping.answer())

    async def _list(self, request: _Request) -> Answer:
        _status, _headers, body = await self._lambda_service(
            "GET", request.path, request.headers, b"", {**request.query, "MaxItems": ["10000"], "Marker": []}
        )
        found: list[dict[str, Any]] = json.loads(body)["EventSourceMappings"]
        wanted_function, wanted_source = request.parameter("FunctionName"), request.parameter("EventSourceArn")
        function_arn = functions.arn_of(wanted_function) if wanted_function else None
        for mapping in self._mappings:
            configuration = mapping.configuration
            if wanted_source and configuration.stream_arn != wanted_source:
                continue
            if function_arn and configuration.function_arn != function_arn:
                continue
            found.append(mapping.answer())
        found.sort(key=lambda each: each["UUID"])
        most, marker = _most_items(request.parameter("MaxItems")), request.parameter("Marker")
        if marker:
            found = [each for each in found if each["UUID"] > marker]
        answer: dict[str, Any] = {"EventSourceMappings": found[:most]}
        if len(found) > most:
            answer["NextMarker"] = found[most - 1]["UUID"]
        return _json(200, answer)

    def _update(self, request: _Request, mapping: Mapping) -> Answer:
        wanted = request.json()
        if mapping.state == "Deleting":
            raise RequestError("ResourceInUseException", "Cannot update the event source mapping because it is in use.")
        current = mapping.configuration
        settings = validation.update_settings(wanted, current.settings, stream_arn=current.stream_arn)
        function_arn, role = current.function_arn, current.role
        if wanted.get("FunctionName"):
            function = _function(wanted["FunctionName"])
            function_arn, role = function.arn, function.role
            self._check_source(self._sources.of(current.stream_arn, role))
            self._check_only_one(current.stream_arn, function, besides=mapping)
        _check_destination(settings, role)
        mapping.update(
            Configuration(current.uuid, current.stream_arn, function_arn, role, current.settings | settings),
            enabled=wanted.get("Enabled"),
        )
        return _json(202, mapping.answer())

    def _delete(self, mapping: Mapping) -> Answer:
        self._mappings.delete(mapping)
        return _json(202, mapping.answer())

    def _tags(self, request: _Request, mapping: Mapping) -> Answer:
        if request.method == "GET":
            return _json(200, {"Tags": mapping.tags})
        if request.method == "POST":
            tags = mapping.tags | validation.check_tags(request.json().get("Tags"))
            validation.check_tag_count(tags)
            mapping.tags = tags
        else:
            for key in request.query.get("tagKeys", []):
                mapping.tags.pop(key, None)
        self._mappings.changed()
        return 204, {}, b""

    def _check_source(self, source: Source) -> None:
        try:
            source.shards()
        except SourceGoneError:
            raise invalid_parameter(f"Stream not found: {source.arn}") from None
        if not source.readable_by(source.role):
            raise invalid_parameter(
                f"Cannot access stream {source.arn}. "
                f"Please ensure the role can perform the {source.access_message} in IAM."
            )

    def _check_only_one(
        self, stream_arn: str, function: functions.FunctionRecord, besides: Mapping | None = None
    ) -> None:
        """Refuse a second mapping of a stream to a function."""
        for mapping in self._mappings:
            existing = mapping.configuration
            if mapping is not besides and (existing.stream_arn, existing.function_arn) == (stream_arn, function.arn):
                raise RequestError(
                    "ResourceConflictException",
                    f'The event source arn (" {stream_arn} ") and function (" {function.name} ") provided mapping '
                    f"already exists. Please update or delete the existing mapping with UUID {existing.uuid}",
                    409,
                )


class _Request:
    def __init__(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> None:
        self.method, self.path, self.headers, self.body, self.query = method, path, headers, body, query

    def json(self) -> dict[str, Any]:
        try:
            parsed = json.loads(self.body or b"{}", parse_constant=_refuse)
        except (ValueError, RecursionError):
            parsed = None
        if not is_object(parsed):
            raise RequestError("SerializationException", "The request body is not a JSON object")
        return parsed

    def parameter(self, name: str) -> str:
        return (self.query.get(name) or [""])[0]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are no JSON


def _is_stream(arn: str) -> bool:
    return bool(re.match(r"^arn:aws:kinesis:[^:]+:[^:]+:stream/[^/]+(/consumer/[^/:]+:\d+)?$", arn)) or bool(
        re.match(r"^arn:aws:dynamodb:[^:]+:[^:]+:table/[^/]+/stream/[^/]+$", arn)
    )


def _function(reference: str | None) -> functions.FunctionRecord:
    if not reference:
        raise RequestError(
            "ValidationException",
            "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: "
            "Member must not be null",
        )
    function = functions.find_function(reference)
    if function is None:
        raise invalid_parameter("Function does not exist")
    return function


def _check_destination(settings: dict[str, Any], role: str) -> None:
    destination: str | None = as_object(as_object(settings.get("DestinationConfig")).get("OnFailure")).get(
        "Destination"
    )
    if not destination:
        return
    needed = {
        "sqs": [("SendMessage on SQS", "sqs:SendMessage", destination)],
        "sns": [("Publish on SNS", "sns:Publish", destination)],
        "s3": [
            ("PutObject on S3", "s3:PutObject", f"{destination}/*"),
            ("ListBucket on S3", "s3:ListBucket", destination),
        ],
    }[destination.split(":")[2]]
    for words, action, resource in needed:
        if not emulator.role_may(role, action, resource):
            raise invalid_parameter(f"The function execution role does not have permissions to call {words}")


def _unknown() -> RequestError:
    return RequestError("ResourceNotFoundException", "The resource you requested does not exist.", _NOT_FOUND)


def _most_items(text: str) -> int:
    if not text:
        return MOST_ITEMS
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= 10_000:  # noqa: PLR2004  (API reference: MaxItems)
        raise RequestError("InvalidParameterValueException", f"MaxItems must be between 1 and 10000, not {text}")
    return min(int(text), MOST_ITEMS)


def _json(status: int, answer: dict[str, Any]) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(answer).encode()


def _error(error: RequestError) -> Answer:
    body = json.dumps({"Type": "User", "Message": error.message, "message": error.message}).encode()
    return error.status, {"Content-Type": "application/json", "x-amzn-errortype": error.code}, body
