"""The cloud's life: starting, stopping, being killed, being started twice, restarting where it was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from lab.aws import Clients
from lab.cloud import client, process
from lab.cloud.record import recorded
from lab.cloud.server import open_socket
from lab.errors import LabError
from lab.workspace import cloud_record, lab_folder
from tests.cloud.conftest import Workshop, eventually
from tests.cloud.event_source_mappings.pipeline import KINESIS_READ, Pipeline


def names_of_temporary_files() -> list[str]:
    return [path.name for path in Path(tempfile.gettempdir()).iterdir()]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A clone's own `.lab`; its cloud is stopped afterwards, however the test went."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "lab"))
    yield tmp_path / "lab"
    if cloud := client.find_cloud():
        os.kill(cloud.pid, signal.SIGKILL)


def served(folder: Path, port: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lab.cloud", "--port", str(port), "--state-dir", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_start_is_idempotent_and_stop_leaves_nothing(home: Path):
    before = set(names_of_temporary_files())
    cloud, started = process.start(port=0)
    assert started
    assert process.start() == (cloud, False)
    assert client.find_cloud() == cloud
    stopped = process.stop()
    assert stopped == cloud
    assert client.find_cloud() is None
    assert not cloud_record().exists()
    assert process.stop() is None, "stopping twice is fine"
    ours = {name for name in set(names_of_temporary_files()) - before if "ministack" in name or "lab" in name}
    assert ours == set()


def test_without_a_cloud_the_message_names_the_command(home: Path):
    with pytest.raises(LabError, match="lab cloud start"):
        client.require_cloud()


def test_a_second_cloud_on_one_state_folder_is_refused(home: Path):
    process.start(port=0)
    second = served(home / "cloud")
    assert second.returncode == 1
    assert "already running with the state folder" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_port_that_is_taken_is_refused_by_name(home: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = served(home / "cloud", port)
        assert refused.returncode == 1
        assert f"Port {port} cannot be used" in refused.stderr
        with pytest.raises(LabError, match=f"Port {port} cannot be used"):
            process.start(port=port)


def test_the_default_port_is_given_up_when_it_is_taken(home: Path, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setattr(process, "DEFAULT_PORT", other.getsockname()[1])
        cloud, _ = process.start()
        assert cloud.port != other.getsockname()[1]
    process.stop()


def test_the_default_port_is_given_up_also_when_it_is_taken_at_the_last_moment(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setattr(process, "DEFAULT_PORT", other.getsockname()[1])
        looks = iter([True, False])
        monkeypatch.setattr(process, "_is_free", lambda _port: next(looks))
        cloud, started = process.start()
        assert started
        assert cloud.port != other.getsockname()[1]
        process.stop()


def test_a_state_folder_that_cannot_be_made_is_refused(home: Path, tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(LabError, match="cannot be used"):
        process.start(port=0, state_folder=tmp_path / "file" / "cloud")
    assert "cannot be used" in served(tmp_path / "file" / "cloud").stderr


def test_a_stale_record_is_no_cloud(home: Path):
    cloud, _ = process.start(port=0)
    record = cloud_record().read_text()
    process.stop()
    cloud_record().write_text(record)
    assert client.find_cloud() is None
    again, started = process.start(port=0)
    assert started
    assert (again.id, again.epoch) == (cloud.id, cloud.epoch)
    process.stop()


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def was_asked(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def test_who_has_a_killed_clouds_port_is_not_asked(home: Path):
    home.mkdir()
    with open_socket(0) as listener:
        port = listener.getsockname()[1]
        cloud_record().write_text(json.dumps({"pid": ended_process(), "port": port, "id": "killed"}))
        assert client.find_cloud() is None
        assert not was_asked(listener)


def test_a_cloud_on_a_killed_clouds_port_does_not_ask_itself(home: Path):
    home.mkdir()
    with open_socket(0) as listener:
        port = listener.getsockname()[1]
        # Where nobody waits for ended processes, or the number was given again, the recorded one seems to run.
        cloud_record().write_text(json.dumps({"pid": os.getpid(), "port": port, "id": "killed"}))
        with recorded({"pid": os.getpid(), "port": port, "id": "new", "url": "…"}):
            assert not was_asked(listener)
            assert json.loads(cloud_record().read_text())["id"] == "new"


def test_a_half_written_record_is_no_cloud(home: Path):
    lab_folder().mkdir()
    cloud_record().write_text('{"port": 1')
    assert client.find_cloud() is None


def test_after_a_stop_everything_is_back_and_the_shard_goes_on_at_its_checkpoint(home: Path):
    cloud, _ = process.start(port=0)
    shop = Workshop(Clients.local(cloud.url))
    stream = shop.stream()
    pipeline = Pipeline(shop, stream, KINESIS_READ)
    shop.put(stream, 1)
    eventually(pipeline.events)
    shop.clients.lambda_.update_event_source_mapping(UUID=pipeline.mapping, Enabled=False)
    shop.put(stream, 2)
    process.stop()

    again, _ = process.start(port=cloud.port)
    assert (again.id, again.epoch) == (cloud.id, cloud.epoch)
    shop.clients.lambda_.update_event_source_mapping(UUID=pipeline.mapping, Enabled=True)
    eventually(lambda: len(pipeline.events()) == 2)
    assert sorted(pipeline.batches()) == [[1], [2]]
    process.stop()


def kill(cloud: client.Cloud) -> None:
    os.kill(cloud.pid, signal.SIGKILL)
    os.waitpid(cloud.pid, 0)


def saved(cloud: client.Cloud) -> None:
    """Wait until all that has happened would survive a kill."""
    client.save(cloud)


def test_a_kill_leaves_no_environment_behind(home: Path):
    cloud, _ = process.start(port=0)
    shop = Workshop(Clients.local(cloud.url))
    function = shop.function("import os\ndef handler(event, context):\n    return os.getpid()\n", shop.role())
    environment = int(shop.clients.lambda_.invoke(FunctionName=function)["Payload"].read())
    kill(cloud)

    def gone() -> bool:
        try:
            os.kill(environment, 0)
        except ProcessLookupError:
            return True
        stat = Path(f"/proc/{environment}/stat")  # in a container without an init a zombie stays
        return stat.exists() and "Z" in stat.read_text().split(")")[1][:3]

    eventually(gone)


def test_what_was_saved_survives_a_kill(home: Path):
    cloud, _ = process.start(port=0)
    shop = Workshop(Clients.local(cloud.url))
    function = shop.function("def handler(event, context):\n    return event\n", shop.role(("logs:*", "*")))
    queue, _ = shop.queue()
    shop.clients.sqs.send_message(QueueUrl=queue, MessageBody='"a message"')
    table = shop.name("table")
    shop.clients.dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    shop.clients.dynamodb.put_item(TableName=table, Item={"pk": {"S": "an item"}})
    shop.clients.s3.create_bucket(Bucket="bucket")
    shop.clients.s3.put_object(Bucket="bucket", Key="key", Body=b"an object")
    saved(cloud)
    kill(cloud)

    again, _ = process.start(port=cloud.port)
    assert (again.id, again.epoch, again.interruptions) == (cloud.id, cloud.epoch, 0)
    assert shop.clients.lambda_.invoke(FunctionName=function, Payload=b"1")["Payload"].read() == b"1"
    assert shop.messages(queue) == ["a message"]
    assert shop.clients.dynamodb.scan(TableName=table)["Items"] == [{"pk": {"S": "an item"}}]
    assert shop.clients.s3.get_object(Bucket="bucket", Key="key")["Body"].read() == b"an object"
    arn = shop.clients.dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    shard = shop.clients.dynamodbstreams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = shop.clients.dynamodbstreams.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert len(shop.clients.dynamodbstreams.get_records(ShardIterator=iterator)["Records"]) == 1
    process.stop()


def test_a_kill_before_a_change_of_what_is_deployed_was_saved_is_told(home: Path):
    cloud, _ = process.start(port=0)
    shop = Workshop(Clients.local(cloud.url))
    shop.queue()
    saved(cloud)
    shop.queue()
    kill(cloud)
    again, _ = process.start(port=0)
    assert again.id == cloud.id
    assert len(Clients.local(again.url).sqs.list_queues()["QueueUrls"]) >= 1
    assert (again.epoch, again.interruptions) == (cloud.epoch, cloud.interruptions + 1)
    process.stop()


WRITING = """
import base64, os, boto3
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
def handler(event, context):
    for record in event["Records"]:
        table.put_item(Item={"pk": record["eventID"], "data": base64.b64decode(record["kinesis"]["data"]).decode()})
"""


@pytest.mark.slow
def test_an_idempotent_consumer_ends_exact_whatever_is_killed_when(home: Path):
    cloud, _ = process.start(port=0)
    port = cloud.port
    shop = Workshop(Clients.local(cloud.url))
    stream, table = shop.stream(), shop.name("table")
    shop.clients.dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    role = shop.role((KINESIS_READ, stream), ("dynamodb:PutItem", "*"))
    function = shop.function(WRITING, role, Environment={"Variables": {"TABLE": table}})
    shop.mapping(stream, function, BatchSize=10)
    saved(cloud)
    for number in range(3):
        shop.put(stream, *range(number * 40, number * 40 + 40))
        time.sleep(0.05 * number)
        kill(cloud)
        cloud, _ = process.start(port=port)

    def stored() -> list[str]:
        pages = shop.clients.dynamodb.get_paginator("scan").paginate(TableName=table)
        return sorted((item["data"]["S"] for page in pages for item in page["Items"]), key=int)

    eventually(lambda: stored() == [str(number) for number in range(120)], seconds=20)
    process.stop()


def test_reset_forgets_everything_and_begins_a_new_epoch(home: Path):
    cloud, _ = process.start(port=0)
    shop = Workshop(Clients.local(cloud.url))
    stream = shop.stream()
    Pipeline(shop, stream, KINESIS_READ)
    after = client.reset(cloud)
    assert (after.id, after.epoch) == (cloud.id, cloud.epoch + 1)
    assert shop.clients.kinesis.list_streams()["StreamNames"] == []
    assert shop.clients.lambda_.list_event_source_mappings()["EventSourceMappings"] == []
    assert shop.clients.lambda_.list_functions()["Functions"] == []
    process.stop()


def test_a_start_that_is_broken_off_costs_nothing(home: Path):
    cloud, _ = process.start(port=0)
    shop = Workshop(Clients.local(cloud.url))
    shop.queue()
    process.stop()
    command = [sys.executable, "-m", "lab.cloud", "--port", "0", "--state-dir", str(home / "cloud")]
    for seconds in (0.1, 0.25, 0.4):
        broken_off = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(seconds)
        broken_off.send_signal(signal.SIGINT)
        broken_off.communicate(timeout=30)
    again, _ = process.start(port=0)
    assert (again.epoch, again.interruptions) == (cloud.epoch, cloud.interruptions)
    assert len(Clients.local(again.url).sqs.list_queues()["QueueUrls"]) == 1
    process.stop()


@pytest.mark.slow
def test_a_cloud_whose_folder_was_removed_ends_and_harms_no_other(home: Path):
    cloud, _ = process.start(port=0)
    Workshop(Clients.local(cloud.url)).queue()
    shutil.rmtree(home)
    again, _ = process.start(port=0)
    assert again.id != cloud.id
    Workshop(Clients.local(again.url)).stream()
    eventually(lambda: client.ask(cloud.port) is None)
    os.waitpid(cloud.pid, 0)
    process.stop()
    once_more, _ = process.start(port=0)
    clients = Clients.local(once_more.url)
    assert len(clients.kinesis.list_streams()["StreamNames"]) == 1
    assert not clients.sqs.list_queues().get("QueueUrls")
    process.stop()


def test_a_second_cloud_does_not_hide_the_first(home: Path, tmp_path: Path):
    cloud, _ = process.start(port=0)
    command = [sys.executable, "-m", "lab.cloud", "--port", "0", "--state-dir", str(tmp_path / "other")]
    other = subprocess.Popen(command, stderr=subprocess.PIPE)
    eventually((tmp_path / "other" / "in-use").exists)
    assert client.find_cloud() == cloud
    other.terminate()
    other.communicate(timeout=30)
    assert client.find_cloud() == cloud
    process.stop()


def test_two_starts_at_once_make_one_cloud(home: Path):
    code = "from lab.cloud import process; print(process.start(port=0)[0].pid)"
    starts = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    pids = {start.communicate(timeout=30)[0] for start in starts}
    assert len(pids) == 1
    process.stop()


def test_the_trace_tells_what_happened_to_a_record(home: Path):
    cloud, _ = process.start(port=0)
    shop = Workshop(Clients.local(cloud.url))
    stream = shop.stream()
    pipeline = Pipeline(shop, stream, KINESIS_READ)
    (sequence_number,) = shop.put(stream, "secret payload")
    eventually(pipeline.events)
    time.sleep(0.1)
    process.stop()
    lines = [json.loads(line) for line in (home / "cloud" / "trace.jsonl").read_text().splitlines()]
    events = [line["event"] for line in lines if sequence_number in (line.get("first"), line.get("at"))]
    assert events == ["batch_formed", "invoked", "outcome", "checkpoint"]
    assert "secret payload" not in (home / "cloud" / "trace.jsonl").read_text()


def test_what_is_no_port_is_told():
    with pytest.raises(LabError, match="Port 99999 cannot be used"):
        open_socket(99999)
