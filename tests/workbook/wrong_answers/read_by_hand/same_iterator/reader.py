import json


def read_all(kinesis, stream):
    """Return all orders that a stream holds now; those of one customer in the order in which they came."""
    orders = []
    # A closed shard is listed before those that took its place, so its older records are read first.
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        orders += read_shard(kinesis, stream, shard["ShardId"])
    return orders


def read_shard(kinesis, stream, shard):
    orders = []
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    while iterator:
        answer = kinesis.get_records(ShardIterator=iterator)
        orders += [json.loads(record["Data"]) for record in answer["Records"]]
        if answer["MillisBehindLatest"] == 0:
            break  # at the tip: whatever comes now came after we were asked
    return orders
