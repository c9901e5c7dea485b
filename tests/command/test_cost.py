"""`lab cost`, and what `lab up` says of a stack on AWS: no cloud runs in these tests."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lab.target import LESSONS
from tests.command.conftest import with_settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("home"),
    # pulumi_aws.s3 warns of classes of its own when it is imported.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*"),
]


def test_a_lesson_is_priced_before_anything_runs(lab):
    told = lab("cost", "basic")
    assert told.code == 0, told.err
    assert "an hour  2 h, 1,000 events  forgotten 30 d" in told.out
    assert "Kinesis: provisioned shards  0.0150   0.0300             10.80" in told.out
    assert "AT LEAST" not in told.out
    for said in ("list prices of us-east-1 on 20", "Each event has 200 bytes.", "No free tier"):
        assert said in " ".join(told.out.split())


def test_several_lessons_come_to_a_sum(lab):
    told = lab("cost", *LESSONS, "--hours", "1.5", "--events", "1", "--forgotten", "36h")
    assert "an hour  1.5 h, 1 event  forgotten 36 h" in told.out
    assert "Not called in the session: votes-results-function, purchases-report-function." in told.out
    data = lab("cost", *LESSONS, "--hours", "1.5", "--events", "1", "--forgotten", "36h", "--json").json()
    for column in ("hour", "session", "forgotten"):
        parts = sum(Decimal(bill["total"][column]) for bill in data["lessons"].values())
        assert float(parts) == pytest.approx(float(data["total"][column]), abs=1e-8)
    assert list(data["lessons"]) == list(LESSONS)
    assert (data["hours"], data["events"], data["forgotten_hours"]) == ("1.5", 1, "36.0")
    assert data["at_least"] is False


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["bsic"], "Did you mean `basic`?"),
        (["--hours=-1"], "--hours must be at least 0, not -1."),
        (["--hours=nan"], "--hours must be a number"),
        (["--events=1.5"], "--events must be a whole number"),
        (["--events=-3"], "--events must be at least 0"),
        (["--forgotten=30x"], "--forgotten 30x: this is no duration.\nSay how long"),
        (["--forgotten=" + "9" * 30 + "d"], "this is no duration"),
    ],
    ids=lambda value: value[0][:20] if isinstance(value, list) else "",
)
def test_what_cannot_be_priced_is_refused(lab, typed, said):
    told = lab("cost", *typed)
    assert (told.code, told.out) == (2, "")
    assert said in told.err


def test_up_tells_what_a_stack_on_aws_costs_before_it_refuses_it(lab):
    told = lab("up", "archive", "--stack", "dev")
    assert told.code == 1
    assert "archive  0.0304   0.0659             21.90" in told.out
    assert "pulumi up --stack dev (what it costs: lab cost --stack dev)" in told.err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("aws:region: sa-east-1", "Stack local is in sa-east-1, where prices are others"),
        ("streamlab:basic: {shard_count: 0}", "streamlab:basic.shard_count is 0"),
        ("streamlab:lessons: []", "asks for no lessons, so there is nothing to price.\nName some: lab cost basic"),
    ],
)
def test_the_stacks_settings_count(tmp_path, settings, said):
    told = with_settings(tmp_path, settings)("cost")
    assert said in " ".join(told.out.split()) + told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize("words", [("down",), ("refresh",), ("stack", "export")])
def test_of_a_stack_on_aws_nobody_is_told_that_nothing_is_there(lab, words):
    told = lab(*words, "--stack", "dev")
    assert (told.code, told.out) == (1, "")
    assert told.err.startswith("Stack dev is on AWS: only the Pulumi CLI knows what is deployed there.")
    assert "pulumi destroy --stack dev" in told.err
