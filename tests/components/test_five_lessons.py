"""What holds for all five lessons, alone or together: nothing is shared, and the stack's modes reach every resource."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

if TYPE_CHECKING:
    from tests.components.conftest import Deploy, Deployment, Registered

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")

LESSONS = ["basic", "votes", "purchases", "orders", "archive"]
STREAM_LESSONS = ["basic", "votes", "orders", "archive"]
TAKE_NO_TAGS = {
    "aws:apigatewayv2/integration:Integration",
    "aws:apigatewayv2/route:Route",
    "aws:athena/namedQuery:NamedQuery",
    "aws:glue/catalogTable:CatalogTable",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:lambda/permission:Permission",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
}


def inputs(resource: Registered) -> dict[str, Any]:
    """Return a resource's inputs, a package as its path."""
    return {
        name: value.path if isinstance(value, pulumi.FileArchive) else value for name, value in resource.inputs.items()
    }


def registered(deployed: Deployment) -> dict[str, Any]:
    return {name: (each.type, inputs(each)) for name, each in deployed.resources.items()}


def test_together_the_lessons_are_what_each_is_alone(deploy: Deploy):
    """So what `down` leaves of all five (nothing: tests/lessons) it leaves of each."""
    alone = [deploy(lessons=[lesson]) for lesson in LESSONS]
    together = deploy(lessons=LESSONS)
    union: dict[str, Any] = {}
    for each in alone:
        assert not union.keys() & each.resources.keys()
        union |= registered(each)
    assert registered(together) == union
    assert together.exports == {name: value for each in alone for name, value in each.exports.items()}


@pytest.mark.parametrize("expires", [..., "2027-06-30"])
def test_whatever_takes_tags_has_them(deploy: Deploy, expires: Any):
    deployed = deploy(lessons=LESSONS, expires=expires, stack="ana")
    common = {"project": "streamlab", "student": "ana", **({} if expires is ... else {"expires": expires})}
    for name, each in deployed.resources.items():
        if each.type in TAKE_NO_TAGS:
            assert "tags" not in each.inputs
        else:
            assert each.inputs["tags"] == {**common, "lesson": name.partition("-")[0]}, name


def test_in_a_learner_lab_no_identity_is_made(deploy: Deploy):
    deployed = deploy(lessons=LESSONS, role_mode="existing", aws={"region": "us-east-1"})
    assert not deployed.of_type("aws:iam/")
    roles = {each.inputs["role"] for each in deployed.of_type("lambda/function:Function")}
    assert roles == {"arn:aws:iam::123456789012:role/LabRole"}
    made = deploy(lessons=LESSONS)
    assert registered(deployed).keys() == {
        name for name, each in made.resources.items() if not each.type.startswith("aws:iam/")
    }


@pytest.mark.parametrize("removable", [True, False])
def test_what_a_stack_holds_goes_with_it_only_if_it_may(deploy: Deploy, removable: bool):
    # A bucket of failures holds records, too.
    deployed = deploy(lessons=LESSONS, removable=removable, orders={"destination": "s3"})
    promised = {
        "aws:dynamodb/table:Table": ("deletionProtectionEnabled", not removable),
        "aws:s3/bucket:Bucket": ("forceDestroy", removable),
        "aws:cloudwatch/logGroup:LogGroup": ("skipDestroy", not removable),
        "aws:kinesis/stream:Stream": ("enforceConsumerDeletion", removable),
        "aws:athena/workgroup:Workgroup": ("forceDestroy", removable),
    }
    held = [each for each in deployed.resources.values() if each.type in promised]
    for each in held:
        name, value = promised[each.type]
        assert each.inputs[name] is value, each.name
    assert Counter(each.type.split(":")[-1] for each in held) == {
        "Table": 3,
        "Bucket": 3,
        "LogGroup": 9,
        "Stream": 4,
        "Workgroup": 1,
    }


def test_every_stream_is_on_demand_where_that_is_asked_for(deploy: Deploy):
    deployed = deploy(lessons=LESSONS, **{lesson: {"capacity": "on-demand"} for lesson in STREAM_LESSONS})
    for lesson in STREAM_LESSONS:
        stream = deployed[f"{lesson}-stream"].inputs
        assert stream["streamModeDetails"] == {"streamMode": "ON_DEMAND"}
        assert "shardCount" not in stream
