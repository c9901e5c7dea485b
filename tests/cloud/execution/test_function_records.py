"""MiniStack's function records and results, in our terms."""

import base64
import hashlib

import pytest

from lab.cloud.emulator.functions import as_result, depth_of, function_version, trace_header
from lab.cloud.execution.outcome import Outcome

ARN = "arn:aws:lambda:us-east-1:000000000000:function:sensor"
CONFIG = {
    "FunctionName": "sensor",
    "FunctionArn": f"{ARN}:live",
    "Version": "3",
    "Runtime": "python3.13",
    "Handler": "app.handler",
    "CodeSha256": base64.b64encode(hashlib.sha256(b"zip").digest()).decode(),
    "Timeout": 7,
    "MemorySize": 512,
    "Layers": [{"Arn": "arn:aws:lambda:us-east-1:000000000000:layer:tools:1"}],
    "Environment": {"Variables": {"TABLE": "events"}},
    "Role": "arn:aws:iam::000000000000:role/sensor",
}


def test_a_record_becomes_a_function_version():
    version = function_version({"code_zip": b"zip"}, CONFIG)
    assert (version.arn, version.version, version.region) == (ARN, "3", "us-east-1")
    assert (version.timeout_seconds, version.memory_mb) == (7, 512)
    assert version.environment == (("TABLE", "events"),)
    assert version.code.sha256 == hashlib.sha256(b"zip").hexdigest()
    assert version.code.read() == b"zip"
    assert len(version.layers) == 1
    assert version.log_group == "/aws/lambda/sensor"


def test_the_same_configuration_is_the_same_version_and_another_is_not():
    version = function_version({"code_zip": b"zip"}, CONFIG)
    assert version == function_version({"code_zip": b"zip"}, dict(CONFIG))
    assert version == function_version({"code_zip": b"zip"}, CONFIG | {"FunctionArn": ARN})
    assert version != function_version({"code_zip": b"zip"}, CONFIG | {"Environment": {"Variables": {}}})


@pytest.mark.parametrize(("error", "expected"), [(None, None), ("ValueError", "Unhandled")])
def test_an_outcome_becomes_a_result(error, expected):
    outcome = Outcome(
        request_id="id-1",
        payload=b'{"a": 1}',
        function_error="Unhandled" if error else None,
        error_type=error,
        timed_out=False,
        log_tail="tail",
        duration_ms=1.0,
        billed_ms=1,
        max_memory_mb=1,
        init_ms=None,
    )
    result = as_result(outcome)
    assert (result["body"], result["log"]) == ({"a": 1}, "tail")
    assert result.get("function_error") == expected
    assert bool(result.get("error")) == bool(error)


@pytest.mark.parametrize("depth", [0, 1, 17])
def test_the_depth_of_a_chain_of_invocations_travels_in_the_trace_header(depth):
    assert depth_of(trace_header(ARN, depth)) == depth


def test_a_trace_header_from_elsewhere_has_no_depth():
    assert depth_of("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1") == 0
