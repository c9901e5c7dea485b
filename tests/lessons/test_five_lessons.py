"""All five lessons in one stack, beside a second stack of all five on the same cloud; in the end nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from tests.lessons import needs
from tests.lessons.conftest import LESSONS, Deployed
from tests.lessons.inventory import TAGS, inventory, tags_of
from tests.lessons.needs import Lesson

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("five")]  # one deployment serves them all

EXPIRES = "2099-12-31"
WORKS: dict[str, tuple[Callable[[Lesson], bool], ...]] = {
    "basic": (needs.stores_an_event,),
    "votes": (needs.takes_a_vote, needs.counts_economically, needs.tells_the_results, needs.shows_the_page),
    "purchases": (needs.documents_a_purchase, needs.reports, needs.reports_over_http),
    "orders": (needs.produces_an_order,),
    "archive": (needs.archives,),
}
"""What shows that a lesson works."""


class Two(NamedTuple):
    """Two stacks on one cloud, and what was there before them."""

    first: Deployed
    """Its names are the texts'."""
    second: Deployed
    """Its names are Pulumi's, its functions' role the Learner Lab's."""
    before: dict[str, set[str]]


@pytest.fixture(scope="module")
def two(stack: Callable[[str], Deployed]) -> Two:
    first, second = stack("first"), stack("second")
    before = inventory(first.clients)
    first.up(lessons=list(LESSONS), names="text", expires=EXPIRES)
    second.up(lessons=list(LESSONS), names="auto", role_mode="existing")
    return Two(first, second, before)


def everything_works(deployed: Deployed) -> None:
    """Do the smallest thing of every lesson of a stack, all lessons at once, and see it come out."""
    outputs = deployed.outputs()

    def failing(name: str) -> list[str | None]:
        lesson = Lesson(deployed.clients, outputs[name])
        return [work.__doc__ for work in WORKS[name] if not work(lesson)]

    with ThreadPoolExecutor(len(WORKS)) as pool:
        assert dict(zip(WORKS, pool.map(failing, WORKS), strict=True)) == {name: [] for name in WORKS}


def contents(deployed: Deployed) -> dict[str, int]:
    """Return how many items, objects and log streams are in whatever of a stack can hold some."""
    clients = deployed.clients
    tables = deployed.physical("aws:dynamodb/table:Table")
    buckets = deployed.physical("aws:s3/bucket:Bucket")
    groups = deployed.physical("aws:cloudwatch/logGroup:LogGroup")
    return {
        **{table: clients.dynamodb.scan(TableName=table, Select="COUNT")["Count"] for table in tables},
        **{bucket: clients.s3.list_objects_v2(Bucket=bucket)["KeyCount"] for bucket in buckets},
        **{group: len(clients.logs.describe_log_streams(logGroupName=group)["logStreams"]) for group in groups},
    }


def test_each_stack_works_and_touches_nothing_of_the_other(two: Two):
    everything_works(two.first)
    assert all(contents(two.first).values())
    assert not any(contents(two.second).values())
    everything_works(two.second)


def test_a_second_up_changes_nothing(two: Two):
    assert two.first.again() == {}


def test_whatever_takes_tags_has_them_in_its_service(two: Two):
    for deployed, more in ((two.first, {"expires": EXPIRES}), (two.second, {})):
        common = {"project": "streamlab", "student": deployed.files.name, **more}
        tagged = [each for each in deployed.resources() if each["type"] in TAGS]
        for each in tagged:
            lesson = each["urn"].rpartition("::")[2].partition("-")[0]
            assert tags_of(deployed.clients, each) == {**common, "lesson": lesson}, each["urn"]
        # A topic is none of the lessons' default destinations.
        assert {each["type"] for each in tagged} >= TAGS.keys() - {"aws:sns/topic:Topic", "aws:iam/role:Role"}
        assert not [each for each in deployed.resources() if "tags" in each["inputs"] and each not in tagged]


def test_with_the_learner_labs_role_no_identity_is_made(two: Two):
    assert not [each for each in two.second.resources() if each["type"].startswith("aws:iam/")]
    made = inventory(two.first.clients)["roles"] - two.before["roles"]
    assert made == two.first.physical("aws:iam/role:Role")


def test_down_leaves_nothing_behind_and_the_other_stack_alone(two: Two):
    # text fault 59, 68: a bucket that is not empty is no obstacle, and log groups go; what is left is asked of each
    # service by a list, which says so when nothing is.
    everything_works(two.first)
    kept = [each["id"] for each in two.second.resources()]
    two.first.down()
    assert [each["id"] for each in two.second.resources()] == kept
    assert two.second.again() == {}
    everything_works(two.second)
    two.second.down()
    after = inventory(two.first.clients)
    assert {kind: found - two.before[kind] for kind, found in after.items() if found - two.before[kind]} == {}
