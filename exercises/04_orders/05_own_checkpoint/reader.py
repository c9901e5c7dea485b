LEASE_SECONDS = 10


def read_shard(kinesis, table, stream, shard, worker, process, now):
    """Process what is new in a shard, unless another worker is at it. Return how many records were processed."""
    if not take_lease(table, shard, worker, now):
        return 0
    where = {"ShardIteratorType": "TRIM_HORIZON"}  # TODO: go on behind the checkpoint, where there is one
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, **where)["ShardIterator"]
    records = kinesis.get_records(ShardIterator=iterator)["Records"]
    for record in records:
        process(record)
    return len(records)


def take_lease(table, shard, worker, now):
    """Say whether the shard is this worker's until now + LEASE_SECONDS."""
    # TODO: one worker at a time; after a kill, another one when the lease is over
    return True


def save_checkpoint(table, shard, worker, sequence_number):
    """Note up to which record the shard is processed. Say whether it still was this worker's to note."""
    # TODO: call it where it belongs
    return True
