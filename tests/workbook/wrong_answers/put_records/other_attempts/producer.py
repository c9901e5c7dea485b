import json
import random
import time

MAXIMUM_RECORDS = 500  # PutRecords takes no more
MAXIMUM_ATTEMPTS = 4
FIRST_WAIT_SECONDS = 0.2


def send(kinesis, stream, orders, sleep=time.sleep):
    """Put orders into a stream. Return those that it did not take, in the order given."""
    refused = []
    for begin in range(0, len(orders), MAXIMUM_RECORDS):
        refused += send_batch(kinesis, stream, orders[begin : begin + MAXIMUM_RECORDS], sleep)
    return refused


def send_batch(kinesis, stream, batch, sleep):
    for attempt in range(MAXIMUM_ATTEMPTS):
        if attempt:
            # Twice as long each time, at random within it, so that many producers do not come back at once.
            sleep(random.uniform(0, FIRST_WAIT_SECONDS * 2**attempt))
        answer = kinesis.put_records(StreamName=stream, Records=[entry(order) for order in batch])
        # The answer has an entry for each of ours, in the same order; a refused one has an ErrorCode.
        batch = [order for order, result in zip(batch, answer["Records"]) if "ErrorCode" in result]
        if not batch:
            break
    return batch


def entry(order):
    """An order as PutRecords wants it: one customer's orders share a key, and so a shard."""
    return {"Data": json.dumps(order).encode(), "PartitionKey": order["customer_id"]}
