"""The local cloud's process: puts MiniStack, event source mappings, execution environments and the door together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
from typing import TYPE_CHECKING, Any

from lab.cloud import emulator, lab_role
from lab.cloud.athena import AthenaService
from lab.cloud.changes import Change, change_of
from lab.cloud.cloudwatch import CloudWatch
from lab.cloud.door import Door
from lab.cloud.emulator.athena import repair_athena_authorization
from lab.cloud.emulator.functions import with_depth
from lab.cloud.emulator.http_apis import repaired as repaired_http_apis
from lab.cloud.emulator.log_pages import paged_logs
from lab.cloud.emulator.tagging import with_more_services
from lab.cloud.event_source_mappings.api import Api
from lab.cloud.event_source_mappings.clock import Clock
from lab.cloud.event_source_mappings.mapping import Surroundings
from lab.cloud.event_source_mappings.service import Mappings
from lab.cloud.event_source_mappings.sources import Sources
from lab.cloud.faults import Faults
from lab.cloud.functions import Functions
from lab.cloud.http_api import PATH_PREFIX, HttpApis
from lab.cloud.kinesis import KinesisService
from lab.cloud.kinesis.measures import Measures
from lab.cloud.record import recorded
from lab.cloud.snapshot import Snapshots
from lab.cloud.state_folder import StateFolder
from lab.cloud.trace import Trace
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.cloud.door import Receive, Scope, Send

FOLDER_SECONDS = 2.0
"""How often the cloud looks whether its state folder is still there: without it, it ends."""


class LocalCloud:
    """One running cloud.

    Args:
        port: where it listens.
        folder: its state.
        time_scale: 0.1 makes the long waits of event source mappings ten times shorter.
        write_limits: whether shards take no more than AWS's take (1 MB or 1,000 records a second).
    """

    def __init__(self, port: int, folder: StateFolder, *, time_scale: float = 1.0, write_limits: bool = False) -> None:
        self.port = port
        self.time_scale = time_scale
        self._folder = folder
        self.trace = Trace(folder.path / "trace.jsonl")
        self._cloudwatch = CloudWatch(changed=lambda: self._snapshots.note(Change.DATA))
        self._kinesis = KinesisService(
            folder.path / "kinesis", forward=emulator.deliver_to_firehose, measures=Measures(self._cloudwatch.meter)
        )
        self._write_limits = write_limits
        self._limit_writes(None)
        self._sources = Sources(self._kinesis)
        self.faults = Faults(self.trace.from_anywhere, self._limit_writes)
        self._functions = Functions(folder.path, port, self.faults, self._cloudwatch.extract_embedded)
        surroundings = Surroundings(
            invoke=self._functions.invoke,
            clock=Clock(time_scale),
            sources=self._sources,
            faults=self.faults,
            trace=self.trace,
        )
        self._snapshots = Snapshots(folder.path, folder.is_ours, self._saved)
        self._expiring: asyncio.Task[None] | None = None
        self._mappings = Mappings(surroundings, changed=lambda: self._snapshots.note(Change.DATA))
        self._athena = AthenaService(changed=lambda: self._snapshots.note(Change.DATA))

    # --- life --------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take our places in MiniStack and go on where the last life ended; MiniStack has started."""
        self.trace.begin()
        self.trace("cloud_started", time_scale=self.time_scale)
        emulator.repair_stream_authorization(self._kinesis.resource_of)
        repair_athena_authorization()
        emulator.lead_to_streams(self._kinesis)
        emulator.wrap_service("lambda", lambda handler: Api(self._mappings, self._sources, handler))
        emulator.wrap_service("athena", self._athena.before)
        emulator.wrap_service("logs", paged_logs)
        emulator.wrap_service("kinesis", lambda _handler: self._kinesis.handle)
        changed = self._sources.table_changed
        emulator.wrap_service("dynamodb", lambda handler: emulator.repaired_tables(handler, changed))
        emulator.wrap_service("tagging", with_more_services(self._kinesis.tags))
        emulator.wrap_service("apigateway", repaired_http_apis(f"http://127.0.0.1:{self.port}{PATH_PREFIX}"))
        self._kinesis.start()
        await self._functions.start()
        saved = self._snapshots.load() or {}
        await lab_role.seed()
        self._cloudwatch.start(saved.get("metrics", []))
        self._mappings.restore(saved.get("mappings", []))
        self._expiring = asyncio.create_task(emulator.expire_items(lambda: self._snapshots.note(Change.DATA)))
        self._folder.begin()

    async def stop(self) -> None:
        """Stop what is ours; MiniStack stops afterwards."""
        if self._expiring:
            self._expiring.cancel()
        await self._mappings.stop()
        await self._athena.stop()
        await self._functions.stop()
        await self._cloudwatch.stop()
        self._kinesis.stop()

    def close(self) -> None:
        """Give the state folder back."""
        self.trace.close()
        self._folder.close()

    async def reset(self) -> None:
        """Forget every resource; the cloud keeps its id and begins a new epoch."""
        self.faults.clear()
        await self._mappings.reset()
        await self._functions.reset()
        self._kinesis.reset()
        self._cloudwatch.reset()
        await emulator.reset()
        self.trace("cloud_reset")
        self._snapshots.forget()
        self._folder.lose_everything()
        await lab_role.seed()

    def _saved(self) -> dict[str, Any]:
        return {"mappings": self._mappings.saved(), "metrics": self._cloudwatch.saved()}

    def _limit_writes(self, on: bool | None) -> None:  # noqa: FBT001
        self._kinesis.limits.enforce = self._write_limits if on is None else on

    def describe(self) -> dict[str, Any]:
        """Return who this cloud is."""
        identity = self._folder.identity
        return {
            "id": identity.id,
            "epoch": identity.epoch,
            "interruptions": identity.interruptions,
            "pid": os.getpid(),
            "port": self.port,
            "url": f"http://127.0.0.1:{self.port}",
            "version": emulator.VERSION,
            "region": emulator.REGION,
            "account": emulator.ACCOUNT,
            "state_folder": str(self._folder.path),
            "time_scale": self.time_scale,
        }

    def behind(self) -> dict[str, dict[str, int]]:
        """Return, for each event source mapping of a Kinesis stream, how many records of each shard are to process."""
        found: dict[str, dict[str, int]] = {}
        for saved in self._mappings.saved():
            settings, positions = saved["configuration"], saved["positions"]
            arn = settings["stream_arn"]
            shards = {shard: position.get("after") for shard, position in positions.items()}
            if settings["settings"].get("StartingPosition") == "TRIM_HORIZON":
                # What it has not begun to read it will read from its beginning.
                shards = {shard.shard_id: None for shard in self._kinesis.shards(arn) or []} | shards
            found[settings["uuid"]] = {
                shard: self._kinesis.behind(arn, shard, after)[0] for shard, after in shards.items()
            }
        return found

    # --- ASGI --------------------------------------------------------------------------------------------------------

    async def lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start after MiniStack has started, stop before it stops."""

        async def send_when_started(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                await self.start()
            if message["type"] == "lifespan.shutdown.complete":
                await self._snapshots.close()
                if self._folder.is_ours():
                    self._folder.end()
            await send(message)

        async def receive_after_stop() -> Any:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self.stop()
            return message

        await emulator.app()(scope, receive_after_stop, send_when_started)

    def app(self) -> Callable[[Scope, Receive, Send], Any]:
        """Return the ASGI app: the door, and behind it MiniStack and our own paths."""
        from lab.cloud.control import control_app

        door = Door(HttpApis(emulator.app(), self._functions.invoke), control_app(self))

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await self.lifespan(scope, receive, send)
                return
            try:
                await door({**scope, "headers": with_depth(scope["headers"])}, receive, send)
            finally:
                if scope["type"] == "http":
                    self._note_change(scope)

        return app

    def _note_change(self, scope: Scope) -> None:
        target = next((value for name, value in scope["headers"] if name.lower() == b"x-amz-target"), b"")
        self._snapshots.note(change_of(scope["method"], scope["path"], target.decode("latin-1")))

    def has_its_folder(self) -> bool:
        """Say whether the state folder is still there and this cloud's."""
        return self._folder.is_ours()

    async def save(self) -> None:
        """Return when all that has happened so far would survive a kill."""
        await self._snapshots.save()


def open_socket(port: int) -> socket.socket:
    """Listen on a port of the loopback interface.

    Args:
        port: the port; 0 takes a free one.

    Raises:
        LabError: another program has it.
    """
    # The protocol is named, else asyncio does not know that it is TCP, and answers wait for acknowledgements (Nagle).
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
    except (OSError, OverflowError) as error:  # the latter for what is no port at all
        listener.close()
        raise LabError(
            _("Port {port} cannot be used.").format(port=port),
            why=str(error),
            next_step=_("Name another one (--port N; 0 takes a free one), or end the program that has it."),
        ) from error
    listener.setblocking(False)  # noqa: FBT003
    return listener


def serve(port: int, state_folder: Path, *, time_scale: float = 1.0, write_limits: bool = False) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        port: where to listen; 0 takes a free port.
        state_folder: what the cloud keeps.
        time_scale: shortens the long waits of event source mappings.
        write_limits: lets shards take no more than on AWS.

    Raises:
        LabError: the port or the folder cannot be used.
    """
    folder = StateFolder(state_folder.absolute())
    try:
        listener = open_socket(port)
    except LabError:
        folder.close()
        raise
    port = listener.getsockname()[1]
    emulator.configure(port=port, state_folder=folder.path)
    tempfile.tempdir = str(folder.temporary)
    cloud = LocalCloud(port, folder, time_scale=time_scale, write_limits=write_limits)
    try:
        asyncio.run(_serve(cloud, listener))
    except KeyboardInterrupt:
        pass  # before the signal handlers stood: nothing has been changed yet
    finally:
        cloud.close()


async def _serve(cloud: LocalCloud, listener: socket.socket) -> None:
    from lab.cloud import web_server

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = cloud.app()

    async def stopped() -> None:
        while not stop.is_set() and cloud.has_its_folder():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FOLDER_SECONDS):
                    await stop.wait()
        cloud.trace.end_listening()  # else stopping would wait for everybody who listens

    with recorded(cloud.describe()):
        await web_server.serve(app, listener, stopped)
