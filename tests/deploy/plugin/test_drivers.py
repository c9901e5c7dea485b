"""`lab pulumi`, `lab env` and `lab stack`: our engine and a stand-in for the Pulumi CLI take turns on one stack.

The program is the one that was recorded; the stand-in drives the plugin over gRPC (see fake_cli.py).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from lab import workspace
from lab.cloud import process
from lab.cloud.client import find_cloud, reset
from lab.command import main
from lab.deploy.pulumi_cli import PLUGIN_FOLDER
from tests.command.conftest import Outcome
from tests.deploy import recorded
from tests.deploy.plugin import fake_cli

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("drivers"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws"),
]

ROOT = workspace.ROOT
READING = ("GetRecords", "GetShardIterator", "DescribeStream", "ListShards", "ListStreams")
PROGRAM = (  # without the wildcards that `lab up` refuses, and without what only takes time here
    (recorded.PROGRAM / "__main__.py")
    .read_text()
    .replace('["kinesis:*"]', json.dumps([f"kinesis:{action}" for action in READING]))
    .replace("dynamodb:*", "dynamodb:PutItem")
    .replace("        self._make_api(name, child)\n        self._make_lake(name, child)\n", "")
    .replace('pulumi.export("url", pipeline.stage.invoke_url)\n', "")
)
QUEUE = "import pulumi_aws; pulumi_aws.sqs.Queue('queue')"
STACK = """\
# A comment of the person's.
encryptionsalt: v1:IgskKuwPWvc=:v1:4Vbkjdlga20f0jht:jJUlPSrnv4omRrKH+QVWsyhT57vxSQ==
config:
  aws:region: us-east-1
  aws:skipRegionValidation: true
  aws:endpoints:
    - sqs: http://127.0.0.1:4566
      kinesis: http://127.0.0.1:4566
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Give a cloud, a project and a CLI of these tests' own."""
    folder = tmp_path_factory.mktemp("drivers and a space")
    shutil.copytree(recorded.PROGRAM, folder / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(folder / "lab"))
        process.start(port=0, time_scale=0.01)
        with fake_cli.installed(folder / "bin") as bin_folder:
            patch.setenv("PATH", os.pathsep.join((str(bin_folder), os.environ["PATH"])))
            patch.setattr(workspace, "ROOT", folder / "project")
            yield folder
        process.stop()


@pytest.fixture
def lab(capfd):
    """Return a way to run the command, and to hear the CLI that it runs."""

    def run(*arguments):
        capfd.readouterr()
        code = main(list(arguments))
        said = capfd.readouterr()
        return Outcome(code, said.out, said.err)

    return run


@pytest.fixture
def project(home, lab):
    """Give the project with nothing deployed and no secret in it."""
    folder = home / "project"
    (folder / "Pulumi.local.yaml").write_text(STACK)
    (folder / "__main__.py").write_text(PROGRAM.replace("Output.secret(", "str("))
    yield folder
    shutil.rmtree(home / "lab" / "pulumi", ignore_errors=True)
    assert lab("down").code == 0
    shutil.rmtree(home / "lab" / "stacks", ignore_errors=True)


@pytest.fixture
def cli(lab):
    """Return a way to run the CLI on what must go well: what it printed."""

    def run(*arguments):
        outcome = lab("pulumi", "--", *arguments)
        assert outcome.code == 0, outcome.err
        return json.loads(outcome.out) if outcome.out else {}

    return run


def counts(outcome):
    return outcome.json()["counts"]


def test_each_driver_goes_on_from_where_the_other_stopped(project, cli, lab):
    first = counts(lab("up", "--json"))
    assert set(first) == {"create"}
    everything = first["create"]
    # The CLI takes over what `lab up` made, and has nothing to do.
    assert cli("preview")["counts"] == {"same": everything}
    assert (project / "Pulumi.local.yaml").read_text() == STACK

    # An update: no replacement is announced, and none happens.
    (project / "Pulumi.local.yaml").write_text(f"{STACK}  proto:shards: 2\n")
    (project / "handlers" / "handler.py").write_text("def handler(event, context):\n    return 'other'\n")
    changes = {"same": everything - 2, "update": 2}
    assert cli("preview")["counts"] == changes
    assert cli("up", "--yes")["counts"] == changes
    outputs = lab("outputs", "--json").json()

    # `lab` knows what the CLI did, and takes it over before it does anything.
    assert counts(lab("preview", "--json")) == {"same": everything}
    assert counts(lab("up", "--json")) == {"same": everything}
    assert lab("outputs", "--json").json() == outputs

    # What one driver has removed, the other does not believe to be there.
    assert lab("down").code == 0
    assert set(cli("preview")["counts"]) == {"create"}


def test_a_state_goes_out_and_in_with_its_secrets(project, cli, lab, tmp_path):
    (project / "__main__.py").write_text(PROGRAM)
    everything = counts(lab("up", "--json"))["create"]
    exported = lab("stack", "export").out
    assert exported.count('"plaintext"') == 3
    file = tmp_path / "state.json"
    file.write_text(exported)
    taken = lab("stack", "import", str(file)).out
    assert taken == "8 resources taken over. Compare with the program: lab preview\n"
    assert counts(lab("preview", "--json")) == {"same": everything}
    assert resources(lab("stack", "export").out) == resources(exported)

    # Through the CLI, which encrypts its secrets: so it is taken over by hand.
    (project / "Pulumi.local.yaml").write_text(f"{STACK}  proto:shards: 2\n")
    assert cli("up", "--yes")["counts"] == {"same": everything - 1, "update": 1}
    refused = lab("up").err
    assert refused.startswith("The Pulumi CLI was the last to change stack local, and its state cannot be taken over.")
    assert "lab pulumi -- stack export --show-secrets | lab stack import" in refused
    file.write_text(json.dumps(cli("stack", "export")))
    assert "encrypted secret" in lab("stack", "import", str(file)).err
    file.write_text(json.dumps(cli("stack", "export", "--show-secrets")))
    assert lab("stack", "import", str(file)).code == 0
    assert counts(lab("preview", "--json")) == {"same": everything}
    assert cli("destroy", "--yes")["counts"]["delete"] == everything
    assert "Nothing is deployed" in lab("outputs").err
    assert set(counts(lab("preview", "--json"))) == {"create"}


def test_a_state_that_leaves_out_what_exists_is_refused(project, lab, home, tmp_path):
    assert lab("up").code == 0
    exported = json.loads(lab("stack", "export").out)
    everything = exported["deployment"]["resources"]
    file = tmp_path / "state.json"
    for some in ([], everything[:-1]):
        exported["deployment"]["resources"] = some
        file.write_text(json.dumps(exported))
        assert "leaves out what is deployed" in lab("stack", "import", str(file)).err
    assert resources(lab("stack", "export").out) == everything

    # Over a state that nobody can read it goes, and after `down` nothing is left out.
    exported["deployment"]["resources"] = everything
    file.write_text(json.dumps(exported))
    (home / "lab" / "stacks" / "local.json").write_text("{")
    assert lab("stack", "import", str(file)).code == 0
    assert lab("down").code == 0
    file.write_text('{"version": 3, "deployment": {}}')
    assert lab("stack", "import", str(file)).code == 0


def resources(text):
    return json.loads(text)["deployment"]["resources"]


def test_a_cloud_that_was_reset_is_told(project, cli, lab, home):
    (project / "__main__.py").write_text(QUEUE)
    cli("up", "--yes")
    reset(find_cloud())
    refused = lab("pulumi", "up", "--yes")
    assert refused.code == 1
    assert refused.err.startswith("Nothing of what the Pulumi CLI has deployed is in this local cloud any more.\n")
    assert "lab pulumi -- refresh --yes" in refused.err
    assert cli("refresh", "--yes")["counts"]["delete"] == 1
    assert cli("up", "--yes")["counts"]["create"] == 1
    exported = home / "state.json"
    exported.write_text(lab("stack", "export").out)
    reset(find_cloud())
    assert lab("stack", "import", str(exported)).err.startswith("Nothing of what this state tells of is in this local")


def test_the_environment_of_the_cli(project, cli, home, monkeypatch):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/somebody's")
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    told = cli("environment")
    variables = told["variables"]
    assert told["cwd"] == str(project)
    assert variables["PATH"].split(os.pathsep).count(str(PLUGIN_FOLDER)) == 1
    assert shutil.which("pulumi-resource-aws", path=variables["PATH"]) == str(PLUGIN_FOLDER / "pulumi-resource-aws")
    assert variables["PULUMI_BACKEND_URL"] == (home / "lab" / "pulumi").as_uri()
    assert variables["PULUMI_CONFIG_PASSPHRASE"] == ""
    assert variables["PULUMI_STACK"] == "local"
    assert variables["LAB_PACKAGES"] == str(home / "lab" / "packages")
    assert variables["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert not {"PULUMI_CONFIG_PASSPHRASE_FILE", "AWS_PROFILE"} & variables.keys()


def test_a_shell_with_lab_env_drives_the_local_cloud_too(project, lab):
    script = f"{lab('env').out}{lab('env').out}pulumi preview --stack local\n{lab('env', '--unset').out}env"
    done = subprocess.run(["/bin/sh", "-c", script], cwd=project, capture_output=True, text=True, check=True)
    previewed, *environment = done.stdout.splitlines()
    assert set(json.loads(previewed)["counts"]) == {"create"}
    assert not [line for line in environment if "PULUMI_" in line or str(PLUGIN_FOLDER) in line]


def test_the_exit_code_is_the_clis(project, lab):
    assert lab("pulumi", "exit", "3").code == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["up", "--stack", "dev"], "Stack dev is not for the local cloud: Pulumi.dev.yaml gives no aws:endpoints."),
        (["up", "-s", "organization/proto/dev"], "Stack dev is not for the local cloud"),
        (["stack", "select", "dev"], "Stack dev is not for the local cloud"),
        (["stack", "init", "mine"], "There is no stack mine: Pulumi.mine.yaml does not exist."),
        (["up", "--cwd", "/elsewhere"], "`lab pulumi` works on this project, so --cwd cannot be used."),
    ],
)
def test_only_a_local_stack_of_this_project_is_driven(project, lab, arguments, said):
    (project / "Pulumi.dev.yaml").write_text("config:\n  aws:region: us-east-1\n")
    outcome = lab("pulumi", "--", *arguments)
    assert outcome.err.startswith(said)
    assert outcome.code in (1, 2)
    assert "Nothing was set" in lab("env", "--stack", "dev").out


def test_without_the_cli_it_is_said_what_to_do(project, lab, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    outcome = lab("pulumi", "up")
    assert outcome.err.startswith("The Pulumi CLI is not installed: there is no `pulumi` on PATH.\n")
    assert "lab up basic" in outcome.err
    assert outcome.code == 1
    assert lab("env").code == 0


def test_two_at_once_are_refused(project, lab, home):
    code = "import sys, time, pathlib; from lab.deploy.engine.store import Store\n"
    code += "with Store(pathlib.Path(sys.argv[1])).exclusive(): print('held', flush=True); sys.stdin.read()"
    (home / "lab" / "stacks").mkdir(parents=True, exist_ok=True)
    state = home / "lab" / "stacks" / "local.json"
    exported = home / "state.json"
    exported.write_text(lab("stack", "export").out)
    with subprocess.Popen(
        [sys.executable, "-c", code, state], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as other:
        assert other.stdout.readline() == b"held\n"
        refused = [lab("pulumi", "up", "--yes").err, lab("stack", "import", str(exported)).err]
        other.stdin.close()
    assert [text.partition(" (")[0] for text in refused] == ["Another command"] * 2
