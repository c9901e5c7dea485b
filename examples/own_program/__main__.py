"""A stream, a function that reads it, and a queue that is told of what the function could not process."""

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.settings import ConsumerSettings, FunctionSettings
from components.stream_consumer import StreamConsumer

stream = aws.kinesis.Stream("clicks", shard_count=1)
code = pulumi.FileArchive("handler")
function = Function("clicks", {"code": code, "handler": "clicks.handler", "settings": FunctionSettings(memory_mb=128)})
settings = ConsumerSettings(batch_size=500, maximum_retry_attempts=1, alarms=False)
reader = StreamConsumer("clicks-reader", {"function": function, "stream_arn": stream.arn, "settings": settings})

pulumi.export("stream", stream.name)
pulumi.export("failures", reader.exports["FailureQueueUrl"])
