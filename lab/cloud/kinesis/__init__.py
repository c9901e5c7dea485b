"""Kinesis Data Streams of our own, in place of MiniStack's, behind the same door (authentication and IAM).

MiniStack's deletes a shard with its unread records at a split, merge or UpdateShardCount, forgets everything on a kill,
knows no limits and checks nothing: each of them is what a lesson is about. A request goes

    service → wire → operations → writing, reading, resharding, streams, settings, tags, consumers, subscriptions

and those work on `model` (a stream and its shards), which `store` keeps in memory and on disk (`log`).
"""

from lab.cloud.kinesis.records import KinesisRecord
from lab.cloud.kinesis.service import KinesisService

__all__ = ["KinesisRecord", "KinesisService"]
