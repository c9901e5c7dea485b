"""A provider of things that are made in memory, or in a file: it answers as AWS's does, and fails where a test asks."""

import hashlib
import json
import os
import signal
import threading
from pathlib import Path

import grpc

from lab.deploy import property_values as pv
from lab.deploy.protocol import plugin_pb2, provider_pb2
from lab.deploy.protocol.failures import InitFailedError

REPLACING = {"name", "kind"}
"""Inputs whose change needs another thing."""
NAMED_FIRST = "exclusive"
"""A thing with this input must be deleted before it is replaced."""
MADE_FIRST = {*REPLACING, NAMED_FIRST}
"""Inputs that a thing has from the first of the two steps in which it is made."""


class Cloud:
    """Where the things are: id -> inputs. With a path it survives the process that made them.

    `fail` says for a method and a resource how the call fails before anything is done: a text is the provider's
    refusal, an exception is raised as it is. `lost` says for a resource how its creation ends half-way: a status of
    gRPC, or an exception.

    Args:
        path: a file to keep them in.
    """

    def __init__(self, path=None):
        self.path = path
        self.lock = threading.Lock()
        self.calls = []
        self.fail = {}
        self.lost = {}
        self.kill_at = None
        self.incomplete = set()
        self.endless = set()
        self.cancelled = threading.Event()
        self._things = json.loads(path.read_text()) if path is not None and path.exists() else {}

    @property
    def things(self):
        return self._things

    def note(self, method, request, context):
        """Record a call; let it fail where the test asked for it."""
        with self.lock:
            self.calls.append((method, request))
            count = sum(1 for name, _ in self.calls if name in ("Create", "Update", "Delete"))
        error = self.fail.get((method, request.name))
        if isinstance(error, Exception):
            raise error
        if error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, error)
        return count

    def changed(self, count, moment):
        """Keep the things; die here if the test wants it."""
        with self.lock:
            if self.path is not None:
                temporary = self.path.with_suffix(".tmp")
                temporary.write_text(json.dumps(self._things))
                temporary.replace(self.path)
        self.maybe_die(count, moment)

    def maybe_die(self, count, moment):
        if self.kill_at == (count, moment):
            os.kill(os.getpid(), signal.SIGKILL)

    def named(self, method):
        """Return the names of the resources for which a method was called, previews left out."""
        return [r.name for m, r in self.calls if m == method and not getattr(r, "preview", False)]

    def requests(self, method):
        return [request for name, request in self.calls if name == method]


class FakeProvider:
    """Speaks Pulumi's ResourceProvider protocol."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.region = None

    def GetPluginInfo(self, _request, _context):  # noqa: N802
        return plugin_pb2.PluginInfo(version="1.0.0")

    def CheckConfig(self, request, _context):  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, _context):  # noqa: N802
        old, new = pv.to_plain(request.old_inputs), pv.to_plain(request.news)
        changed = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
        kind = provider_pb2.DiffResponse
        return kind(
            changes=kind.DIFF_SOME if changed else kind.DIFF_NONE,
            diffs=changed,
            replaces=[key for key in changed if key == "region"],
        )

    def Configure(self, request, context):  # noqa: N802
        self.cloud.note("Configure", request, context)
        self.region = pv.to_plain(request.args).get("region")
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(self, request, context):  # noqa: N802
        self.cloud.note("Check", request, context)
        new, old = pv.to_plain(request.news), pv.to_plain(request.olds)
        if "name" not in new:
            suffix = hashlib.sha256(request.randomSeed).hexdigest()[:7]
            new["name"] = old.get("name") or f"{request.name}-{suffix}"
        failures = []
        if " " in str(new["name"]) and new["name"] != pv.UNKNOWN:
            failures = [provider_pb2.CheckFailure(property="name", reason="a name has no spaces")]
        return provider_pb2.CheckResponse(inputs=pv.to_struct(new), failures=failures)

    def Diff(self, request, context):  # noqa: N802
        self.cloud.note("Diff", request, context)
        old, new = pv.to_plain(request.old_inputs), pv.to_plain(request.news)
        changed = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
        kind = provider_pb2.DiffResponse
        replaces = [key for key in changed if key in REPLACING]
        return kind(
            changes=kind.DIFF_SOME if changed else kind.DIFF_NONE,
            diffs=changed,
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and bool(new.get(NAMED_FIRST)),
        )

    def Create(self, request, context):  # noqa: N802
        count = self.cloud.note("Create", request, context)
        inputs = pv.to_plain(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=pv.to_struct(self._outputs(None, inputs)))
        self.cloud.maybe_die(count, "before")
        with self.cloud.lock:
            thing = inputs["name"]
            if thing in self.cloud.things:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"there is a {thing} already")
            self.cloud.things[thing] = {name: value for name, value in inputs.items() if name in MADE_FIRST}
        self.cloud.changed(count, "between")
        self._lose(request.name, context)
        with self.cloud.lock:
            self.cloud.things[thing] = inputs
        self.cloud.changed(count, "after")
        if request.name in self.cloud.endless:
            self.cloud.cancelled.wait(10)
            context.abort(grpc.StatusCode.CANCELLED, "given up")
        outputs = self._outputs(thing, inputs)
        if request.name in self.cloud.incomplete:
            raise InitFailedError(thing, outputs, ["it does not answer"])
        return provider_pb2.CreateResponse(id=thing, properties=pv.to_struct(outputs))

    def Update(self, request, context):  # noqa: N802
        count = self.cloud.note("Update", request, context)
        inputs = pv.to_plain(request.news)
        outputs = self._outputs(request.id, inputs)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=pv.to_struct({**pv.to_plain(request.olds), **inputs}))
        self.cloud.maybe_die(count, "before")
        with self.cloud.lock:
            self.cloud.things[request.id] = inputs
        self.cloud.changed(count, "after")
        return provider_pb2.UpdateResponse(properties=pv.to_struct(outputs))

    def Read(self, request, context):  # noqa: N802
        self.cloud.note("Read", request, context)
        inputs = self.cloud.things.get(request.id)
        if inputs is None:
            return provider_pb2.ReadResponse()
        outputs = pv.to_struct(self._outputs(request.id, inputs))
        return provider_pb2.ReadResponse(id=request.id, inputs=pv.to_struct(inputs), properties=outputs)

    def Delete(self, request, context):  # noqa: N802
        count = self.cloud.note("Delete", request, context)
        self.cloud.maybe_die(count, "before")
        with self.cloud.lock:
            self.cloud.things.pop(request.id, None)
        self.cloud.changed(count, "after")

    def Invoke(self, request, _context):  # noqa: N802
        arguments = pv.to_plain(request.args)
        if arguments.get("fail"):
            failure = provider_pb2.CheckFailure(property="fail", reason="asked to")
            return provider_pb2.InvokeResponse(failures=[failure])
        return provider_pb2.InvokeResponse(**{"return": pv.to_struct({"region": self.region, **arguments})})

    def Cancel(self, request, _context):  # noqa: N802
        with self.cloud.lock:
            self.cloud.calls.append(("Cancel", request))
        self.cloud.cancelled.set()

    def find(self, _urn, _type, inputs):
        """Return the id of a thing with these inputs."""
        return inputs["name"] if inputs["name"] in self.cloud.things else None

    def _lose(self, name, context):
        """End a creation half-way where the test asked for it."""
        lost = self.cloud.lost.get(name)
        if isinstance(lost, Exception):
            raise lost
        if lost:
            context.abort(lost, "no answer")

    def _outputs(self, thing, inputs):
        return {**inputs, "address": f"fake:{self.region}:{thing}"} if thing else dict(inputs)


PROGRAM = '''
import pulumi

class Thing(pulumi.CustomResource):
    """A thing of the fake provider."""
    def __init__(self, resource, opts=None, **inputs):
        super().__init__("fake:index:Thing", resource, {"address": None, "name": None, **inputs}, opts)

class Group(pulumi.ComponentResource):
    """A component."""
    def __init__(self, name, opts=None, props=None):
        super().__init__("test:index:Group", name, props, opts)

class Provider(pulumi.ProviderResource):
    """An explicit provider."""
    def __init__(self, resource, **inputs):
        super().__init__("fake", resource, inputs, None)

Options = pulumi.ResourceOptions
'''


def write_program(folder: Path, body: str) -> Path:
    """Write a program: the classes above, then `body`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "things.py").write_text(PROGRAM)
    path = folder / "__main__.py"
    path.write_text("from things import *\n" + body)
    return path
