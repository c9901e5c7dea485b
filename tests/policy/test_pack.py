"""The pack as the Pulumi CLI runs it: a process that prints a port and answers Pulumi's Analyzer service."""

from __future__ import annotations

import subprocess
import sys

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from lab.workspace import ROOT
from policy import UNKNOWN
from policy.rules import RULES

ADVISORY, MANDATORY, DISABLED = analyzer_pb2.ADVISORY, analyzer_pb2.MANDATORY, analyzer_pb2.DISABLED


@pytest.fixture(scope="module")
def analyzer():
    # As pulumi-language-python does it, in the pack's folder.
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(ROOT / "policy")]
    with subprocess.Popen(command, cwd=ROOT / "policy", stdout=subprocess.PIPE, text=True) as pack:
        try:
            port = int(pack.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            pack.terminate()


def analyze(analyzer, type_, **inputs) -> dict[str, tuple[int, str]]:
    properties = Struct()
    properties.update(inputs)
    request = analyzer_pb2.AnalyzeRequest(type=type_, properties=properties, urn=f"urn::{type_}::x", name="x")
    return {each.policyName: (each.enforcementLevel, each.message) for each in analyzer.Analyze(request).diagnostics}


def test_the_pack_tells_its_rules(analyzer):
    told = analyzer.GetAnalyzerInfo(empty_pb2.Empty())
    assert told.name == "streamlab"
    levels = {"advisory": ADVISORY, "mandatory": MANDATORY, "disabled": DISABLED}
    assert {policy.name: policy.enforcementLevel for policy in told.policies} == {
        rule.name: levels[rule.level] for rule in RULES
    }
    assert all(policy.description.endswith(".") for policy in told.policies)


def test_a_resource_that_breaks_rules_gets_a_sentence_for_each(analyzer):
    found = analyze(analyzer, "aws:kinesis/stream:Stream", shardCount=8, tags={"project": "p", "student": "s"})
    assert found.keys() == {"shards", "expiry"}
    assert found["shards"][0] == ADVISORY
    assert "8 shards, where 2 are enough" in found["shards"][1]


def test_what_is_mandatory_is_refused(analyzer):
    document = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    found = analyze(analyzer, "aws:iam/rolePolicy:RolePolicy", policy=document)
    assert found["wildcards"][0] == MANDATORY


def test_what_is_not_known_in_a_preview_is_passed_over_in_silence(analyzer):
    assert analyze(analyzer, "aws:iam/rolePolicy:RolePolicy", policy=UNKNOWN) == {}
    unknown = {"onFailure": {"destinationArn": UNKNOWN}}
    reader = {"startingPosition": "LATEST", "maximumRetryAttempts": 2, "destinationConfig": unknown}
    tags = {"project": "p", "student": "s"}
    assert analyze(analyzer, "aws:lambda/eventSourceMapping:EventSourceMapping", **reader, tags=tags) == {}


def test_a_teacher_can_choose_another_level(analyzer):
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    request.policyConfig["stream-encryption"].enforcementLevel = MANDATORY
    analyzer.Configure(request)
    found = analyze(
        analyzer, "aws:kinesis/stream:Stream", tags={"project": "p", "student": "s", "expires": "2027-06-30"}
    )
    assert found.keys() == {"stream-encryption"}


def test_the_pack_runs_in_the_projects_environment():
    runtime = yaml.safe_load((ROOT / "policy" / "PulumiPolicy.yaml").read_text())["runtime"]
    assert (ROOT / "policy" / runtime["options"]["virtualenv"]).resolve() == ROOT / ".venv"
