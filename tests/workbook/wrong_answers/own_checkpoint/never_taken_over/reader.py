from botocore.exceptions import ClientError

LEASE_SECONDS = 10


def read_shard(kinesis, table, stream, shard, worker, process, now):
    """Process what is new in a shard, unless another worker is at it. Return how many records were processed."""
    if not take_lease(table, shard, worker, now):
        return 0
    item = table.get_item(Key={"shard": shard}, ConsistentRead=True)["Item"]
    where = {"ShardIteratorType": "TRIM_HORIZON"}
    if "checkpoint" in item:
        where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": item["checkpoint"]}
    iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, **where)["ShardIterator"]
    records = kinesis.get_records(ShardIterator=iterator)["Records"]
    for record in records:
        process(record)
    # After processing: a kill before this line repeats records, after it none. The other way round loses them.
    if records:
        save_checkpoint(table, shard, worker, records[-1]["SequenceNumber"])
    return len(records)


def take_lease(table, shard, worker, now):
    """Say whether the shard is this worker's until now + LEASE_SECONDS."""
    return written(
        table,
        shard,
        "SET lease_owner = :worker, lease_until = :until",
        # One request that looks and writes: between two requests another worker would find its place.
        "attribute_not_exists(lease_owner) OR lease_owner = :worker",
        {":worker": worker, ":until": now + LEASE_SECONDS},
    )


def save_checkpoint(table, shard, worker, sequence_number):
    """Note up to which record the shard is processed. Say whether it still was this worker's to note."""
    return written(
        table,
        shard,
        "SET checkpoint = :number",
        "lease_owner = :worker",  # who slept too long finds another's name there, and writes nothing
        {":worker": worker, ":number": sequence_number},
    )


def written(table, shard, update, condition, values):
    try:
        table.update_item(
            Key={"shard": shard},
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeValues=values,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True
