"""The durable log: torn tails, full disks, kills, expiry, and coming back whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.cloud.kinesis import KinesisService
from lab.cloud.kinesis.errors import KinesisError
from lab.cloud.kinesis.log import Entry, OpenFiles, StreamLog, frame, read_frames
from lab.cloud.kinesis.sequence_numbers import Ticker

HERE = ("000000000000", "us-east-1")
ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/"
FIRST = "shardId-000000000000"

entries = st.builds(
    Entry, st.integers(0, 2**32 - 1), st.integers(0, 2**63), st.text(min_size=1, max_size=256), st.binary(max_size=60)
)


def service(folder: Path, **arguments: object) -> KinesisService:
    return KinesisService(folder, transition_seconds=0, **arguments)  # pyright: ignore[reportArgumentType]


def create(kinesis: KinesisService, name: str = "s", shards: int = 1) -> str:
    kinesis.perform("CreateStream", {"StreamName": name, "ShardCount": shards}, *HERE)
    return ARN + name


def data(kinesis: KinesisService, arn: str, shard: str = FIRST) -> list[bytes]:
    return [record.data for record in kinesis.read(arn, shard, None, 10_000) or []]


# --- frames


@given(st.lists(st.lists(entries, min_size=1, max_size=5), max_size=5))
def test_frames_come_back(batches: list[list[Entry]]):
    content = b"".join(map(frame, batches))
    assert read_frames(content) == ([entry for batch in batches for entry in batch], len(content))


def test_half_a_surrogate_pair_comes_back():
    entry = Entry(0, 1, "\ud800k", b"")
    assert read_frames(frame([entry]))[0] == [entry]


@settings(max_examples=25)
@given(st.lists(st.lists(entries, min_size=1, max_size=3), min_size=2, max_size=4), st.data())
def test_cut_off_at_any_byte_the_whole_frames_stay(batches: list[list[Entry]], draw: st.DataObject):
    frames = [frame(batch) for batch in batches]
    kept = b"".join(frames[:-1])
    last = frames[-1]
    for cut in range(len(last)):
        read, size = read_frames(kept + last[:cut])
        assert size == len(kept)
        assert read == [entry for batch in batches[:-1] for entry in batch]
    position = draw.draw(st.integers(0, len(last) - 1))
    damaged = bytearray(last)
    damaged[position] ^= draw.draw(st.integers(1, 255))
    assert read_frames(kept + bytes(damaged))[1] == len(kept), "a damaged frame is none"
    assert read_frames(kept + bytes(100))[1] == len(kept), "zeros are none"


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 90), st.integers(0, 2000))
def test_a_torn_log_goes_on_where_it_was_cut(tmp_path: Path, records: int, cut: int):
    folder = tmp_path / f"{records}-{cut}-{time.monotonic_ns()}"
    folder.mkdir()
    log = StreamLog(folder, segment_bytes=500)
    for stamp in range(1, records + 1):
        log.append([Entry(0, stamp, "k", b"x" * (stamp % 40))])
    log.close()
    newest = max(folder.glob("*.log"))
    os.truncate(newest, max(0, newest.stat().st_size - cut))
    after = StreamLog(folder, segment_bytes=500)
    stamps = [entry.stamp for entry in after.replay()]
    assert stamps == list(range(1, len(stamps) + 1))
    after.append([Entry(0, 1000, "k", b"new")])
    after.close()
    assert [entry.stamp for entry in StreamLog(folder).replay()] == [*stamps, 1000]


def test_segments_roll_and_are_deleted_when_all_of_their_records_have_expired(tmp_path: Path):
    log = StreamLog(tmp_path, segment_bytes=200)
    for stamp in range(1, 41):
        log.append([Entry(0, stamp, "k", b"x" * 30)])
    count = len(list(tmp_path.glob("*.log")))
    assert count > 5
    log.expire(20)
    left = [entry.stamp for entry in StreamLog(tmp_path).replay()]
    assert set(range(20, 41)) <= set(left)
    assert len(list(tmp_path.glob("*.log"))) < count
    log.expire(100)
    assert list(tmp_path.glob("*.log")) == []
    log.append([Entry(0, 200, "k", b"")])
    assert [entry.stamp for entry in StreamLog(tmp_path).replay()] == [200]


def test_few_files_are_open_however_many_logs_there_are(tmp_path: Path):
    files = OpenFiles(most=3)
    logs = []
    for number in range(10):
        (tmp_path / str(number)).mkdir()
        logs.append(StreamLog(tmp_path / str(number), files))
    before = len(list(Path("/dev/fd").iterdir()))
    for stamp in (1, 2):
        for log in logs:
            log.append([Entry(0, stamp, "k", b"")])
    assert len(list(Path("/dev/fd").iterdir())) <= before + 3
    assert all([e.stamp for e in StreamLog(tmp_path / str(n)).replay()] == [1, 2] for n in range(10))
    for log in logs:
        log.close()


# --- a full disk


@pytest.mark.parametrize("short", [True, False])
def test_what_a_full_disk_does_not_take_is_not_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: bool):
    kinesis = service(tmp_path)
    arn = create(kinesis)
    assert kinesis.put(arn, "k", b"before")
    write = os.write

    def full(file: int, content: bytes) -> int:
        if short:
            return write(file, content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    request = {"StreamName": "s", "PartitionKey": "k", "Data": "bG9zdA=="}
    with pytest.raises(KinesisError) as refused:
        kinesis.perform("PutRecord", request, *HERE)
    assert (refused.value.code, refused.value.status) == ("InternalFailure", 500)
    batch = {"StreamName": "s", "Records": [{"PartitionKey": "k", "Data": "bG9zdA=="}] * 3}
    answer = kinesis.perform("PutRecords", batch, *HERE)
    assert answer is not None
    assert answer["FailedRecordCount"] == 3
    assert {record["ErrorCode"] for record in answer["Records"]} == {"InternalFailure"}
    monkeypatch.setattr(os, "write", write)
    assert kinesis.put(arn, "k", b"after")
    assert data(kinesis, arn) == data(service(tmp_path), arn) == [b"before", b"after"]


def test_a_reshard_that_could_not_be_saved_takes_no_record_before_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    kinesis = service(tmp_path)
    arn = create(kinesis)
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    scale = {"StreamName": "s", "TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}
    with pytest.raises(KinesisError, match="Internal"):
        kinesis.perform("UpdateShardCount", scale, *HERE)
    assert not kinesis.put(arn, "k", b"refused")
    monkeypatch.setattr(Path, "replace", replace)
    assert kinesis.put(arn, "k", b"taken")
    again = service(tmp_path)
    found = [data(again, arn, shard.shard_id) for shard in again.shards(arn) or []]
    assert sorted(found) == [[], [], [b"taken"]]


# --- lives


def test_everything_comes_back(tmp_path: Path):
    kinesis = service(tmp_path)
    arn, other = create(kinesis, shards=2), create(kinesis, "..")
    for number in range(50):
        kinesis.put(arn, f"k{number}", str(number).encode())
    kinesis.put(other, "k", b"other")
    calls = [
        ("AddTagsToStream", {"StreamName": "s", "Tags": {"a": "é", "b": ""}}),
        ("IncreaseStreamRetentionPeriod", {"StreamName": "s", "RetentionPeriodHours": 48}),
        ("SplitShard", {"StreamName": "s", "ShardToSplit": FIRST, "NewStartingHashKey": "1000"}),
        ("RegisterStreamConsumer", {"StreamARN": arn, "ConsumerName": "c", "Tags": {"t": "1"}}),
        ("StartStreamEncryption", {"StreamName": "s", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
        ("UpdateMaxRecordSize", {"StreamARN": arn, "MaxRecordSizeInKiB": 2048}),
        ("EnableEnhancedMonitoring", {"StreamName": "s", "ShardLevelMetrics": ["ALL"]}),
        ("PutResourcePolicy", {"ResourceARN": arn, "Policy": '{"Version": "2012-10-17", "Statement": []}'}),
        ("UpdateStreamMode", {"StreamARN": arn, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}),
    ]
    for operation, request in calls:
        kinesis.perform(operation, request, *HERE)
    kinesis.put(arn, "after", b"after")
    again = service(tmp_path)
    reads = [
        ("DescribeStream", {"StreamName": "s"}),
        ("DescribeStreamSummary", {"StreamARN": arn}),
        ("ListStreams", {}),
        ("ListTagsForStream", {"StreamName": "s"}),
        ("ListStreamConsumers", {"StreamARN": arn}),
        ("GetResourcePolicy", {"ResourceARN": arn}),
        ("DescribeStream", {"StreamName": ".."}),
    ]
    for operation, request in reads:
        assert again.perform(operation, request, *HERE) == kinesis.perform(operation, request, *HERE), operation
    for shard in kinesis.shards(arn) or []:
        assert again.read(arn, shard.shard_id, None, 100) == kinesis.read(arn, shard.shard_id, None, 100)
    summary = kinesis.perform("DescribeStreamSummary", {"StreamName": "s"}, *HERE) or {}
    # botocore sends requests with a StreamId to AWS whatever endpoint it was given, so this is asked for here.
    by_id = {"StreamId": summary["StreamDescriptionSummary"]["StreamId"]}
    assert again.perform("DescribeStreamSummary", by_id, *HERE) == summary
    last = kinesis.position(arn, FIRST, "LATEST")
    answer = again.perform("PutRecord", {"StreamName": "..", "PartitionKey": "k", "Data": ""}, *HERE)
    assert last
    assert answer
    assert answer["SequenceNumber"] > last, "numbers go on growing"


def test_numbers_grow_after_a_restart_with_the_clock_set_back(tmp_path: Path):
    kinesis = service(tmp_path, ticker=Ticker(lambda: 2_000_000_000_000_000))
    arn = create(kinesis)
    kinesis.put(arn, "k", b"1")
    again = service(tmp_path, ticker=Ticker(lambda: 1_900_000_000_000_000))
    again.put(arn, "k", b"2")
    first, second = again.read(arn, FIRST, None, 10) or []
    assert (first.data, second.data) == (b"1", b"2")
    assert int(first.sequence_number) < int(second.sequence_number)


def test_a_stream_that_was_deleted_or_reset_stays_away(tmp_path: Path):
    kinesis = service(tmp_path)
    for name in ("a", "b"):
        kinesis.put(create(kinesis, name), "k", b"1")
    kinesis.perform("DeleteStream", {"StreamName": "a"}, *HERE)
    assert [path.name.split("-", 1)[1] for path in tmp_path.iterdir()] == ["b"]
    assert service(tmp_path).shards(ARN + "a") is None
    kinesis.reset()
    assert list(tmp_path.iterdir()) == []
    kinesis.put(create(kinesis, "a"), "k", b"2")
    assert data(service(tmp_path), ARN + "a") == [b"2"]


def test_a_deletion_or_creation_that_was_cut_short_leaves_no_stream(tmp_path: Path):
    kinesis = service(tmp_path)
    kinesis.put(create(kinesis), "k", b"1")
    (folder,) = tmp_path.iterdir()
    (folder / "stream.json").unlink()
    (tmp_path / "0-half").mkdir()
    (tmp_path / "0-half" / "stream.tmp").write_text("{")
    (tmp_path / "0-torn").mkdir()
    (tmp_path / "0-torn" / "stream.json").write_text('{"name"')
    again = service(tmp_path)
    assert again.perform("ListStreams", {}, *HERE) == {
        "StreamNames": [],
        "HasMoreStreams": False,
        "StreamSummaries": [],
    }
    assert list(tmp_path.iterdir()) == []


def test_records_and_closed_shards_expire(tmp_path: Path):
    now = [1_800_000_000_000_000]
    hour = 3600 * 1_000_000
    kinesis = service(tmp_path, ticker=Ticker(lambda: now[0]))
    arn = create(kinesis)
    kinesis.put(arn, "k", b"old")
    now[0] += hour
    kinesis.perform("SplitShard", {"StreamName": "s", "ShardToSplit": FIRST, "NewStartingHashKey": "1000"}, *HERE)
    now[0] += 23 * hour - 10
    kinesis.put(arn, "k", b"new")
    assert data(kinesis, arn) == [b"old"]
    now[0] += 20
    assert data(kinesis, arn) == [], "expired records are not readable, before anything was swept"
    kinesis._store.expire()
    assert [shard.shard_id[-1] for shard in kinesis.shards(arn) or []] == ["0", "1", "2"]
    now[0] += hour
    kinesis._store.expire()
    shards = kinesis.shards(arn) or []
    assert [shard.shard_id[-1] for shard in shards] == ["1", "2"], "a closed shard goes with its last record"
    assert sum(data(kinesis, arn, shard.shard_id) == [b"new"] for shard in shards) == 1
    again = service(tmp_path, ticker=Ticker(lambda: now[0]))
    assert again.shards(arn) == shards
    now[0] += 24 * hour
    kinesis._store.expire()
    assert list(tmp_path.glob("*/*.log")) == []
    back = service(tmp_path, ticker=Ticker(lambda: 0))
    back.put(arn, "k", b"later")
    assert back.position(arn, "shardId-000000000002", "LATEST") > kinesis.position(
        arn, "shardId-000000000002", "LATEST"
    )


WRITER = """
import sys
from pathlib import Path
from lab.cloud.kinesis import KinesisService

here = ("000000000000", "us-east-1")
kinesis = KinesisService(Path(sys.argv[1]), transition_seconds=0)
kinesis.perform("CreateStream", {"StreamName": "s", "ShardCount": 2}, *here)
number = 0
while True:
    records = [{"PartitionKey": str(number + n), "Data": ""} for n in range(1 + number % 7)]
    answer = kinesis.perform("PutRecords", {"StreamName": "s", "Records": records}, *here)
    if number == 300:
        request = {"StreamName": "s", "TargetShardCount": 3, "ScalingType": "UNIFORM_SCALING"}
        kinesis.perform("UpdateShardCount", request, *here)
    for record in answer["Records"]:
        print(record["ShardId"], record["SequenceNumber"], flush=True)
    number += 1
"""


def test_what_was_accepted_survives_a_kill(tmp_path: Path):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert writer.stdout
    lines = [writer.stdout.readline() for _ in range(3000)]
    writer.send_signal(signal.SIGKILL)
    lines += writer.stdout.readlines()
    writer.wait()
    accepted = {tuple(line.split()) for line in lines if line.endswith("\n")}
    kinesis = service(tmp_path)
    found = {
        (shard.shard_id, record.sequence_number)
        for shard in kinesis.shards(ARN + "s") or []
        for record in kinesis.read(ARN + "s", shard.shard_id, None, 100_000) or []
    }
    assert len(accepted) >= 3000
    assert accepted <= found
    assert len(found - accepted) <= 7, "at most the last request was written and not told"
