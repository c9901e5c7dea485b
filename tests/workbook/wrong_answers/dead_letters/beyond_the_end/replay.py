"""Puts records that were given up back into their stream, repaired: python replay.py QUEUE_URL"""
import json
import re
import sys
import time

import boto3

kinesis = boto3.client('kinesis')
sqs = boto3.client('sqs')


def repaired(data):
    """Return what a sensor meant; some write 22,5 where JSON wants 22.5. ValueError: it cannot be told."""
    try:
        return json.loads(data)
    except ValueError:
        return json.loads(re.sub(rb'(\d),(\d)', rb'\1.\2', data))


def records_of(batch):
    """Return the records of a batch that was given up: KinesisBatchInfo of the failure message."""
    last = int(batch['endSequenceNumber'])
    iterator = kinesis.get_shard_iterator(
        StreamARN=batch['streamArn'],
        ShardId=batch['shardId'],
        ShardIteratorType='AT_SEQUENCE_NUMBER',
        StartingSequenceNumber=batch['startSequenceNumber'],
    )['ShardIterator']
    found = []
    # An answer may hold few records, or none, and more come with the next iterator.
    while iterator and (not found or int(found[-1]['SequenceNumber']) < last):
        answer = kinesis.get_records(ShardIterator=iterator)
        found += answer['Records']
        if not answer['Records'] and not answer['MillisBehindLatest']:
            break  # at the end of the stream: the last one has expired
        iterator = answer.get('NextShardIterator')
        time.sleep(0.2)  # five reads a second, for all readers of the shard
    return found


def replay(batch):
    """Put the records of a batch into the stream again."""
    records = records_of(batch)
    if len(records) < batch['batchSize']:
        raise LookupError(f"{len(records)} of {batch['batchSize']} records are still there")
    for record in records:
        # Whose place it takes: replayed twice, it is counted once.
        reading = repaired(record['Data']) | {'replay_of': f"{batch['shardId']}:{record['SequenceNumber']}"}
        kinesis.put_record(
            StreamARN=batch['streamArn'], Data=json.dumps(reading).encode(), PartitionKey=record['PartitionKey']
        )


def replay_all(queue_url):
    """Replay what the messages of a queue tell of; what cannot be replayed stays in the queue."""
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get('Messages', []):
        for message in messages:
            try:
                replay(json.loads(message['Body'])['KinesisBatchInfo'])
            except Exception as error:
                print(f"{message['MessageId']} stays: {type(error).__name__}: {error}")
                continue
            # Only now: what was not replayed must not be forgotten.
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message['ReceiptHandle'])


if __name__ == '__main__':
    replay_all(sys.argv[1])
