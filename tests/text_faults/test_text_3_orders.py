"""The faults of text 3 that no other test has; 52, 54, 55, 57 and 58 stand in tests/components and tests/command."""

from __future__ import annotations

import importlib
import json
from dataclasses import fields

import pytest

from components.settings import ConsumerSettings, OrdersSettings
from lab import workspace
from lab.command import main
from tests.handlers.events import Context, failed, kinesis_event


def test_text_fault_50_an_event_is_generated_by_a_command_that_exists(capsys: pytest.CaptureFixture[str]):
    # text fault 50: `sam local generate-event kinesis` lacks the subcommand
    assert main(["event", "kinesis"]) == 0
    [record] = json.loads(capsys.readouterr().out)["Records"]
    assert record["eventID"].endswith(record["kinesis"]["sequenceNumber"])


def test_text_fault_51_a_payload_is_given_as_it_is(capsys: pytest.CaptureFixture[str]):
    # text fault 51: `aws lambda invoke --payload '{}'` fails on CLI 2, which wants base64; ours takes JSON
    page = workspace.ROOT / "handlers" / "orders" / "README.md"
    assert "lab invoke orders.producer --data '{" in page.read_text()
    assert "--cli-binary-format raw-in-base64-out" in page.read_text()


def test_text_fault_56_latest_is_the_texts_and_a_setting():
    # text fault 56: LATEST drops what is sent before the mapping is enabled; the page says so, the setting ends it
    assert OrdersSettings().starting_position == "LATEST"
    assert ConsumerSettings().starting_position == "TRIM_HORIZON"
    assert "TRIM_HORIZON" in (workspace.ROOT / "handlers" / "orders" / "README.md").read_text()


def test_text_fault_60_one_bad_record_fails_alone():
    # text fault 60: no partial batch, retry or destination
    consumer = importlib.import_module("handlers.orders.consumer")
    event = kinesis_event(b"bad")
    assert failed(consumer.lambda_handler(event, Context())) == [event["Records"][0]["kinesis"]["sequenceNumber"]]
    settings = {field.name for field in fields(OrdersSettings)}
    assert {"maximum_retry_attempts", "maximum_record_age_seconds", "bisect", "destination"} <= settings


def test_text_fault_61_no_output_of_a_run_is_committed():
    # text fault 61: output.json committed
    ignored = (workspace.ROOT / ".gitignore").read_text()
    assert not list((workspace.ROOT / "handlers").rglob("*.json"))
    assert ".lab" in ignored
