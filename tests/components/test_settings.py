"""Settings: what is accepted, and what is said of everything that is not."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pulumi
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.settings import (
    ApiSettings,
    BasicSettings,
    ConsumerSettings,
    PurchasesSettings,
    StreamSettings,
    VotesSettings,
)
from tests.components.conftest import ROOT

if TYPE_CHECKING:
    from tests.components.conftest import Deploy


def faults(deploy: Deploy, **given: Any) -> list[str]:
    """Return what the program says of the settings, a line a fault."""
    with pytest.raises(pulumi.RunError) as error:
        deploy(**given)
    head, *lines, end = str(error.value).splitlines()
    assert "Nothing was changed." in head
    assert end == "Correct this in Pulumi.ana.yaml, then run the same command again."
    assert all(line.startswith("  - ") for line in lines)
    return [line.removeprefix("  - ") for line in lines]


# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")

WHOLE = "allowed: a whole number from {} to {}."
WHOLE_OR_NONE = "allowed: a whole number from {} to {}, or -1 for no limit."
OF_BASIC = [
    ("shard_count", 0, WHOLE.format(1, 200)),
    ("shard_count", 201, WHOLE.format(1, 200)),
    ("shard_count", "2", WHOLE.format(1, 200)),
    ("shard_count", 1.5, WHOLE.format(1, 200)),
    ("shard_count", True, WHOLE.format(1, 200)),
    ("shard_count", None, WHOLE.format(1, 200)),
    ("retention_hours", 1, WHOLE.format(24, 8760)),
    ("retention_hours", 8761, WHOLE.format(24, 8760)),
    ("batch_size", 0, WHOLE.format(1, 10_000)),
    ("batch_size", 10_001, WHOLE.format(1, 10_000)),
    ("batching_window_seconds", 301, WHOLE.format(0, 300)),
    ("parallelization_factor", 11, WHOLE.format(1, 10)),
    ("maximum_retry_attempts", -2, WHOLE_OR_NONE.format(0, 10_000)),
    ("maximum_retry_attempts", 10_001, WHOLE_OR_NONE.format(0, 10_000)),
    ("maximum_record_age_seconds", 59, WHOLE_OR_NONE.format(60, 604_800)),
    ("maximum_record_age_seconds", 604_801, WHOLE_OR_NONE.format(60, 604_800)),
    ("memory_mb", 127, WHOLE.format(128, 10_240)),
    ("timeout_seconds", 901, WHOLE.format(1, 900)),
    ("capacity", "ondemand", "allowed: one of provisioned, on-demand."),
    ("starting_position", "trim_horizon", "allowed: one of LATEST, TRIM_HORIZON, AT_TIMESTAMP."),
    ("starting_position_timestamp", "yesterday", "allowed: a time with its zone, such as 2027-06-30T08:00:00Z."),
    ("starting_position_timestamp", "2026-11-22T08:00:00", "allowed: a time with its zone"),
    ("starting_position_timestamp", "20261122T080000Z", "allowed: a time with its zone"),
    ("starting_position_timestamp", "2026-11-31T08:00:00Z", "allowed: a time with its zone"),
    ("starting_position_timestamp", 5, "allowed: a time with its zone"),
    ("bisect", "true", "allowed: one of true, false."),
    ("bisect", 1, "allowed: one of true, false."),
    ("alarms", None, "allowed: one of true, false."),
    ("sensor_index", [], "allowed: one of true, false."),
    ("destination", "kafka", "allowed: one of sqs, sns, s3."),
    ("destination", ["sqs"], "allowed: one of sqs, sns, s3."),
    ("log_retention_days", 2, "allowed: one of 1, 3, 5, 7, 14, 30,"),
    ("log_retention_days", 0, "allowed: one of 1, 3, 5, 7, 14, 30,"),
    ("log_retention_days", True, "allowed: one of 1, 3, 5, 7, 14, 30,"),
    ("runtime", "python3.9", "allowed: one of python3.11, python3.12, python3.13, python3.14."),
    ("runtime", "nodejs22.x", "allowed: one of python3.11,"),
]


@pytest.mark.parametrize(("name", "value", "allowed"), OF_BASIC)
def test_a_value_that_is_not_allowed(deploy: Deploy, name: str, value: Any, allowed: str):
    others = {"starting_position": "AT_TIMESTAMP"} if name == "starting_position_timestamp" else {}
    (fault,) = faults(deploy, basic={**others, name: value})
    assert fault.startswith(f"streamlab:basic.{name} is {json.dumps(value)}; {allowed}")


def test_every_setting_of_basic_has_a_value_that_is_not_allowed():
    assert {name for name, *_ in OF_BASIC} == {field.name for field in fields(BasicSettings)}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"names": "pretty"}, 'streamlab:names is "pretty"; allowed: one of auto, text.'),
        ({"role_mode": "labrole"}, 'streamlab:role_mode is "labrole"; allowed: one of create, existing.'),
        ({"removable": "yes"}, 'streamlab:removable is "yes"; allowed: one of true, false.'),
        ({"expires": "soon"}, 'streamlab:expires is "soon"; allowed: a date such as 2027-06-30.'),
        ({"expires": "2027-02-30"}, 'streamlab:expires is "2027-02-30"; allowed: a date such as 2027-06-30.'),
        ({"lessons": "basic"}, 'streamlab:lessons is "basic"; allowed: a list of names in brackets, none twice.'),
        ({"lessons": ["basic", "basic"]}, 'streamlab:lessons is ["basic", "basic"]; allowed: a list'),
        ({"lessons": ...}, "streamlab:lessons is missing: a list of some of basic, votes, purchases, orders, archive."),
        ({"lessons": ["bsic"]}, 'streamlab:lessons names "bsic", which is not a lesson. Did you mean basic?'),
        (
            {"lessons": ["kafka"]},
            (
                'streamlab:lessons names "kafka", which is not a lesson. '
                "There are: basic, votes, purchases, orders, archive."
            ),
        ),
        ({"lessons": [7]}, "streamlab:lessons is [7]; allowed: a list of names in brackets, none twice."),
        ({"lesson": ["basic"]}, "streamlab:lesson is not a setting. Did you mean streamlab:lessons?"),
        ({"shard_count": 2}, "streamlab:shard_count is not a setting. There are: streamlab:lessons, streamlab:names,"),
        (
            {"basic": {"shards": 2}},
            "streamlab:basic.shards is not a setting. Did you mean streamlab:basic.shard_count?",
        ),
        (
            {"basic": {"Batch_size": 2}},
            "streamlab:basic.Batch_size is not a setting. Did you mean streamlab:basic.batch_",
        ),
        ({"basic": {"x" * 500: 2}}, "streamlab:basic.xxxx"),
        ({"basic": "shard_count"}, 'streamlab:basic is "shard_count"; allowed: settings, each on a line: name: value.'),
        ({"basic": [1]}, "streamlab:basic is [1]; allowed: settings, each on a line: name: value."),
        ({"basic": {"runtime": "x" * 500}}, 'streamlab:basic.runtime is "' + "x" * 59 + "…; allowed: one of"),
        (
            {"role_mode": "existing", "aws": {"region": "eu-west-1"}},
            'aws:region is "eu-west-1"; allowed: one of us-east-1, us-west-2.',
        ),
        (
            {"basic": {"starting_position": "AT_TIMESTAMP"}},
            "streamlab:basic.starting_position_timestamp must be given when streamlab:basic.starting_position is AT_",
        ),
        (
            {"basic": {"starting_position_timestamp": "2026-11-22T08:00:00Z"}},
            "streamlab:basic.starting_position_timestamp only holds when streamlab:basic.starting_position is AT_",
        ),
        (
            {"basic": {"capacity": "on-demand", "shard_count": 2}},
            "streamlab:basic.shard_count only holds when streamlab:basic.capacity is provisioned.",
        ),
    ],
)
def test_a_setting_that_is_wrong(deploy: Deploy, given: dict[str, Any], fault: str):
    (said,) = faults(deploy, **given)
    assert said.startswith(fault)


def test_all_faults_are_told_together(deploy: Deploy):
    said = faults(deploy, lessons=["basik"], names="both", typo=1, basic={"shard_count": 0, "batch_size": 0})
    assert [line.split()[0] for line in said] == [
        "streamlab:names",
        "streamlab:typo",
        "streamlab:lessons",
        "streamlab:basic.shard_count",
        "streamlab:basic.batch_size",
    ]


def test_a_misspelt_value_is_one_fault_and_no_more(deploy: Deploy):
    time = "2026-11-22T08:00:00Z"
    assert len(faults(deploy, basic={"starting_position": "at_timestamp", "starting_position_timestamp": time})) == 1
    assert len(faults(deploy, basic={"starting_position": "AT_TIMESTAMP", "starting_position_timestamp": "now"})) == 1
    assert len(faults(deploy, basic={"starting_position": "LATEST", "starting_position_timestamp": "now"})) == 2


def test_settings_come_from_the_environment_of_pulumis_own_runner(deploy: Deploy, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"streamlab:nmaes": "text", "other:names": "text"}))
    assert faults(deploy) == ["streamlab:nmaes is not a setting. Did you mean streamlab:names?"]


def test_a_wrong_program_registers_nothing(deploy: Deploy):
    with pytest.raises(pulumi.RunError, match="A setting of this stack cannot be used"):
        deploy(names="both")


@pytest.mark.parametrize("empty", ["", {}, None])
def test_a_lesson_without_settings_of_its_own(deploy: Deploy, empty: Any):
    assert "basic-stream" in deploy(basic=empty).resources


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=st.dictionaries(st.sampled_from(["lessons", "names", "expires", "removable", "basic", "x"]), anything))
def test_no_setting_makes_the_program_crash(deploy: Deploy, given: dict[str, Any]):
    with suppress(pulumi.RunError):
        deploy(**{"lessons": [], **given})


def stack_file(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text(encoding="utf-8"))["config"]


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_the_stack_files_are_accepted(deploy: Deploy, stack: str):
    given = {
        key.removeprefix("streamlab:"): value
        for key, value in stack_file(stack).items()
        if key.startswith("streamlab:")
    }
    assert "basic" in deploy(stack=stack, **given).exports


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_no_stack_file_fixes_a_day_that_passes(stack: str):
    assert "streamlab:expires" not in stack_file(stack)


def test_a_day_that_is_past_is_told_and_stops_nothing(deploy: Deploy, monkeypatch: pytest.MonkeyPatch):
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    deployed = deploy(expires="2020-02-29")
    assert deployed["basic-stream"].inputs["tags"]["expires"] == "2020-02-29"
    (warning,) = said
    assert warning.startswith("streamlab:expires is 2020-02-29, which is past: ")
    assert warning.endswith("pulumi config set streamlab:expires YYYY-MM-DD --stack ana")
    deploy(expires=datetime.now(UTC).date().isoformat())
    deploy(expires="9999-12-31")
    assert len(said) == 1


def test_the_local_stack_cannot_reach_an_account(deploy: Deploy):
    config = stack_file("local")
    (endpoints,) = config["aws:endpoints"]
    assert {urlsplit(url).hostname for url in endpoints.values()} == {"127.0.0.1"}
    assert {urlsplit(url).port for url in endpoints.values()} == {4566}
    assert (config["aws:accessKey"], config["aws:secretKey"], config["aws:region"]) == ("test", "test", "us-east-1")
    assert all(value is True for key, value in config.items() if key.startswith("aws:skip"))

    used = {
        resource.type.removeprefix("aws:").split("/")[0].split(":")[0]
        for destination in ("sqs", "sns", "s3")
        for resource in deploy(basic={"destination": destination}).resources.values()
    }
    # Log groups belong to CloudWatch for Pulumi, to a service of their own for AWS.
    assert used | {"logs", "sts"} <= set(endpoints)


def test_the_project_names_no_plugin():
    # Else a learner's own AWS stack would meet the local provider.
    assert set(yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))) == {"name", "description", "runtime"}


def test_a_programs_own_settings_are_checked_where_they_are_made():
    with pytest.raises(ValueError, match="batch_size is 0; allowed: a whole number from 1 to 10000") as error:
        ConsumerSettings(batch_size=0, destination="mail")  # type: ignore[arg-type]
    assert "destination is" in str(error.value)
    with pytest.raises(ValueError, match="retention_hours is 12"):
        BasicSettings(retention_hours=12)
    with pytest.raises(ValueError, match="origins is"):
        VotesSettings(origins=("no origin",))


def test_what_a_program_may_set_is_taken_and_so_are_the_defaults():
    assert StreamSettings(shard_count=2).shard_count == 2
    assert ConsumerSettings(maximum_retry_attempts=-1, starting_position_timestamp=None)
    assert VotesSettings(origins=("https://example.org",), options={"a": "A"})
    assert PurchasesSettings(tenants=["empresa_sur"], stage="dev")
    assert ApiSettings() == ApiSettings(throttling_rate=500)
