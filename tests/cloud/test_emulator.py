"""What we touch of MiniStack's insides is there and has the shape we rely on: read this when the pin moves."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import threading

import pytest

from lab.cloud import emulator


def test_the_pin():
    assert importlib.metadata.version("ministack") == emulator.VERSION


@pytest.mark.parametrize(
    ("module", "name", "parameters"),
    [
        ("ministack.app", "app", ["scope", "receive", "send"]),
        ("ministack.app", "_reset_all_state", []),
        ("ministack.core.responses", "request_scope", ["account_id", "region"]),
        ("ministack.core.responses", "get_account_id", []),
        ("ministack.core.responses", "get_region", []),
        ("ministack.core.iam_evaluator", "_gather_role_policies", ["role_name", "account_id"]),
        ("ministack.core.iam_evaluator", "evaluate", ["ctx", "policies", "limits"]),
        ("ministack.core.iam_evaluator", "_service_principal_matches", ["principal", "service"]),
        ("ministack.core.iam_evaluator", "_action_matches", ["request_action", "actions", "not_actions"]),
        ("ministack.core.iam_evaluator", "evaluate_resource_policy",
         ["doc", "ctx", "service", "named_only", "direct_only"]),
        ("ministack.core.iam_evaluator", "resolve_credential", ["access_key_id", "account_id", "session_token"]),
        ("ministack.core.iam_evaluator", "resolve_principal", ["access_key_id", "account_id", "credential"]),
        ("ministack.core.iam_evaluator", "resolve_caller_identity", ["access_key_id"]),
        ("ministack.core.sigv4", "parse_header_signature", ["headers"]),
        ("ministack.core.sigv4", "parse_query_signature", ["query_params"]),
        ("ministack.core.sigv4", "header_signature_failure",
         ["signature", "secret", "method", "raw_path", "query_params", "headers", "body", "presigned", "explain"]),
        ("ministack.core.sigv4", "presigned_request_is_expired", ["amz_date", "expires", "now"]),
        ("ministack.core.sigv4", "request_time_failure", ["signature", "now"]),
        ("ministack.core.sigv4", "_amz_datetime", ["value"]),
        ("ministack.services.apigateway", "find_api_scope", ["api_id"]),
        ("ministack.core.iam_actions", "extract_resource_arn",
         ["service", "method", "path", "headers", "body", "query_params", "region", "account_id"]),
        ("ministack.core.iam_evaluator", "combine_resource_policy",
         ["identity", "ctx", "policy", "owner_account", "required", "limits"]),
        ("ministack.core.iam_evaluator", "_resource_policy", ["service", "resource_arn"]),
        ("ministack.core.router", "extract_access_key_id", ["headers", "query_params"]),
        ("ministack.core.iam_actions", "request_tag_context", ["service", "iam_action", "body", "params"]),
        ("ministack.core.lambda_runtime", "execution_credentials", ["config"]),
        ("ministack.services.athena", "_ensure_default_workgroup", []),
        ("ministack.services.s3", "_get_object_data", ["bucket_name", "key", "version_id"]),
        ("ministack.services.dynamodb_streams", "_decode_iterator", ["token"]),
        ("ministack.services.kinesis", "stream_policy_for_arn", ["resource_arn"]),
        ("ministack.services.kinesis", "put_record_internal", ["stream_arn", "partition_key", "data"]),
        ("ministack.services.kinesis", "_resolve_stream_by_arn", ["stream_arn"]),
        ("ministack.services.firehose", "ingest_from_kinesis_source", ["stream_arn", "records"]),
        ("ministack.core.responses", "StreamingResponse", ["runner"]),
        ("ministack.services.dynamodb", "stream_live_records", ["table_name", "account_id", "region"]),
        ("ministack.services.dynamodb", "_build_change_record",
         ["table", "event_name", "old_item", "new_item", "view_type"]),
        ("ministack.services.dynamodb", "_emit_stream_event",
         ["table_name", "event_name", "old_item", "new_item", "replicate"]),
        ("ministack.services.dynamodb", "_remove_item", ["table", "pk_val", "sk_val"]),
        ("ministack.services.dynamodb", "_next_stream_seq", []),
        ("ministack.services.dynamodb", "_item_size_bytes", ["item"]),
        ("ministack.services.dynamodb", "closed_stream", ["stream_arn"]),
        ("ministack.services.lambda_svc", "_get_func_record_for_ref", ["function_ref"]),
        ("ministack.services.lambda_svc", "_acquire_execution_slot", ["func", "config"]),
        ("ministack.services.lambda_svc", "_release_execution_slot", ["key"]),
        ("ministack.services.lambda_svc", "_emit_lambda_metrics",
         ["function_name", "duration_ms", "error", "throttle"]),
        ("ministack.services.lambda_svc", "_execute_function_dispatch",
         ["func", "config", "event", "request_id", "started"]),
        ("ministack.services.lambda_svc", "_throttle_response", ["reason_code", "msg", "retry_after"]),
        ("ministack.services.lambda_svc", "_resolve_layer_zip", ["attachment"]),
        ("ministack.services.lambda_svc", "_proxy_url_for", ["config"]),
        ("ministack.services.lambda_svc", "_func_arn", ["name"]),
        ("ministack.services.lambda_svc", "_schedule_state_transition", ["func_name", "delay"]),
        ("ministack.services.cloudwatch", "_evaluate_alarm", ["alarm"]),
        ("ministack.services.cloudwatch", "_dispatch_alarm_actions", ["alarm", "old_state", "new_state", "reason"]),
        ("ministack.services.cloudwatch", "_evaluate_parent_alarms", ["child", "seen"]),
        ("ministack.services.cloudwatch", "_record_history",
         ["alarm_name", "old_state", "new_state", "reason", "alarm_type", "reason_data"]),
        ("ministack.services.cloudwatch", "_history_entries", []),
        ("ministack.services.cloudwatch", "_ts_iso", ["epoch"]),
        ("ministack.services.sqs", "_get_q", ["url", "action"]),
        ("ministack.services.sqs", "_refresh_counts", ["q"]),
        ("ministack.services.sns", "_fanout", None),
        ("ministack.services.cloudwatch_logs", "_append_log_events", ["stream", "events"]),
        ("ministack.services.cloudwatch_logs", "_make_group_arn", None),
        ("ministack.services.cloudwatch_logs", "_make_group_arn_no_star", ["name"]),
        ("ministack.services.cloudwatch_logs", "_fanout_to_subscription_filters", None),
        ("ministack.services.cloudwatch_logs", "_fanout_to_live_tail_sessions", None),
    ],
)  # fmt: skip
def test_functions_we_call_or_replace(module: str, name: str, parameters: list[str] | None):
    function = getattr(importlib.import_module(module), name)
    if parameters is not None:
        assert list(inspect.signature(function).parameters) == parameters


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("ministack.app", "SERVICE_HANDLERS"),
        ("ministack.services.athena", "_executions"),
        ("ministack.services.athena", "_named_queries"),
        ("ministack.services.athena", "_tags"),
        ("ministack.services.athena", "_workgroups"),
        ("ministack.services.iam", "_roles"),
        ("ministack.services.s3", "_buckets"),
        ("ministack.services.dynamodb", "_tables"),
        ("ministack.services.dynamodb", "_ttl_settings"),
        ("ministack.services.dynamodb", "_stream_seq_counter"),
        ("ministack.services.dynamodb", "_stream_seq_lock"),
        ("ministack.services.dynamodb_streams", "_DEFAULT_SHARD_ID"),
        ("ministack.services.apigateway", "_apis"),
        ("ministack.services.apigateway", "_integrations"),
        ("ministack.services.apigateway", "_routes"),
        ("ministack.services.apigateway", "_stages"),
        ("ministack.services.lambda_svc", "_invoke_depth"),
        ("ministack.services.lambda_svc", "_durable_ctx"),
        ("ministack.services.lambda_svc", "invalidate_worker"),
        ("ministack.services.cloudwatch", "_alarms"),
        ("ministack.services.cloudwatch_logs", "_log_groups"),
        ("ministack.services.cloudwatch", "_resource_tags"),
        ("ministack.services.apigateway", "_api_tags"),
        ("ministack.services.tagging", "_COLLECTORS"),
        ("ministack.services.sqs", "_HANDLERS"),
        ("ministack.services.sqs", "_queues"),
    ],
)
def test_state_we_look_at(module: str, name: str):
    assert hasattr(importlib.import_module(module), name)


def test_the_services_we_stand_before():
    from ministack.app import SERVICE_HANDLERS

    assert {"apigateway", "lambda", "kinesis", "dynamodb", "sqs", "sns", "s3", "monitoring"} <= set(SERVICE_HANDLERS)


def test_ministack_deletes_expired_items_in_the_thread_that_we_keep_from_it():
    importlib.import_module("ministack.services.dynamodb")
    assert "dynamodb-ttl-reaper" in {thread.name for thread in threading.enumerate()}
