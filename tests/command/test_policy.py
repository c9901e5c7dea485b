"""The rules of policy/, as `lab preview` and `lab up` tell them."""

from __future__ import annotations

import pytest

from tests.command.conftest import with_settings

pytestmark = [
    pytest.mark.usefixtures("local_cloud"),
    # pulumi_aws.s3 warns of classes of its own when it is imported.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*"),
]

ON_EVERYTHING = """
import json
import pulumi_aws as aws
everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
aws.iam.RolePolicy("mine-policy", role="mine", policy=json.dumps({"Statement": [everything]}))
"""


def test_what_a_rule_advises_is_told_and_does_not_hinder(tmp_path):
    told = with_settings(tmp_path, "streamlab:basic: {shard_count: 3, log_retention_days: 30}")("preview", "basic")
    assert told.code == 0, told.err
    *_resources, logs, shards, _summary = told.out.splitlines()
    assert logs == "  basic-consumer-logs: The log is kept for 30 days; 7 are enough to learn. (rule log-retention)"
    assert shards.startswith("  basic-stream: 3 shards, where 2 are enough to learn: ")


def test_lessons_as_they_are_break_no_rule(lab):
    told = lab("preview", "basic", "votes", "purchases", "orders", "archive")
    assert told.code == 0, told.err
    assert "(rule " not in told.out


def test_what_the_pack_would_refuse_on_aws_is_told_too(tmp_path):
    run = with_settings(tmp_path, "")
    (tmp_path / "__main__.py").unlink()
    (tmp_path / "__main__.py").write_text(ON_EVERYTHING)
    told = run("preview")
    assert told.code == 0, told.err
    assert "  mine-policy: It may do *: more than anybody has thought of." in told.out
    assert "(rule wildcards: on AWS the policy pack refuses it)" in told.out
