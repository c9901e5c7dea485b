"""FilterLogEvents in pages: every event once, also where several carry the same time."""

from __future__ import annotations

import time
from typing import Any

import botocore.exceptions
import pytest

from tests.cloud.conftest import Workshop


@pytest.fixture
def group(workshop: Workshop) -> str:
    """A log group with two streams and seven events, five of one millisecond."""
    name, now = workshop.name("group"), int(time.time() * 1000)
    workshop.clients.logs.create_log_group(logGroupName=name)
    for stream, events in (("a", {"a1": 0, "a2": 5, "a3": 5, "a4": 9}), ("b", {"b1": 5, "b2": 5, "b3": 5})):
        workshop.clients.logs.create_log_stream(logGroupName=name, logStreamName=stream)
        workshop.clients.logs.put_log_events(
            logGroupName=name,
            logStreamName=stream,
            logEvents=[{"timestamp": now + later, "message": message} for message, later in events.items()],
        )
    return name


def pages(workshop: Workshop, group: str, **arguments: Any) -> list[list[str]]:
    paginator = workshop.clients.logs.get_paginator("filter_log_events")
    found = paginator.paginate(logGroupName=group, **arguments)
    return [[event.get("message", "") for event in page["events"]] for page in found]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_every_event_comes_once_whatever_the_limit(workshop: Workshop, group: str, limit: int):
    found = pages(workshop, group, PaginationConfig={"PageSize": limit})
    assert all(len(page) <= limit for page in found)
    assert [event for page in found for event in page] == ["a1", "a2", "a3", "b1", "b2", "b3", "a4"]


def test_pages_of_filtered_events(workshop: Workshop, group: str):
    found = pages(workshop, group, filterPattern="b", PaginationConfig={"PageSize": 2})
    assert [page for page in found if page] == [["b1", "b2"], ["b3"]]


def test_a_short_answer_has_no_token(workshop: Workshop, group: str):
    assert "nextToken" not in workshop.clients.logs.filter_log_events(logGroupName=group)


def test_a_token_of_nobodys_is_refused(workshop: Workshop, group: str):
    with pytest.raises(botocore.exceptions.ClientError, match="The specified nextToken is invalid"):
        workshop.clients.logs.filter_log_events(logGroupName=group, nextToken="nonsense")
