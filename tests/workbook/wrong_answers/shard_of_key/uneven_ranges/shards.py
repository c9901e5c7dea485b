import hashlib


def shard_of(key, shards):
    number = int(hashlib.md5(key.encode()).hexdigest(), 16)
    return shards[number * len(shards) >> 128]['ShardId']
