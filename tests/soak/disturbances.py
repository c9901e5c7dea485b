"""What happens to the cloud meanwhile: faults, shards that split and merge, and kill -9."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lab.cloud import process
from tests.soak.consumers import COPY, SETTINGS, STREAMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.aws import Clients
    from lab.cloud.client import Cloud

MOST_SHARDS = 6


class Disturbances:
    """Disturbs a cloud, as a seed says.

    Args:
        cloud: the cloud.
        state_folder: what it keeps.
        aws: its clients.
        chance: where all chance comes from.
        time_scale: the cloud's.
    """

    def __init__(
        self, cloud: Cloud, state_folder: Path, aws: Clients, chance: random.Random, time_scale: float
    ) -> None:
        self._cloud, self._folder, self._aws, self._chance, self._scale = cloud, state_folder, aws, chance, time_scale
        self.counts: Counter[str] = Counter()

    def disturb(self) -> None:
        """Do one thing or another."""
        kinds: list[tuple[Callable[[], str], int]] = [(self._fault, 6), (self._reshard, 3), (self._kill, 1)]
        act = self._chance.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
        try:
            self.counts[act()] += 1
        except (ClientError, BotoCoreError, OSError) as error:
            # A stream may just be changing, a fault may be refused: the next disturbance will do.
            self.counts[f"refused: {type(error).__name__}"] += 1

    def calm(self) -> None:
        """End every fault."""
        self._ask("DELETE", None)

    def _ask(self, method: str, fault: dict[str, Any] | None) -> None:
        body = json.dumps(fault).encode() if fault else None
        request = urllib.request.Request(f"{self._cloud.url}/_lab/faults", body, method=method)
        with urllib.request.urlopen(request, timeout=10):
            pass

    def _fault(self) -> str:
        consumer = self._chance.choice([*SETTINGS, COPY])
        stream = self._chance.choice(list(STREAMS))
        seconds = self._chance.uniform(1, 4)
        fault: dict[str, Any] = self._chance.choice(
            [
                {"kind": "throttle", "function": consumer, "for_seconds": seconds},
                {"kind": "slow", "function": consumer, "seconds": 0.2, "for_seconds": seconds},
                {"kind": "slow", "stream": stream, "seconds": 0.3, "for_seconds": seconds},
                # A destination that never takes a message costs it, on AWS too: it is cut for two attempts.
                {"kind": "cut", "function": consumer, "count": 2},
                *(
                    []
                    if consumer == COPY
                    else [{"kind": "fail", "function": consumer, "every": 40, "for_seconds": seconds}]
                ),
            ]
        )
        self._ask("POST", fault)
        return fault["kind"]

    def _reshard(self) -> str:
        stream = self._chance.choice(list(STREAMS))
        shards = self._aws.kinesis.list_shards(StreamName=stream)["Shards"]
        shards = [shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
        shards.sort(key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))
        if self._chance.random() < 0.3:
            count = self._chance.randint(max(1, len(shards) - 1), min(MOST_SHARDS, 2 * len(shards)))
            self._aws.kinesis.update_shard_count(
                StreamName=stream, TargetShardCount=count, ScalingType="UNIFORM_SCALING"
            )
            return "update shard count"
        if len(shards) < MOST_SHARDS and (len(shards) == 1 or self._chance.random() < 0.5):
            shard = self._chance.choice(shards)
            begin, end = (int(shard["HashKeyRange"][name]) for name in ("StartingHashKey", "EndingHashKey"))
            self._aws.kinesis.split_shard(
                StreamName=stream, ShardToSplit=shard["ShardId"], NewStartingHashKey=str((begin + end) // 2)
            )
            return "split"
        index = self._chance.randrange(len(shards) - 1)
        self._aws.kinesis.merge_shards(
            StreamName=stream, ShardToMerge=shards[index]["ShardId"], AdjacentShardToMerge=shards[index + 1]["ShardId"]
        )
        return "merge"

    def _kill(self) -> str:
        os.kill(self._cloud.pid, signal.SIGKILL)
        time.sleep(self._chance.uniform(0, 0.5))
        port = self._cloud.port
        self._cloud, _ = process.start(port=port, state_folder=self._folder, time_scale=self._scale)
        return "kill -9"
