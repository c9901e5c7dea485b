"""`python -m tests.soak`: see the package. Exit 0: every accepted record is accounted for; 1: the ones that are not."""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lab.aws import Clients
from lab.cloud import client, process
from tests.soak.consumers import STREAMS, deploy
from tests.soak.disturbances import Disturbances
from tests.soak.ledger import GivenUp, Ledger, Verdict, judge

if TYPE_CHECKING:
    from tests.soak.consumers import Consumer

TIME_SCALE = 0.05
"""Record ages, back-off and windows twenty times shorter: a record of 60 seconds' age is given up after three."""
PATIENCE_SECONDS = 120.0
"""How long what is left may take once the faults are over."""
PUTS_PER_SECOND = 6
POISON = 0.002
_SHOWN = 20


def main() -> int:
    """Run, print the summary."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="how long there is load (default: 3)")
    parser.add_argument("--seed", type=int, default=None, help="what happens when; printed, so that it can be repeated")
    arguments = parser.parse_args()
    seed = random.randrange(1_000_000) if arguments.seed is None else arguments.seed  # noqa: S311  (no secret)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as folder:
        os.environ["LAB_HOME"] = folder
        try:
            good = _soak(Path(folder) / "cloud", arguments.minutes, seed)
        finally:
            process.stop()
    return 0 if good else 1


def _soak(folder: Path, minutes: float, seed: int) -> bool:
    chance = random.Random(seed)  # noqa: S311  (no secret)
    cloud, _ = process.start(port=0, state_folder=folder, time_scale=TIME_SCALE)
    aws = Clients.local(cloud.url)
    consumers = deploy(aws)
    client.save(cloud)
    ledger = Ledger()
    disturbances = Disturbances(cloud, folder, aws, chance, TIME_SCALE)
    over = threading.Event()
    producers = [
        threading.Thread(target=_produce, args=(cloud.url, stream, seed + number, ledger, over), daemon=True)
        for number, stream in enumerate(STREAMS)
    ]
    for producer in producers:
        producer.start()
    _say(f"seed {seed}, {minutes:g} minutes of load; then what is left is waited for")
    begin = told = time.monotonic()
    try:
        while (elapsed := time.monotonic() - begin) < minutes * 60:
            time.sleep(chance.uniform(0.5, 3))
            disturbances.disturb()
            if time.monotonic() - told >= 5:
                told = time.monotonic()
                _say(f"{elapsed:4.0f} s: {ledger.total()} records accepted, {disturbances.counts['kill -9']} kills")
    finally:
        over.set()
    for producer in producers:
        producer.join()
    disturbances.calm()
    verdicts = _wait_for_the_rest(aws, consumers, ledger)
    _tell(verdicts, ledger, disturbances, seed)
    return all(verdict.good for verdict in verdicts.values())


def _produce(url: str, stream: str, seed: int, ledger: Ledger, over: threading.Event) -> None:
    """Put records until it is over; each is put once, whatever the answer, so that none is in the stream twice."""
    chance = random.Random(seed)  # noqa: S311  (no secret)
    kinesis: Any = boto3.client(
        "kinesis", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10),
    )  # fmt: skip
    number = 0
    while not over.wait(chance.expovariate(PUTS_PER_SECOND)):
        names: list[str] = []
        for _ in range(chance.randint(1, 20)):
            names.append(f"{stream}-{number}" + ("-poison" if chance.random() < POISON else ""))
            number += 1
        records = [
            {
                "Data": json.dumps({"id": name, "fill": "x" * chance.randint(0, 400)}),
                "PartitionKey": str(chance.random()),
            }
            for name in names
        ]
        try:
            answers = kinesis.put_records(StreamName=stream, Records=records)["Records"]
        except (ClientError, BotoCoreError):
            ledger.lose_sight(names)
            continue
        for name, answer in zip(names, answers, strict=True):
            if "SequenceNumber" in answer:
                ledger.accept(stream, answer["ShardId"], answer["SequenceNumber"], name)


def _wait_for_the_rest(aws: Clients, consumers: list[Consumer], ledger: Ledger) -> dict[str, Verdict]:
    given_up = {consumer.name: GivenUp() for consumer in consumers}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        for consumer in consumers:
            given_up[consumer.name].read(aws, consumer)
        verdicts = {c.name: judge(aws, c, ledger, given_up[c.name]) for c in consumers}
        left = sum(len(verdict.missing) for verdict in verdicts.values())
        if not left or time.monotonic() > deadline:
            return verdicts
        _say(f"      {left} records still to come")
        time.sleep(3)


def _tell(verdicts: dict[str, Verdict], ledger: Ledger, disturbances: Disturbances, seed: int) -> None:
    happened = ", ".join(f"{count} x {kind}" for kind, count in sorted(disturbances.counts.items()))
    _say(f"seed {seed}: {ledger.total()} records accepted, {len(ledger.unanswered)} without an answer; {happened}")
    for name, verdict in verdicts.items():
        _say(f"  {name:10} {verdict.stored:7} stored {verdict.given_up:6} given up and named "
             f"{len(verdict.missing):5} missing {len(verdict.twice):5} twice {len(verdict.alien):5} alien")  # fmt: skip
        for kind in ("missing", "twice", "alien"):
            for each in getattr(verdict, kind)[:_SHOWN]:
                _say(f"    {kind}: {each}")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  (what a person who runs it reads)


if __name__ == "__main__":
    sys.exit(main())
