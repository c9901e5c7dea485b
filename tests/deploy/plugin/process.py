"""A plugin process, started and spoken to as the Pulumi CLI does it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2

from lab import workspace
from lab.deploy.protocol import provider_pb2_grpc
from tests.deploy.provider.driver import Aborted

EXECUTABLE = workspace.ROOT / "lab" / "deploy" / "plugin" / "pulumi-resource-aws"
ENGINE = "127.0.0.1:9"
"""The engine's address, which every plugin is told."""


class Plugin:
    """Offers the methods of the provider in the process; what it refuses is raised as `Aborted`.

    Args:
        folder: where it is started: the CLI starts it in the program's.
        arguments: what else the CLI may tell it.
        executable: the plugin itself.
        variables: added to the environment.
    """

    def __init__(self, folder: Path, *arguments: str, executable: str | Path = EXECUTABLE, **variables: str) -> None:
        self.process = subprocess.Popen(
            [executable, *arguments, ENGINE],
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,  # so that Ctrl-C in the terminal reaches the CLI alone
        )
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())
        self._channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_") or not hasattr(self._stub, method):
            raise AttributeError(method)

        def call(request: Any, context: Any = None) -> Any:
            try:
                return getattr(self._stub, method)(empty_pb2.Empty() if request is None else request, timeout=60)
            except grpc.RpcError as error:
                if context is None or not hasattr(context, "abort"):
                    raise Aborted(error.code(), error.details()) from error
                return context.abort(error.code(), error.details())

        return call

    def end(self) -> tuple[int, str]:
        """End it as the CLI does; return its exit code and what it wrote beside its port."""
        self._channel.close()
        if self.process.poll() is None:
            os.killpg(self.process.pid, 2)
        written, complaints = self.process.communicate(timeout=5)
        return self.process.returncode, written + complaints
