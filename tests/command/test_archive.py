"""Lesson `archive` through the commands: by batch, the same again in other batches, then by record as in the text."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from lab import workspace
from lab.hash_keys import hash_key
from lab.target import Target

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("archive")]  # one deployment serves them all

PATIENCE_SECONDS = 30.0
SENT_BY_BATCH = 600
FROM_A_TIME = {"starting_position": "AT_TIMESTAMP", "starting_position_timestamp": "2026-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def up(local_cloud, tmp_path_factory) -> Any:
    """Deploys the lesson with these settings; what is deployed is removed in the end."""
    clone = tmp_path_factory.mktemp("clone")
    for name in ("Pulumi.yaml", "__main__.py", "components", "handlers", "languages", "lab", ".venv"):
        (clone / name).symlink_to(workspace.ROOT / name)
    settings = (workspace.ROOT / "Pulumi.local.yaml").read_text()
    code = "import pathlib, sys; from lab import workspace; workspace.ROOT = pathlib.Path(sys.argv.pop(1))\n"
    code += "from lab.command import main; sys.exit(main())"

    def process(*typed: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, str(clone), *typed]
        return subprocess.run(command, cwd=workspace.ROOT, env=os.environ, capture_output=True, text=True, check=False)

    def deploy(**of_archive: Any) -> str:
        (clone / "Pulumi.local.yaml").write_text(f"{settings}  streamlab:archive: {json.dumps(of_archive)}\n")
        done = process("up", "archive")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    yield deploy
    process("down")


@pytest.fixture(scope="module")
def by_batch(up) -> None:
    up(layout="batch", batch_size=300, batching_window_seconds=1)


@pytest.fixture(scope="module")
def by_record(up) -> str:
    return up(**FROM_A_TIME)


def until(check: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (result := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return result


def shown_when(lab, records: int):
    """Return what `show` says once so many records are archived and nothing is under way."""

    def check() -> Any:
        shown = lab("show", "archive", "--limit", "10000", "--json").json()
        return shown if shown["objects"]["records"] >= records and shown["still_to_process"] == 0 else None

    return until(check)


def contents() -> dict[str, bytes]:
    target = Target("local")
    s3, bucket = target.clients.s3, target.lesson("archive")["BucketName"]
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


@pytest.mark.usefixtures("by_batch")
def test_by_batch_few_objects_hold_every_record_once_whatever_fails_meanwhile(lab):
    assert lab("fault", "fail", "archive", "--every", "3").code == 0
    sent = lab("send", "archive", "--count", str(SENT_BY_BATCH), "--json").json()
    assert lab("fault", "clear").code == 0
    assert (sent["place"], sent["sent"]) == ("stream-output", SENT_BY_BATCH)
    shown = shown_when(lab, SENT_BY_BATCH)
    assert shown["failures"] == []
    assert (shown["objects"]["records"], shown["objects"]["more_than_once"]) == (SENT_BY_BATCH, 0)
    assert {shard: each["items"] for shard, each in shown["by_shard"].items()} == sent["by_shard"]
    assert shown["objects"]["count"] <= SENT_BY_BATCH / 50
    lines = [json.loads(line) for body in contents().values() for line in gzip.decompress(body).splitlines()]
    assert Counter(line["data"] for line in lines) == Counter(
        ["hello kinesis", *(f"event {number}" for number in range(2, SENT_BY_BATCH + 1))]
    )
    assert re.fullmatch(
        r"dt=\d{4}-\d\d-\d\d/shardId-\d{12}-to-\d{56}-from-\d{56}\.ndjson\.gz", shown["objects"]["newest"][0]["key"]
    )


@pytest.mark.usefixtures("by_batch")
def test_an_object_of_many_records_is_shown_unpacked(lab):
    newest = lab("show", "archive", "--json").json()["objects"]["newest"][0]
    shown = lab("show", "archive", newest["key"], "--json").json()
    assert shown["metadata"] == {"records": str(newest["records"])}
    assert len(shown["content"].splitlines()) == newest["records"]


@pytest.mark.usefixtures("by_batch")
def test_a_replay_of_the_whole_stream_in_other_batches_writes_nothing(lab, up):
    before = contents()
    replayed_from = int(time.time() * 1000)
    up(
        layout="batch",
        batch_size=70,
        starting_position="AT_TIMESTAMP",
        starting_position_timestamp="2026-01-01T00:00:00Z",
    )
    logs = Target("local").clients.logs

    def replayed() -> int:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName="/aws/lambda/kinesis-to-s3-consumer",
            startTime=replayed_from,
            filterPattern='"Batch processed"',
        )
        lines = [event["message"] for page in pages for event in page["events"]]
        return sum(json.loads(line)["processed"] for line in lines if line.startswith("{"))

    until(lambda: replayed() >= SENT_BY_BATCH)
    assert contents() == before
    assert lab("show", "archive", "--json").json()["objects"]["more_than_once"] == 0


def test_the_texts_own_commands_do_what_the_text_says(lab, by_record):
    assert re.search(r"KinesisStreamName +stream-output\n", by_record)
    target = Target("local")
    clients, bucket = target.clients, target.lesson("archive")["BucketName"]
    # aws kinesis put-record --stream-name stream-output --partition-key "PartitionKey1" --data … ; and a second one
    for key, data in (("PartitionKey1", b"hello kinesis"), ("PartitionKey2", b"event 2")):
        clients.kinesis.put_record(StreamName="stream-output", PartitionKey=key, Data=data)

    def listed() -> list[str]:  # aws s3 ls s3://…
        found = clients.s3.list_objects_v2(Bucket=bucket, Prefix="PartitionKey").get("Contents", [])
        return [each["Key"] for each in found]

    until(lambda: len(listed()) == 2)
    first, second = listed()
    assert re.fullmatch(r"PartitionKey1-\d{4}-\d\d-\d\d-\d{6}-\d{56}\.txt", first)
    # aws s3 cp s3://…/PartitionKey1-YYYY-MM-DD-HHMMSS….txt -
    assert clients.s3.get_object(Bucket=bucket, Key=first)["Body"].read() == b"hello kinesis"
    # aws logs describe-log-streams --log-group-name "/aws/lambda/kinesis-to-s3-consumer"
    assert clients.logs.describe_log_streams(logGroupName="/aws/lambda/kinesis-to-s3-consumer")["logStreams"]
    told = lab("show", "archive", second).out
    assert "  partition-key: PartitionKey2\n" in told
    assert told.endswith("\nevent 2\n")


@pytest.mark.usefixtures("by_record")
def test_by_record_as_many_objects_as_records_whatever_fails_meanwhile(lab):
    before = shown_when(lab, 0)["objects"]
    assert lab("fault", "throttle", "archive", "--for", "0.5s").code == 0
    assert lab("fault", "fail", "archive", "--every", "4").code == 0
    lab("send", "archive", "--count", "200", "--keys", "2")
    assert lab("fault", "clear").code == 0
    shown = shown_when(lab, before["records"] + 200)
    assert shown["objects"]["count"] == before["count"] + 200
    assert shown["objects"]["records"] == before["records"] + 200
    assert shown["failures"] == []


@pytest.mark.usefixtures("by_record")
def test_bytes_that_are_no_text_and_a_key_that_is_no_name(lab):
    key, data = "../ä/" + "日" * 250, b"\xff\x00binary"
    records = shown_when(lab, 0)["objects"]["records"]
    Target("local").clients.kinesis.put_record(StreamName="stream-output", PartitionKey=key, Data=data)
    (found,) = [each["key"] for each in shown_when(lab, records + 1)["objects"]["newest"] if "~" in each["key"]]
    shown = lab("show", "archive", found, "--json").json()
    assert shown["content_type"] == "application/octet-stream"
    assert shown["content"] == "\\xff\x00binary"
    assert f"~{hash_key(key):032x}-" in found


@pytest.mark.usefixtures("by_record")
def test_what_is_not_there_or_cannot_be_is_told_kindly(lab):
    assert lab("show", "archive", "nosuch").err.startswith("There is no object nosuch in bucket archive-bucket-")
    refused = lab("show", "basic", "some-key")
    assert (refused.code, refused.err) == (2, "Lesson basic shows all at once: it takes no KEY.\nlab show basic\n")
    assert "no poison" in lab("send", "archive", "--poison", "1").err
    assert lab("shards", "archive", "x" * 257).code == 2
    assert "There is no stream nosuch" in lab("shards", "nosuch").err


@pytest.mark.usefixtures("by_record")
def test_shards_predicts_and_counts_also_after_a_split(lab):
    keys = ["PartitionKey1", "PartitionKey2", "never-sent"]
    told = lab("shards", "archive", *keys).out
    assert re.search(r"PartitionKey1 +6e42cfe9b13adc99022982263f31d848 +0\.4307 +shardId-000000000000", told)
    assert "all where their key's MD5 belonged when they came" in told

    kinesis = Target("local").clients.kinesis
    before = {each["key"]: each for each in lab("shards", "archive", *keys, "--json").json()["keys"]}
    assert {key: before[key]["shard"][-1] for key in keys[:2]} == {"PartitionKey1": "0", "PartitionKey2": "1"}
    assert before["never-sent"]["records"] == {}
    kinesis.split_shard(
        StreamName="stream-output",
        ShardToSplit=before["PartitionKey1"]["shard"],
        NewStartingHashKey=str(hash_key("PartitionKey1")),
    )
    until(
        lambda: (
            kinesis.describe_stream_summary(StreamName="stream-output")["StreamDescriptionSummary"]["StreamStatus"]
            == "ACTIVE"
        )
    )
    lab("send", "archive", "--data", "after the split")
    kinesis.put_record(StreamName="stream-output", PartitionKey="PartitionKey1", ExplicitHashKey="0", Data=b"forced")
    after = {each["key"]: each for each in lab("shards", "archive", *keys, "--json").json()["keys"]}
    child = after["PartitionKey1"]["shard"]
    assert child not in before["PartitionKey1"]["records"]
    assert after["PartitionKey1"]["records"][child] == 1
    assert sum(after["PartitionKey1"]["records"].values()) == sum(before["PartitionKey1"]["records"].values()) + 2
    assert (before["PartitionKey1"]["elsewhere"], after["PartitionKey1"]["elsewhere"]) == (0, 1)
    assert after["PartitionKey2"] == before["PartitionKey2"]
    assert "1 of " in lab("shards", "archive", "PartitionKey1").out.splitlines()[-1]
    # `show` knows the shard of a record in a closed one too.
    assert {before["PartitionKey1"]["shard"], child} <= shown_when(lab, 0)["by_shard"].keys()


@pytest.mark.usefixtures("by_record")
def test_text_fault_68_a_bucket_that_is_not_empty_and_the_log_group_go_too(lab):
    # text fault 68: destroy failed on the objects and left the function's log group behind
    clients = Target("local").clients
    bucket = Target("local").lesson("archive")["BucketName"]
    assert contents()
    assert lab("down").code == 0
    assert bucket not in [each["Name"] for each in clients.s3.list_buckets()["Buckets"]]
    prefix = "/aws/lambda/kinesis-to-s3-consumer"
    assert clients.logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"] == []
