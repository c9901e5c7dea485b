"""A cloud that consists of execution environments only."""

import asyncio
import hashlib
import io
import json
import os
import textwrap
import zipfile
from pathlib import Path

import pytest

from lab.cloud.execution import CodePackage, Environments, FunctionVersion, Limits
from lab.cloud.execution.credentials import Credentials
from lab.cloud.execution.launcher import World


def package(files: dict[str, str]) -> CodePackage:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, textwrap.dedent(text))
    content = memory.getvalue()
    return CodePackage(hashlib.sha256(content).hexdigest(), lambda: content)


class RecordedLog:
    """A log sink that remembers what it was given."""

    def __init__(self):
        self.written = []

    def write(self, function, stream, events):
        self.written.append((function, stream, list(events)))

    @property
    def lines(self):
        return [event.message for _, _, events in self.written for event in events]

    @property
    def streams(self):
        return {stream for _, stream, _ in self.written}

    def output(self):
        """Return what the handlers printed, without the platform's own lines."""
        platform = ("INIT_START", "INIT_REPORT", "START RequestId", "END RequestId", "REPORT RequestId")
        return [line for line in self.lines if not line.startswith(platform)]


class Stage:
    """Plays scenes with environments, and finds nothing left when they are over."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.log = RecordedLog()
        self.warnings = []
        self.credentials = lambda _: Credentials("AKEY", "SECRET", "TOKEN")

    def function(self, source="", *, files=None, handler="app.handler", **changes) -> FunctionVersion:
        values = {
            "name": "sensor",
            "arn": "arn:aws:lambda:us-east-1:000000000000:function:sensor",
            "version": "$LATEST",
            "runtime": f"python{os.sys.version_info[0]}.{os.sys.version_info[1]}",
            "handler": handler,
            "code": package(files or {"app.py": source}),
            "layers": (),
            "timeout_seconds": 10,
            "memory_mb": 128,
            "environment": (),
            "role_arn": "arn:aws:iam::000000000000:role/sensor",
            "log_group": "/aws/lambda/sensor",
            "region": "us-east-1",
        }
        return FunctionVersion(**(values | changes))

    def play(self, scene, *, limits=None, **options):
        async def whole():
            world = World(self.folder, "http://127.0.0.1:4566", self.credentials, self.log, self.warnings.append)
            async with Environments(world, limits or Limits(environments=8), **options) as environments:
                return await scene(environments)

        result = asyncio.run(whole())
        assert self.processes() == []
        assert list((self.folder / "run").iterdir()) == []
        return result

    def invoke(self, function, event=None, *more_events, **options):
        """Invoke a function once per event; return the outcome, or the list of them."""

        async def scene(environments):
            return [
                await environments.invoke(function, json.dumps(each).encode(), **options)
                for each in (event, *more_events)
            ]

        outcomes = self.play(scene)
        return outcomes if more_events else outcomes[0]

    def processes(self):
        """Return the ids of the processes that know this stage's folder."""
        return processes_with(str(self.folder))


def processes_with(text: str) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            alive = "(zombie)" not in (process / "status").read_text()
            if alive and int(process.name) != os.getpid() and text.encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path / "execution")


@pytest.fixture
def make_package():
    return package


@pytest.fixture
def find_processes():
    return processes_with
