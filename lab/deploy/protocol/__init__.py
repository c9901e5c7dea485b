"""Pulumi's messages without the rest of Pulumi.

`from pulumi.runtime.proto import provider_pb2` runs all of pulumi first, which takes most of a second;
`from lab.deploy.protocol import provider_pb2` loads the same generated module alone, in a tenth of it. The classes are
the same ones either way, because protobuf keeps one class for each message of a process. So `lab down`, which needs
messages but no program, does not wait for pulumi.

Modules: alias_pb2, engine_pb2, plugin_pb2, provider_pb2, provider_pb2_grpc, resource_pb2, and whatever else the pinned
pulumi has in `pulumi.runtime.proto`.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import alias_pb2 as alias_pb2
    from pulumi.runtime.proto import engine_pb2 as engine_pb2
    from pulumi.runtime.proto import plugin_pb2 as plugin_pb2
    from pulumi.runtime.proto import provider_pb2 as provider_pb2
    from pulumi.runtime.proto import provider_pb2_grpc as provider_pb2_grpc
    from pulumi.runtime.proto import resource_pb2 as resource_pb2

PULUMI_VERSION = "3.272.0"
"""The pinned SDK, whose protocol this is; a test compares it with the installed one."""


def _generated_modules() -> str:
    """Return pulumi's folder of generated modules; finding a package does not run it."""
    found = importlib.util.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        raise ImportError("pulumi is not installed; run `make setup`", name="pulumi")
    return str(Path(found.submodule_search_locations[0]) / "runtime" / "proto")


__path__.append(_generated_modules())
