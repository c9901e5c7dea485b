"""What a learner's code asks of AWS, call by call: to count the calls, and to let something happen at one of them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

from botocore.client import BaseClient

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


@dataclass(frozen=True)
class ApiCall:
    """One call.

    Attributes:
        number: the how manieth it is, from 0.
        operation: as AWS names it: `UpdateItem`.
        parameters: as they were given.
        client: boto3's, for its exceptions.
    """

    number: int
    operation: str
    parameters: dict[str, Any]
    client: Any


class Crash(BaseException):
    """The execution environment has died; like a kill, it passes every `except Exception`."""


def _nothing(_call: ApiCall) -> None:
    pass


@contextlib.contextmanager
def watched_calls(
    *, before: Callable[[ApiCall], None] = _nothing, after: Callable[[ApiCall], None] = _nothing
) -> Generator[list[ApiCall]]:
    """Watch all calls that boto3 makes in this process, and yield the list that they are noted in.

    Args:
        before: called with each one before it is sent; what it raises, the caller gets instead.
        after: called with each one that AWS has answered; what it raises, the caller gets instead of the answer.
    """
    calls: list[ApiCall] = []
    send = cast("Callable[..., Any]", BaseClient._make_api_call)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # noqa: SLF001

    def watched(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        call = ApiCall(len(calls), operation, parameters, client)
        calls.append(call)
        before(call)
        answer = send(client, operation, parameters)
        after(call)
        return answer

    with mock.patch.object(BaseClient, "_make_api_call", watched):
        yield calls


@contextlib.contextmanager
def crashing(number: int, *, done: bool) -> Generator[None]:
    """Let the code die at its call of this number: when AWS has done what was asked for, or just before.

    Ends with the block, whether it died or not.
    """

    def die(call: ApiCall) -> None:
        if call.number == number:
            raise Crash

    hooks: dict[str, Callable[[ApiCall], None]] = {"after" if done else "before": die}
    with contextlib.suppress(Crash), watched_calls(**hooks):
        yield
