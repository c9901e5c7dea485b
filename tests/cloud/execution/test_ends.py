"""Nothing survives an environment, and no environment survives the cloud."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="finds the processes of an environment in /proc")

STARTS_CHILDREN = """
    import os, subprocess, sys
    def handler(event, context):
        subprocess.Popen(["sleep", "70"])
        subprocess.Popen(["sleep", "71"], start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execvp("sleep", ["sleep", "72"])
            os._exit(0)
        os.wait()
        return os.getpid()
"""


@needs_proc
def test_children_end_with_the_environment_even_daemons(stage):
    function = stage.function(STARTS_CHILDREN)

    async def scene(environments):
        await environments.invoke(function, b"{}")
        assert len(stage.processes()) == 4

    stage.play(scene)  # `play` finds that nothing is left


@needs_proc
def test_children_end_with_a_killed_environment(stage):
    function = stage.function(STARTS_CHILDREN + "        \n", timeout_seconds=10)

    async def scene(environments):
        outcome = await environments.invoke(function, b"{}")
        os.kill(int(outcome.payload), signal.SIGKILL)
        for _ in range(100):
            await asyncio.sleep(0.02)
            if not stage.processes():
                return
        raise AssertionError(stage.processes())

    stage.play(scene)


def test_a_child_that_goes_on_printing_holds_nothing_up(stage):
    function = stage.function("""
        import subprocess
        def handler(event, context):
            subprocess.Popen(["yes"])
            return "done"
    """)
    began = time.monotonic()
    stage.invoke(function, 1, 2, 3)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("busy", ["pass", "while True: pass", "time.sleep(60)"])
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a busy environment ends with its invocation")
def test_environments_end_when_the_server_is_killed(tmp_path, find_processes, busy):
    server = tmp_path / "server.py"
    server.write_text(
        textwrap.dedent(f"""
        import asyncio, hashlib, io, sys, zipfile
        from pathlib import Path
        from lab.cloud.execution import CodePackage, Environments, FunctionVersion
        from lab.cloud.execution.credentials import Credentials
        from lab.cloud.execution.launcher import World

        SOURCE = '''
        import subprocess, time
        def handler(event, context):
            subprocess.Popen(["sleep", "60"])
            open({str(tmp_path / "running")!r}, "w").close()
            {busy}
        '''.replace("\\n        ", "\\n")

        class Nowhere:
            def write(self, function, stream, events): pass

        async def main():
            memory = io.BytesIO()
            with zipfile.ZipFile(memory, "w") as archive:
                archive.writestr("app.py", SOURCE)
            code = CodePackage(hashlib.sha256(memory.getvalue()).hexdigest(), memory.getvalue)
            runtime = "python%d.%d" % sys.version_info[:2]
            function = FunctionVersion("f", "arn:f", "1", runtime, "app.handler", code, (), 60, 128, (), "r", "g", "x")
            world = World(Path({str(tmp_path / "state")!r}), "", lambda _: Credentials("a", "b", "c"), Nowhere(), print)
            await Environments(world).invoke(function, b"null")
            await asyncio.sleep(60)

        asyncio.run(main())
        """)
    )
    process = subprocess.Popen([sys.executable, server], cwd=Path(__file__).parents[3])
    try:
        wait_until((tmp_path / "running").exists)
        assert len(find_processes(str(tmp_path / "state"))) == 2
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: not find_processes(str(tmp_path / "state")))


def wait_until(condition):
    for _ in range(250):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen within five seconds")


def test_what_a_killed_server_left_is_removed(stage):
    left = stage.folder / "run" / "abc" / "tmp"
    left.mkdir(parents=True)
    (stage.folder / "code" / ".unfinished-1" / "part").mkdir(parents=True)
    stage.invoke(stage.function("def handler(event, context): pass"))
    assert not left.exists()
    assert not (stage.folder / "code" / ".unfinished-1").exists()


def open_descriptors():
    return len(list(Path("/dev/fd").iterdir()))


def test_no_descriptor_stays_open(stage):
    function = stage.function("import os\ndef handler(event, context):\n    if event: os._exit(1)")

    async def scene(environments):
        await environments.invoke(function, b"1")
        await environments.invoke(function, b"0")
        await asyncio.sleep(0.1)
        before = open_descriptors()
        for _ in range(5):
            await environments.invoke(function, b"1")
            await environments.invoke(function, b"0")
        await asyncio.sleep(0.1)
        assert open_descriptors() == before

    stage.play(scene)
