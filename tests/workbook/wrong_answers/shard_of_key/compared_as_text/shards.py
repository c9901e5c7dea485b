import hashlib


def shard_of(key, shards):
    """Return the id of the shard that a record with this partition key goes to.

    shards: as ListShards tells them, in any order:
        {"ShardId": "shardId-000000000000",
         "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "170141183460469231731687303715884105727"},
         "SequenceNumberRange": {"StartingSequenceNumber": "4960…"}}
    """
    hash_key = int.from_bytes(hashlib.md5(key.encode('utf-8')).digest(), 'big')
    for shard in shards:
        if 'EndingSequenceNumber' in shard['SequenceNumberRange']:
            continue  # closed by a split or merge: it keeps what it has and takes nothing more
        hash_range = shard['HashKeyRange']
        if hash_range['StartingHashKey'] <= str(hash_key) <= hash_range['EndingHashKey']:
            return shard['ShardId']
    return shards[-1]['ShardId']
