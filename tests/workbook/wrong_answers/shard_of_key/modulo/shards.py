import hashlib


def shard_of(key, shards):
    return shards[int(hashlib.md5(key.encode()).hexdigest(), 16) % len(shards)]['ShardId']
