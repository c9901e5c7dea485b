"""The process of one execution environment: starting it, talking to it, reading its output, ending it for certain.

The pool's end of `bootstrap`'s protocol. Everything here belongs to the event loop that started the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import termios
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

FRAME_HEADER_BYTES = 9
OUTPUT_PIPE_BYTES = 256 * 1024
"""Big enough for a burst of log lines, small enough that an unprivileged user may have 250 such pipes."""
OUTPUT_PAUSE_SECONDS = 0.005
"""A handler that prints line by line must not wake the cloud at each line: after a small read it waits this long."""
READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Frame:
    """What the bootstrap said: kind (`R`, `S`, `E`, `I`), its own peak memory in KiB, payload."""

    kind: str
    peak_kib: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Exit:
    """The process has ended: its exit status, negative for a signal."""

    status: int


class EnvironmentProcess:
    """A process that runs `bootstrap`, in a process group of its own.

    The process dies with this one, even when this one is killed: it holds the reading end of a pipe (the lifeline)
    whose writing end only we hold, and the kernel sends the whole process group a signal when that end closes.

    Args:
        command: the interpreter and its options, up to and including the bootstrap's path.
        search_path: folders for the bootstrap's `sys.path`.
        variables: the whole environment.
        folder: the working directory.
        on_output: called with every piece of output while somebody listens.
    """

    def __init__(
        self,
        command: Sequence[str],
        search_path: Sequence[str],
        variables: dict[str, str],
        folder: Path,
        on_output: Callable[[bytes], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_output = on_output
        self._received = bytearray()
        self._frame: Frame | None = None
        self._unsent = memoryview(b"")
        self._waiting: asyncio.Future[Frame | Exit] | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._listening = False
        self.ended: asyncio.Future[Exit] = self._loop.create_future()

        self._control, theirs = socket.socketpair()
        lifeline_reader, self._lifeline = os.pipe()
        self._output, output_writer = os.pipe()
        try:
            os.set_blocking(self._control.fileno(), False)
            os.set_blocking(self._output, False)
            _enlarge(self._output)
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), str(lifeline_reader), *search_path],
                stdin=subprocess.DEVNULL,
                stdout=output_writer,
                stderr=output_writer,
                pass_fds=(theirs.fileno(), lifeline_reader),
                env=variables,
                cwd=folder,
                start_new_session=True,
            )
            _signal_group_when_closed(lifeline_reader, self._process.pid)
        except BaseException:
            self._close_descriptors()
            raise
        finally:
            theirs.close()
            os.close(lifeline_reader)
            os.close(output_writer)
        self._watch_exit()
        self._loop.add_reader(self._control, self._read_control)

    @property
    def pid(self) -> int:
        """The process's id, which is its process group's too."""
        return self._process.pid

    def send(self, header: bytes, event: bytes) -> None:
        """Send one invocation."""
        lengths = len(header).to_bytes(4, "big") + len(event).to_bytes(4, "big")
        self._unsent = memoryview(lengths + header + event)
        self._write_control()

    async def reply(self) -> Frame | Exit:
        """Wait for the bootstrap's next frame, or for the end of the process when that comes first.

        All output that was written before is read by then.
        """
        if self._frame is None and not self.ended.done():
            self._waiting = self._loop.create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        self.read_output()
        frame, self._frame = self._frame, None
        return frame if frame is not None else self.ended.result()

    def listen(self) -> None:
        """Read output as it comes, from now on."""
        self._listening = True
        if not self.ended.done():
            self._loop.add_reader(self._output, self._output_is_there)

    def stop_listening(self) -> None:
        """Leave output where it is, until somebody listens again."""
        self._listening = False
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if not self.ended.done():
            self._loop.remove_reader(self._output)

    def read_output(self) -> None:
        """Read what has been written up to now, and no more: a child may go on writing for ever."""
        if self.ended.done():
            return
        available = int.from_bytes(fcntl.ioctl(self._output, termios.FIONREAD, b"\0\0\0\0"), "little")
        while available > 0:
            with contextlib.suppress(BlockingIOError):
                if part := os.read(self._output, min(available, OUTPUT_PIPE_BYTES)):
                    available -= len(part)
                    self._on_output(part)
                    continue
            return

    def kill(self) -> None:
        """End the process and everything it has started in its group."""
        if not self.ended.done():
            _kill_group(self._process.pid)

    # --- the control channel ---------------------------------------------------------------------------------------

    def _write_control(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self._control.send(self._unsent) :]
        except BlockingIOError:
            self._loop.add_writer(self._control, self._write_more)
        except OSError:  # the process is about to end; its end is the answer
            self._unsent = memoryview(b"")

    def _write_more(self) -> None:
        self._loop.remove_writer(self._control)
        self._write_control()

    def _read_control(self) -> None:
        try:
            while part := self._control.recv(READ_BYTES):
                self._received += part
                if len(part) < READ_BYTES and self._complete_frame():
                    break
            else:
                # Closed, by the end of the process or by the handler: this environment can answer nobody any more.
                self._loop.remove_reader(self._control)
                self.kill()
        except BlockingIOError:
            pass
        except OSError:
            self._loop.remove_reader(self._control)
            self.kill()
        if self._complete_frame() and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(cast("Frame", self._frame))

    def _complete_frame(self) -> bool:
        received = self._received
        if self._frame is not None:
            return True
        if len(received) < FRAME_HEADER_BYTES:
            return False
        length = FRAME_HEADER_BYTES + int.from_bytes(received[5:9], "big")
        if len(received) < length:
            return False
        payload = bytes(memoryview(received)[FRAME_HEADER_BYTES:length])
        self._frame = Frame(chr(received[0]), int.from_bytes(received[1:5], "big"), payload)
        self._received = received[length:]
        return True

    # --- output ------------------------------------------------------------------------------------------------------

    def _output_is_there(self) -> None:
        part = b""
        with contextlib.suppress(BlockingIOError):
            part = os.read(self._output, OUTPUT_PIPE_BYTES)
        if part:
            self._on_output(part)
        if len(part) < OUTPUT_PIPE_BYTES // 2:
            self._loop.remove_reader(self._output)
            if part:
                self._pause = self._loop.call_later(OUTPUT_PAUSE_SECONDS, self._listen_again)

    def _listen_again(self) -> None:
        self._pause = None
        if self._listening:
            self.listen()

    # --- the end -----------------------------------------------------------------------------------------------------

    def _watch_exit(self) -> None:
        if hasattr(os, "pidfd_open"):
            self._exit_descriptor = os.pidfd_open(self._process.pid)
            self._loop.add_reader(self._exit_descriptor, self._on_exit)
            return
        self._exit_descriptor = None

        def wait() -> None:  # macOS has no descriptor for a process
            self._process.wait()
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._on_exit)

        threading.Thread(target=wait, name=f"environment-{self._process.pid}", daemon=True).start()

    def _on_exit(self) -> None:
        if self._exit_descriptor is not None:
            self._loop.remove_reader(self._exit_descriptor)
            os.close(self._exit_descriptor)
        _kill_group(self._process.pid)  # where we can, before it is reaped: until then its id cannot be another's
        status = self._process.wait()
        self._read_control()  # its last words may still be there
        self.stop_listening()
        self.read_output()
        self._loop.remove_reader(self._control)
        self._loop.remove_writer(self._control)
        self._close_descriptors()
        self.ended.set_result(Exit(status))
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self.ended.result())

    def _close_descriptors(self) -> None:
        self._control.close()
        os.close(self._lifeline)
        os.close(self._output)


def _enlarge(pipe: int) -> None:
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # over the user's limit: the standard size does
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, OUTPUT_PIPE_BYTES)


def _signal_group_when_closed(reader: int, group: int) -> None:
    """Have the kernel kill a process group when the other end of a pipe is closed, that is when this process dies.

    Linux only. Elsewhere an environment that waits for an invocation sees the end of its control channel and exits.
    """
    if not hasattr(fcntl, "F_SETSIG"):
        return
    fcntl.fcntl(reader, fcntl.F_SETOWN, -group)
    fcntl.fcntl(reader, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(reader, fcntl.F_SETFL, fcntl.fcntl(reader, fcntl.F_GETFL) | os.O_ASYNC)


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # PermissionError: macOS, only zombies are left
        os.killpg(group, signal.SIGKILL)
