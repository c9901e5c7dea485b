"""Event source mappings as AWS Lambda has them: what happens between a stream and a function.

Every fact about them, with the module that decides it and the tests that hold it there, stands in
`tests/cloud/event_source_mappings/FACTS.md`. Where to look for what:

=================== =================================================================================================
batch               the heart, a pure state machine: what is retried, split, given up and why, how often it counts,
                    where the checkpoint is (read this first)
collector           when a batch is full: BatchSize, window, 6 MB
progress            how far a shard is done when several of its batches are under way (ParallelizationFactor)
filters             which records a pattern matches, and what is a pattern at all
windows             tumbling windows: their state, what an answer means, the attributes of the event
failure_message     what the on-failure destination is told, key by key
clock               back-off, and what `--time-scale` shortens
sources             how Kinesis and DynamoDB streams are read: the event, the starting position, what a role needs
delivery            performs what `batch` asks for: invokes, reads answers (ReportBatchItemFailures), tells destinations
shard_reader        one shard: reads ahead, filters, spreads over lanes, opens and closes windows, keeps the checkpoint
bell                wakes readers when something was written, so that idle mappings cost nothing
mapping             one mapping: its settings and defaults, its states, which shards are read and when children begin
service             all mappings: created, deleted, saved and restored
metrics             what is written to CloudWatch: IteratorAge, DestinationDeliveryFailures, the counts of MetricsConfig
validation          what Create and Update accept, and AWS's words for what they refuse
api                 Create, Get, List, Update, Delete and tags over HTTP
=================== =================================================================================================

Outside: functions are invoked by `lab.cloud.functions`, shards are split and merged in `lab.cloud.kinesis.resharding`,
the change records of tables are completed, and expired items deleted, in `lab.cloud.emulator.tables`.
"""
