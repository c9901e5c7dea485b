"""Every operation of the API by its name; whatever is not here does not exist for the cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.cloud.kinesis import consumers, reading, resharding, settings, streams, tags, writing

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.kinesis.call import Call

CHECKING_THEMSELVES = {"PutRecord": writing.put_record, "PutRecords": writing.put_records}
"""Operations that get the request as it came, and check it where a glance is not enough."""

CHECKED: dict[str, Callable[[Call], dict[str, Any] | None]] = {
    "AddTagsToStream": tags.add_tags_to_stream,
    "CreateStream": streams.create_stream,
    "DecreaseStreamRetentionPeriod": settings.decrease_stream_retention_period,
    "DeleteResourcePolicy": settings.delete_resource_policy,
    "DeleteStream": streams.delete_stream,
    "DeregisterStreamConsumer": consumers.deregister_stream_consumer,
    "DescribeAccountSettings": streams.describe_account_settings,
    "DescribeLimits": streams.describe_limits,
    "DescribeStream": streams.describe_stream,
    "DescribeStreamConsumer": consumers.describe_stream_consumer,
    "DescribeStreamSummary": streams.describe_stream_summary,
    "DisableEnhancedMonitoring": settings.disable_enhanced_monitoring,
    "EnableEnhancedMonitoring": settings.enable_enhanced_monitoring,
    "GetRecords": reading.get_records,
    "GetResourcePolicy": settings.get_resource_policy,
    "GetShardIterator": reading.get_shard_iterator,
    "IncreaseStreamRetentionPeriod": settings.increase_stream_retention_period,
    "ListShards": resharding.list_shards,
    "ListStreamConsumers": consumers.list_stream_consumers,
    "ListStreams": streams.list_streams,
    "ListTagsForResource": tags.list_tags_for_resource,
    "ListTagsForStream": tags.list_tags_for_stream,
    "MergeShards": resharding.merge_shards,
    "PutResourcePolicy": settings.put_resource_policy,
    "RegisterStreamConsumer": consumers.register_stream_consumer,
    "RemoveTagsFromStream": tags.remove_tags_from_stream,
    "SplitShard": resharding.split_shard,
    "StartStreamEncryption": settings.start_stream_encryption,
    "StopStreamEncryption": settings.stop_stream_encryption,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateMaxRecordSize": settings.update_max_record_size,
    "UpdateShardCount": resharding.update_shard_count,
    "UpdateStreamMode": settings.update_stream_mode,
    "UpdateStreamWarmThroughput": settings.update_stream_warm_throughput,
}
SUBSCRIBE = "SubscribeToShard"
