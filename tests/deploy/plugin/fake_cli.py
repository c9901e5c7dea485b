"""Stands in for the Pulumi CLI: our engine, driving the plugin that is on PATH, with a state in a file backend.

It does what the CLI does as far as `lab pulumi` and `lab env` can tell: it finds the project in its folder, the stack,
the backend and the passphrase in the environment, the plugin on PATH; it encrypts secrets in its state. What it prints
is JSON, for tests to read.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pulumi_aws as aws
import yaml

from lab import workspace
from lab.deploy import property_values as pv
from lab.deploy.engine import Engine, Project
from lab.deploy.stack_files import _text
from tests.deploy.plugin.process import Plugin

SCRIPT = """#!{python} -IS
import json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
said = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(server, [len(said).to_bytes(4, "big")], [0, 1, 2])
server.sendall(said)
sys.exit(server.recv(1)[0])
"""
"""What is on PATH: it hands its arguments, folder, environment and terminal to `serve`, and ends as told there."""


@contextlib.contextmanager
def installed(folder: Path) -> Iterator[Path]:
    """Make it the command `pulumi` in a folder."""
    folder.mkdir()
    # The address of a socket must be short.
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as listening:
        address = f"{short}/cli"
        listening.bind(address)
        listening.listen()
        script = folder / "pulumi"
        script.write_text(SCRIPT.format(python=sys.executable, address=address))
        script.chmod(0o755)
        # A process that has everything imported, and splits for each command: that saves a second each.
        with subprocess.Popen(
            [sys.executable, "-m", "tests.deploy.plugin.fake_cli", str(listening.fileno())],
            cwd=workspace.ROOT,
            pass_fds=[listening.fileno()],
        ) as server:
            yield folder
            server.terminate()


def serve(listening: socket.socket) -> None:
    """Run each command that comes in, in a process of its own."""
    while True:
        with listening.accept()[0] as client:
            size, streams, _flags, _address = socket.recv_fds(client, 4, 3)
            arguments, folder, environment = json.loads(client.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
            child = os.fork()
            if child == 0:
                for number, stream in enumerate(streams):
                    os.dup2(stream, number)
                os.chdir(folder)
                os.environ.clear()
                os.environ.update(environment)
                code = 1
                try:
                    code = main(arguments)
                except BaseException:  # noqa: BLE001 - whatever it is, the test shall see it
                    traceback.print_exc()
                sys.stdout.flush()
                os._exit(code)
            for stream in streams:
                os.close(stream)
            client.sendall(bytes([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]))


def main(arguments: list[str]) -> int:
    """Run one command and return the exit code."""
    here = Path.cwd()
    project = yaml.safe_load((here / "Pulumi.yaml").read_text())["name"]
    stack = os.environ["PULUMI_STACK"]
    if "--stack" in arguments:
        stack = arguments[arguments.index("--stack") + 1]
    backend = Path(unquote(urlsplit(os.environ["PULUMI_BACKEND_URL"]).path))
    if not backend.is_dir() or os.environ["PULUMI_CONFIG_PASSPHRASE"]:
        return 255
    return Command(here, project, stack, backend).run(arguments)


class Command:
    """One command on one stack."""

    def __init__(self, here: Path, project: str, stack: str, backend: Path) -> None:
        self.here, self.project, self.stack = here, project, stack
        self.state = backend / ".pulumi" / "stacks" / project / f"{stack}.json"
        self.work = backend / "work.json"

    def run(self, arguments: list[str]) -> int:
        match arguments:
            case ["stack", "select", self.stack, "--create", *_]:
                if not self.state.exists():
                    self.save({"version": 3, "deployment": {"manifest": {}}})
            case ["stack", "import", *_]:
                document = json.load(sys.stdin)
                assert "secrets_providers" in document["deployment"]
                self.save(document)
            case ["stack", "export", *_]:
                say(decrypted(self.load()) if "--show-secrets" in arguments else self.load())
            case ["environment"]:
                say({"cwd": str(self.here), "variables": dict(os.environ)})
            case ["exit", code]:
                return int(code)
            case [verb, *_]:
                return self.deploy({"up": "up", "preview": "preview", "refresh": "refresh", "destroy": "destroy"}[verb])
        return 0

    def deploy(self, verb: str) -> int:
        plugin = shutil.which("pulumi-resource-aws")
        assert plugin is not None
        file = yaml.safe_load((self.here / f"Pulumi.{self.stack}.yaml").read_text())["config"]
        config = {key if ":" in key else f"{self.project}:{key}": _text(value) for key, value in file.items()}
        project = Project(self.project, self.stack, self.here / "__main__.py", config)
        started: list[Plugin] = []

        def start() -> Plugin:
            started.append(Plugin(self.here, executable=plugin))
            return started[-1]

        self.work.write_text(json.dumps(decrypted(self.load())))
        result = getattr(Engine(project, self.work, {"aws": start}), verb)()
        if verb != "preview":
            self.save(json.loads(self.work.read_text()))
        assert [one.end() for one in started] == [(0, "")] * len(started)
        say({"counts": dict(result.counts), "errors": list(result.errors)})
        return 0 if result.ok else 255

    def load(self) -> dict[str, Any]:
        checkpoint = json.loads(self.state.read_text())
        return {"version": checkpoint["version"], "deployment": checkpoint["checkpoint"]["latest"]}

    def save(self, document: dict[str, Any]) -> None:
        self.state.parent.mkdir(parents=True, exist_ok=True)
        latest = encrypted(document["deployment"])
        checkpoint = {"stack": f"organization/{self.project}/{self.stack}", "latest": latest}
        self.state.write_text(json.dumps({"version": document["version"], "checkpoint": checkpoint}))


def say(answer: Any) -> None:
    """Print an answer as one line."""
    sys.stdout.write(f"{json.dumps(answer)}\n")


def encrypted(value: Any) -> Any:
    """Return a state with its secrets unreadable."""
    return _secrets_changed(value, "plaintext", "ciphertext", lambda text: base64.b64encode(text.encode()).decode())


def decrypted(value: Any) -> Any:
    """Return a state with its secrets as text."""
    return _secrets_changed(value, "ciphertext", "plaintext", lambda text: base64.b64decode(text).decode())


def _secrets_changed(value: Any, old: str, new: str, change: Any) -> Any:
    if isinstance(value, dict):
        if value.get(pv.SIGNATURE) == pv.SECRET and old in value:
            return {pv.SIGNATURE: pv.SECRET, new: change(value[old])}
        return {name: _secrets_changed(item, old, new, change) for name, item in value.items()}
    return [_secrets_changed(item, old, new, change) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    for module in (
        aws.cloudwatch,
        aws.dynamodb,
        aws.iam,
        aws.kinesis,
        aws.lambda_,
        aws.sqs,
    ):
        dir(module)  # imports it
    serve(socket.socket(fileno=int(sys.argv[1])))
