"""What a person waits for: each command as a whole process, and one event on its way from the stream to the table."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

from benchmarks.measure import LAB, PYTHON, Figure, resident_mb, run, table

RUNS = 5
EVENTS = 60
IMPORTS = (
    "import pulumi, pulumi_aws as aws; aws.kinesis.Stream, aws.dynamodb.Table, aws.iam.Role, aws.iam.RolePolicy, "
    "aws.lambda_.Function, aws.lambda_.EventSourceMapping, aws.cloudwatch.LogGroup, aws.cloudwatch.MetricAlarm, "
    "aws.sqs.Queue"
)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "lab"
        os.environ["LAB_HOME"] = str(home)
        run(LAB, "cloud", "stop", home=home)
        try:
            _measure(home)
        finally:
            run(LAB, "cloud", "stop", home=home)


def _measure(home: Path) -> None:
    from lab.cloud import client

    helps = [run(LAB, "--help", home=home) for _ in range(RUNS)]
    starts = []
    for _ in range(RUNS):
        starts.append(run(LAB, "cloud", "start", "--port", "0", home=home))
        fresh = client.require_cloud()
        fresh_mb = resident_mb(fresh.pid)
        run(LAB, "cloud", "stop", home=home)
    run(LAB, "cloud", "start", "--port", "0", home=home)
    run(LAB, "up", "basic", home=home)  # the first one also builds the handler package
    imports, noops, previews, downs, ups = [], [], [], [], []
    for _ in range(RUNS):
        imports.append(run(PYTHON, "-c", IMPORTS, home=home))
        noops.append(run(LAB, "up", "basic", home=home))
        previews.append(run(LAB, "preview", home=home))
        downs.append(run(LAB, "down", home=home))
        ups.append(run(LAB, "up", "basic", home=home))
    deployed_mb = resident_mb(client.require_cloud().pid)
    travel = _travel(home)
    bare = Figure("bare import of the same pulumi and pulumi_aws modules", imports)
    figures = [
        Figure("`lab --help`", helps, "0.3 s"),
        Figure("`lab cloud start`, from the command to its prompt", starts, "0.8 s ready"),
        bare,
        Figure("`lab up basic`, warm", ups, "3 s"),
        Figure("`lab up basic`, nothing to do", noops, f"1.5 × bare = {1.5 * bare.median:.2f} s"),
        Figure("`lab preview`", previews, f"1.5 × bare = {1.5 * bare.median:.2f} s"),
        Figure("`lab down`", downs, "1.5 s"),
        Figure("one event, from put_record to the item", travel, "15 ms"),
    ]
    print(table(figures))
    for figure in figures[4:6]:
        print(f"\n{figure.what}: {figure.median / bare.median:.2f} × the bare import")
    print(f"\nThe cloud's process: {fresh_mb:.0f} MB fresh (goal 60), {deployed_mb:.0f} MB after basic (goal 120)")


def _travel(home: Path) -> list[float]:
    from lab.aws import Clients
    from lab.cloud.client import require_cloud

    clients = Clients.local(require_cloud().url)
    state = json.loads((home / "stacks" / "local.json").read_text())
    root = next(r for r in state["deployment"]["resources"] if r["type"] == "pulumi:pulumi:Stack")
    names = root["outputs"]["basic"]
    seconds = []
    for number in range(EVENTS):
        begin = time.perf_counter()
        put = clients.kinesis.put_record(
            StreamName=names["KinesisStreamName"],
            PartitionKey="k",
            Data=json.dumps({"sensor": "t", "n": number}).encode(),
        )
        key = {"eventId": {"S": f"{put['ShardId']}:{put['SequenceNumber']}"}}
        while "Item" not in clients.dynamodb.get_item(TableName=names["DynamoDBTableName"], Key=key):
            pass
        seconds.append(time.perf_counter() - begin)
    return seconds[EVENTS // 6 :]  # the first ones start the environment


if __name__ == "__main__":
    main()
