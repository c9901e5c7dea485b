"""Event source mappings as AWS Lambda has them: what happens between a stream and a function.

Read in this order:

- `batch`: the heart, a pure state machine from (batch, policy, outcome) to the next action
- `collector`, `progress`, `filters`, `failure_message`: the other pure pieces
- `sources`: how Kinesis and DynamoDB streams are read, and the event that a function gets
- `delivery`: performs what the state machine asks for, one batch at a time
- `shard_reader`: one shard, its lanes and its checkpoint
- `mapping`: a mapping and its states; `service`: all of them
- `validation`, `api`: what Create, Get, List, Update and Delete accept and answer
"""
