"""The embedded engine: runs a Pulumi program in this process, plans, asks a provider, keeps the state.

It answers the SDK's calls (Pulumi's ResourceMonitor and Engine services) and asks providers through Pulumi's
ResourceProvider protocol, so it knows no cloud. What it does not support it refuses by name.

The way of one resource: the program registers it (`monitor`), the engine decides what that means (`registration`),
asks the provider (`provider_client`) and records what exists now (`snapshot`, `state`); what left the program is
deleted at the end (`deletion`). `engine` puts these together into preview, up, refresh and destroy.
"""

from lab.deploy.engine.engine import Engine, Project
from lab.deploy.engine.events import Event, Result

__all__ = ["Engine", "Event", "Project", "Result"]
