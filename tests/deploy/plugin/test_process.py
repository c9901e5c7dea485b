"""The plugin as a process: how it begins, what it refuses, how it ends."""

import json
import os
import signal
import subprocess
import sys

import grpc
import pytest

from lab.deploy import property_values as pv
from lab.deploy.protocol import provider_pb2
from lab.deploy.provider.configuration import ENDPOINT_VARIABLE
from tests.cloud.conftest import eventually
from tests.deploy.plugin.process import EXECUTABLE, Plugin
from tests.deploy.provider.driver import Aborted

pytestmark = pytest.mark.slow

LOCAL = "http://127.0.0.1:4566"
AWS = "https://kinesis.us-east-1.amazonaws.com"
PROVIDER = {"urn": "urn:pulumi:local::p::pulumi:providers:aws::default", "name": "default"}


@pytest.fixture
def plugin(tmp_path):
    """Give a plugin in an environment that names a local cloud; nothing is asked of that."""
    (tmp_path / "lab.py").write_text("raise SystemExit('the program brings a module called lab')")
    plugin = Plugin(tmp_path, "--logtostderr", "-v=3", **{ENDPOINT_VARIABLE: LOCAL})
    yield plugin
    plugin.end()


def configuration(*urls):
    endpoints = {"endpoints": json.dumps([{"kinesis": url} for url in urls])} if urls else {}
    return pv.to_struct({"region": "us-east-1", "version": "7.51.1", **endpoints})


@pytest.mark.parametrize(
    ("urls", "reason"),
    [
        ((), "The configuration gives no aws:endpoints: this stack is meant for AWS, so nothing was called."),
        ((AWS,), f"The endpoint {AWS} is not on this machine, so nothing was called"),
        ((LOCAL, AWS), f"The endpoint {AWS} is not on this machine, so nothing was called"),
    ],
    ids=["none", "AWS", "both"],
)
def test_a_stack_on_aws_is_refused(plugin, urls, reason):
    """Also where `lab env` names a local cloud: a refresh would find none of its resources there, and forget them."""
    checked = plugin.CheckConfig(provider_pb2.CheckRequest(news=configuration(*urls), **PROVIDER))
    assert [failure.reason.startswith(reason) for failure in checked.failures] == [True]
    with pytest.raises(Aborted, match="so nothing was called") as refused:
        plugin.Configure(provider_pb2.ConfigureRequest(args=configuration(*urls)))
    assert refused.value.code == grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(Aborted, match="is not configured"):
        plugin.Read(provider_pb2.ReadRequest(urn="urn:pulumi:local::p::aws:sqs/queue:Queue::q", id="q"))


def test_what_is_not_known_yet_is_judged_later(plugin):
    news = pv.to_struct({"endpoints": pv.UNKNOWN})
    assert not plugin.CheckConfig(provider_pb2.CheckRequest(news=news, **PROVIDER)).failures


def test_a_local_stack_is_taken(plugin):
    assert not plugin.CheckConfig(provider_pb2.CheckRequest(news=configuration(LOCAL), **PROVIDER)).failures
    answer = plugin.Configure(provider_pb2.ConfigureRequest(args=configuration(LOCAL), acceptSecrets=True))
    assert answer.supportsPreview
    assert not answer.acceptSecrets  # so the CLI sends none, and marks the answers itself


def test_it_tells_what_it_is(plugin):
    schema = json.loads(plugin.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    assert schema["name"] == "aws"
    assert "aws:kinesis/stream:Stream" in schema["resources"]
    assert schema["version"] == plugin.GetPluginInfo(None).version


def test_what_it_does_not_have_is_told_as_pulumi_expects(plugin):
    with pytest.raises(Aborted) as refused:
        plugin.Construct(provider_pb2.ConstructRequest())
    assert refused.value.code == grpc.StatusCode.UNIMPLEMENTED


def test_it_ends_as_the_cli_ends_it(plugin):
    assert plugin.end() == (0, "")


@pytest.mark.parametrize("is_starting", [False, True])
def test_it_ends_with_a_cli_that_is_killed(tmp_path, is_starting):
    """Not by its standard input: a CLI may give it none."""
    cli = "import subprocess, sys, time; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); time.sleep(60)"
    parent = subprocess.Popen(
        [sys.executable, "-c", cli, EXECUTABLE, "127.0.0.1:9"], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    pid = int(parent.stdout.readline())
    if is_starting:
        asked = ["ps", "-o", "args=", "-p", str(pid)]
        eventually(lambda: b"lab.deploy.plugin" in subprocess.check_output(asked))
    else:
        assert int(parent.stdout.readline()) > 0
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    eventually(lambda: not is_running(pid))
    parent.stdout.close()


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_without_the_virtual_environment_it_says_what_to_do(tmp_path):
    folder = tmp_path / "lab" / "deploy" / "plugin"
    folder.mkdir(parents=True)
    copy = folder / EXECUTABLE.name
    copy.write_bytes(EXECUTABLE.read_bytes())
    copy.chmod(0o755)
    done = subprocess.run([copy], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path}/.venv/bin/python is missing. Run in {tmp_path}: make setup\n"
