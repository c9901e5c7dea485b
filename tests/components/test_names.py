"""The names that the program gives are those by which `lab leftovers` knows what has no tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.leftovers.kinds import KINDS
from lab.leftovers.names import lesson_of

if TYPE_CHECKING:
    from tests.components.conftest import Deploy

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")

LESSONS = ["basic", "votes", "purchases", "orders", "archive"]
NAMELESS = {"aws:lambda/eventSourceMapping:EventSourceMapping"}
PARTS = {"aws:apigatewayv2/stage:Stage"}
"""What takes tags and goes with the API it is part of."""


@pytest.mark.parametrize("names", ["auto", "text"])
def test_every_lesson_is_known_by_the_names_of_its_things(deploy: Deploy, names: str):
    kinds = {kind.type for kind in KINDS} - NAMELESS
    deployed = deploy(lessons=LESSONS, names=names, stack="dev").resources.values()
    named = [each for each in deployed if each.type in kinds]
    for each in named:
        name = each.inputs.get("bucket") or each.inputs.get("name") or f"{each.name}-1a2b3c4"
        assert lesson_of(name) == each.name.split("-")[0], name
    assert {each.type for each in deployed if "tags" in each.inputs} <= kinds | NAMELESS | PARTS, "kinds nobody finds"


def test_other_names_are_not_ours():
    for name in ("stream", "basic", "basic-stream", "basic-stream-1a2b3c", "my-basic-stream-1a2b3c4", "EventStream2"):
        assert lesson_of(name) is None
    assert lesson_of("/aws/lambda/LambdaProducer") == "orders"
