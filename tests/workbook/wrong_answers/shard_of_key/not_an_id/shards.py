def shard_of(key, shards):
    """Return the id of the shard that a record with this partition key goes to.

    shards: as ListShards tells them, in any order:
        {"ShardId": "shardId-000000000000",
         "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "170141183460469231731687303715884105727"},
         "SequenceNumberRange": {"StartingSequenceNumber": "4960…"}}
    """
    # TODO: Kinesis does not know Python's hash, and ranges need not be of one size
    return hash(key) % len(shards)
