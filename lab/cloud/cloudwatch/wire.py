"""Requests and answers on the wire: JSON 1.0, as AWS's libraries speak to CloudWatch now, and Query forms."""

from __future__ import annotations

import json
import math
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from lab.json_values import as_object, is_list, is_object

if TYPE_CHECKING:
    from lab.cloud.emulator.app import Answer

_NAMESPACE = "http://monitoring.amazonaws.com/doc/2010-08-01/"


class Moment(float):
    """Seconds since the epoch: in JSON a number, in XML a date."""

    __slots__ = ()


class CloudWatchError(Exception):
    """What CloudWatch answers as an error.

    Args:
        code: the error's code, such as InvalidParameterValue.
        message: what is wrong.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Members:
    """The members of a request or of an object in it, each asked for by its type.

    Args:
        values: names and values; in Query form all values are texts.
        path: where this is in the request, for messages.
    """

    def __init__(self, values: dict[str, Any], path: str = "") -> None:
        self.values = values
        self._path = path

    def has(self, name: str) -> bool:
        """Say whether there is such a member."""
        return self.values.get(name) is not None

    def text(self, name: str) -> str | None:
        """Return a text."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self._malformed(name)

    def needed_text(self, name: str) -> str:
        """Return a text that must be there."""
        if text := self.text(name):
            return text
        raise CloudWatchError("MissingParameter", f"The parameter {self._path}{name} is required.")

    def number(self, name: str) -> float | None:
        """Return a number, NaN and infinity among them."""
        value = self.values.get(name)
        if value is None:
            return None
        try:
            if isinstance(value, bool):
                raise self._malformed(name)
            return float(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._malformed(name) from error

    def whole(self, name: str) -> int | None:
        """Return a whole number."""
        number = self.number(name)
        if number is None:
            return None
        if not math.isfinite(number) or number != int(number):
            raise self._malformed(name)
        return int(number)

    def truth(self, name: str, *, default: bool) -> bool:
        """Return yes or no."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
        raise self._malformed(name)

    def moment(self, name: str) -> float | None:
        """Return a time as seconds since the epoch."""
        value = self.values.get(name)
        if isinstance(value, str) and not re.fullmatch(r"[\d.eE+]+", value):
            try:
                parsed = datetime.fromisoformat(value)
                return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
            except (ValueError, OverflowError) as error:
                raise self._malformed(name) from error
        number = self.number(name)
        if number is not None and not 0 <= number < 253_402_300_800:  # noqa: PLR2004  (the year 10000)
            raise self._malformed(name)
        return number

    def each(self, name: str) -> list[Members]:
        """Return a list of objects."""
        values = self._list(name)
        if not all(is_object(value) for value in values):
            raise self._malformed(name)
        return [Members(value, f"{self._path}{name}.member.{n}.") for n, value in enumerate(values, 1)]

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        values = self._list(name)
        if not all(isinstance(value, str) for value in values):
            raise self._malformed(name)
        return values

    def numbers(self, name: str) -> list[float]:
        """Return a list of numbers."""
        values = self._list(name)
        found = [Members({name: value}, self._path).number(name) for value in values]
        return [number for number in found if number is not None]

    def part(self, name: str) -> Members:
        """Return an object; an empty one when it is not there."""
        value = self.values.get(name)
        if value is not None and not is_object(value):
            raise self._malformed(name)
        return Members(value or {}, f"{self._path}{name}.")

    def _list(self, name: str) -> list[Any]:
        value = self.values.get(name)
        if value is None or value == "":
            return []
        if is_list(value):
            return value
        raise self._malformed(name)

    def _malformed(self, name: str) -> CloudWatchError:
        return CloudWatchError("MalformedInput", f"The parameter {self._path}{name} has a value of the wrong type.")


@dataclass(frozen=True, slots=True)
class Request:
    """A request: the operation, its members, and whether it came in Query form (its answer is XML then)."""

    operation: str
    members: Members
    as_query: bool


def decode(headers: dict[str, str], body: bytes, query: dict[str, list[str]]) -> Request:
    """Return what was asked.

    Raises:
        CloudWatchError: nothing that can be read.
    """
    target = headers.get("x-amz-target", "")
    if target or "json" in headers.get("content-type", ""):
        try:
            values = json.loads(body or b"{}")
        except (ValueError, RecursionError) as error:
            raise CloudWatchError("SerializationException", "The request is not JSON.") from error
        return Request(target.rpartition(".")[2], Members(as_object(values)), as_query=False)
    pairs = [(name, values[-1]) for name, values in query.items()]
    pairs += parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True)
    form = dict(pairs)
    try:
        members = as_object(_nested(form))
    except RecursionError as error:
        raise CloudWatchError("MalformedQueryString", "The request is nested too deeply.") from error
    return Request(form.get("Action", ""), Members(members), as_query=True)


def _nested(form: dict[str, str]) -> Any:
    """Return `A.member.1.B=c` as {"A": [{"B": "c"}]}."""
    parts: dict[str, dict[str, str]] = {}
    result: dict[str, Any] = {}
    for name, value in form.items():
        head, dot, rest = name.partition(".")
        if dot:
            parts.setdefault(head, {})[rest] = value
        else:
            result[head] = value
    for head, inner in parts.items():
        result[head] = _nested(inner)
    members = result.get("member")
    if set(result) == {"member"} and is_object(members):
        return [members[number] for number in sorted(members, key=lambda n: (len(n), n))]
    return result


def answer(request: Request, result: dict[str, Any]) -> Answer:
    """Return the answer to a request."""
    if not request.as_query:
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(result).encode()
    name = request.operation
    inner = f"<{name}Result>{_xml(result)}</{name}Result>" if result else ""
    return _xml_answer(200, f'<{name}Response xmlns="{_NAMESPACE}">{inner}<ResponseMetadata>{_request_id()}'
                            f"</ResponseMetadata></{name}Response>")  # fmt: skip


def error_answer(error: CloudWatchError, *, as_query: bool) -> Answer:
    """Return the answer that an error is."""
    if as_query:
        text = f"<Type>Sender</Type><Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
        return _xml_answer(400, f'<ErrorResponse xmlns="{_NAMESPACE}"><Error>{text}</Error>{_request_id()}'
                                "</ErrorResponse>")  # fmt: skip
    # Who knew CloudWatch by its Query form goes on by the codes of that.
    name = error.code if error.code.endswith("Exception") else f"{error.code}Exception"
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "x-amzn-ErrorType": name,
        "x-amzn-query-error": f"{error.code};Sender",
    }
    return 400, headers, json.dumps({"__type": name, "message": error.message}).encode()


def _xml_answer(status: int, document: str) -> Answer:
    return status, {"Content-Type": "text/xml"}, document.encode()


def _request_id() -> str:
    return f"<RequestId>{uuid.uuid4()}</RequestId>"


def _xml(value: Any) -> str:
    if is_object(value):
        return "".join(f"<{name}>{_xml(member)}</{name}>" for name, member in value.items())
    if is_list(value):
        return "".join(f"<member>{_xml(member)}</member>" for member in value)
    if isinstance(value, Moment):
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return escape(str(value))
