"""What a request must look like: AWS's own constraints, read from the service model that botocore carries.

AWS checks in two steps, and so do we: types first (SerializationException), then all constraints together
(ValidationException, "N validation errors detected: …").
"""

from __future__ import annotations

import base64
import binascii
import functools
import math
import re
from dataclasses import dataclass
from typing import Any

from lab.cloud.kinesis.errors import KinesisError
from lab.json_values import as_object, is_list, is_object

MOST_ERRORS = 10
"""AWS names at most ten violations in one message."""

Json = Any
Model = dict[str, Any]


def serialization_error(message: str | None = None) -> KinesisError:
    """Return what AWS answers to a body it cannot read."""
    return KinesisError("SerializationException", message)


@dataclass(frozen=True, slots=True)
class _Limits:
    """The constraints on one value."""

    least: int | None
    most: int | None
    pattern: re.Pattern[str] | None
    choices: tuple[str, ...]


class _Rule:
    """How values of one shape are read and checked."""

    def __init__(self, shape: Model) -> None:
        # Characters beyond U+FFFF are two for Java.
        pattern = shape.get("pattern", "").replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
        self.limits = _Limits(
            shape.get("min"), shape.get("max"), re.compile(pattern) if pattern else None, tuple(shape.get("enum", ()))
        )

    def read(self, value: Json) -> Any:
        """Return the value in its type."""
        raise NotImplementedError

    def check(self, value: Any, place: str, errors: list[str]) -> None:
        """Add what violates a constraint."""
        errors += [_violation(value, place, text) for text in self.violations(value)]

    def violations(self, value: Any) -> list[str]:
        """Return the constraints that a value violates."""
        return _length_violations(self.limits, len(value))


class _String(_Rule):
    def read(self, value: Json) -> str:
        if not isinstance(value, str):
            raise serialization_error(f"{_token(value)} can not be converted to a String")
        return value

    def violations(self, value: str) -> list[str]:
        limits = self.limits
        found: list[str] = []
        if limits.choices and value not in limits.choices:
            found.append(f"Member must satisfy enum value set: [{', '.join(limits.choices)}]")
        # What is too long is not matched: AWS's patterns take quadratic time.
        matched = limits.most is None or len(value) <= limits.most
        if limits.pattern and matched and not limits.pattern.fullmatch(value):
            found.append(f"Member must satisfy regular expression pattern: {limits.pattern.pattern}")
        return found + super().violations(value)


class _Blob(_Rule):
    def read(self, value: Json) -> bytes:
        if isinstance(value, bytes):
            return value
        if not isinstance(value, str):
            raise serialization_error(f"{_token(value)} can not be converted to a Blob")
        return decode_base64(value)


class _Integer(_Rule):
    def read(self, value: Json) -> int:
        # bool is an int to Python, not to AWS. A fraction is cut off.
        whole = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not whole or not -(2**63) <= value < 2**63:
            raise serialization_error(f"{_token(value)} can not be converted to an Integer")
        return int(value)

    def violations(self, value: int) -> list[str]:
        found: list[str] = []
        if self.limits.most is not None and value > self.limits.most:
            found.append(f"Member must have value less than or equal to {self.limits.most}")
        if self.limits.least is not None and value < self.limits.least:
            found.append(f"Member must have value greater than or equal to {self.limits.least}")
        return found


class _Boolean(_Rule):
    def read(self, value: Json) -> bool:
        if not isinstance(value, bool):
            raise serialization_error(f"{_token(value)} can not be converted to a Boolean")
        return value

    def violations(self, value: bool) -> list[str]:  # noqa: ARG002, FBT001
        return []


class _Timestamp(_Rule):
    def read(self, value: Json) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not -1e11 < value < 1e11:  # noqa: PLR2004  (some thousand years)
            raise serialization_error(f"{_token(value)} can not be converted to milliseconds since epoch")
        return float(value)

    def violations(self, value: float) -> list[str]:  # noqa: ARG002
        return []


class _List(_Rule):
    def __init__(self, shape: Model, member: _Rule) -> None:
        super().__init__(shape)
        self._member = member

    def read(self, value: Json) -> list[Any]:
        if not is_list(value):
            raise serialization_error(
                "Start of structure or map found where not expected."
                if isinstance(value, dict)
                else "Expected list or null"
            )
        if None in value:
            raise serialization_error("Unexpected null in a list")
        return [self._member.read(each) for each in value]

    def check(self, value: list[Any], place: str, errors: list[str]) -> None:
        super().check(value, place, errors)
        for position, each in enumerate(value, 1):
            if len(errors) >= MOST_ERRORS:
                return
            if isinstance(self._member, _Structure):
                self._member.check(each, f"{place}.{position}.member", errors)
            elif broken := self._member.violations(each):
                errors.append(_violation(value, place, f"Member must satisfy constraint: [{', '.join(broken)}]"))
                return


class _Map(_Rule):
    def __init__(self, shape: Model, key: _Rule, value: _Rule) -> None:
        super().__init__(shape)
        self._key = key
        self._value = value

    def read(self, value: Json) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise serialization_error(
                "Start of list found where not expected" if isinstance(value, list) else "Expected map or null"
            )
        members = as_object(value)
        return {self._key.read(name): self._value.read("" if each is None else each) for name, each in members.items()}

    def check(self, value: dict[str, Any], place: str, errors: list[str]) -> None:
        super().check(value, place, errors)
        for kind, rule, members in (("Map keys", self._key, value), ("Map value", self._value, value.values())):
            broken = next((found for each in members if (found := rule.violations(each))), None)
            if broken:
                errors.append(_violation(value, place, f"{kind} must satisfy constraint: [{', '.join(broken)}]"))


class _Structure(_Rule):
    def __init__(self, shape: Model, members: dict[str, _Rule]) -> None:
        super().__init__(shape)
        self._members = members
        self._required = shape.get("required", ())

    def read(self, value: Json) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise serialization_error(
                "Start of list found where not expected" if isinstance(value, list) else "Expected null"
            )
        given = as_object(value)
        return {name: rule.read(each) for name, rule in self._members.items() if (each := given.get(name)) is not None}

    def check(self, value: dict[str, Any], place: str, errors: list[str]) -> None:
        for name, rule in self._members.items():
            if len(errors) >= MOST_ERRORS:
                return
            where = (f"{place}." if place else "") + name[0].lower() + name[1:]
            if name in value:
                rule.check(value[name], where, errors)
            elif name in self._required:
                errors.append(_violation(None, where, "Member must not be null"))


def validated(operation: str, request: Json, *, service: str = "kinesis") -> dict[str, Any]:
    """Return a request with its values in their types; members that AWS does not know are left out.

    Args:
        operation: the operation's name.
        request: what the body held.
        service: botocore's name of the service.

    Raises:
        KinesisError: SerializationException or ValidationException.
    """
    rule = rules(service)[operation]
    values = rule.read(request)
    errors: list[str] = []
    rule.check(values, "", errors)
    if errors:
        raise validation_error(errors)
    return values


def validation_error(errors: list[str]) -> KinesisError:
    """Return a ValidationException in AWS's words."""
    counted = "1 validation error" if len(errors) == 1 else f"{len(errors)} validation errors"
    return KinesisError("ValidationException", f"{counted} detected: {'; '.join(errors)}")


def decode_base64(text: str) -> bytes:
    """Return the bytes of a blob in JSON."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise serialization_error(f"'{text[:100]}' can not be converted to a Blob: {error}") from error


def _length_violations(limits: _Limits, length: int) -> list[str]:
    found: list[str] = []
    if limits.most is not None and length > limits.most:
        found.append(f"Member must have length less than or equal to {limits.most}")
    if limits.least is not None and length < limits.least:
        found.append(f"Member must have length greater than or equal to {limits.least}")
    return found


def _violation(value: Any, place: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{_shown(value)}'"
    return f"Value {shown} at '{place}' failed to satisfy constraint: {constraint}"


def _shown(value: Any) -> str:
    """Return a value as Java prints it."""
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    if is_list(value):
        names = ("com.amazonaws.kinesis.v20131202.PutRecordsRequestEntry" if is_object(v) else str(v) for v in value)
        return f"[{', '.join(names)}]"
    if is_object(value):
        return "{" + ", ".join(f"{key}={each}" for key, each in value.items()) + "}"
    return str(value)


def _token(value: Json) -> str:
    """Return what AWS calls a JSON value that stands where it should not."""
    match value:
        case bool():
            return "TRUE_VALUE" if value else "FALSE_VALUE"
        case int() | float():
            return "NUMBER_VALUE"
        case str():
            return "STRING_VALUE"
        case list():
            return "START_ARRAY"
        case dict():
            return "START_OBJECT"
        case _:
            return "VALUE"


@functools.cache
def rules(service: str = "kinesis") -> dict[str, _Rule]:
    """Return the rule of every operation's request, from botocore's copy of AWS's model."""
    from botocore.loaders import Loader

    model: Model = Loader().load_service_model(service, "service-2")
    shapes: dict[str, Model] = model["shapes"]
    simple = {"string": _String, "blob": _Blob, "integer": _Integer, "long": _Integer, "boolean": _Boolean,
              "timestamp": _Timestamp}  # fmt: skip

    @functools.cache
    def rule(name: str) -> _Rule:
        shape = shapes[name]
        match shape["type"]:
            case "structure":
                return _Structure(shape, {key: rule(each["shape"]) for key, each in shape["members"].items()})
            case "list":
                return _List(shape, rule(shape["member"]["shape"]))
            case "map":
                return _Map(shape, rule(shape["key"]["shape"]), rule(shape["value"]["shape"]))
            case kind:
                return simple[kind](shape)

    operations: dict[str, Model] = model["operations"]
    return {name: rule(operation["input"]["shape"]) for name, operation in operations.items() if "input" in operation}
