"""How invocations fail, in AWS's words, and that the next one works."""

import json
import re
import time

import pytest


def error(outcome):
    assert outcome.function_error == "Unhandled"
    found = json.loads(outcome.payload)
    assert found["errorType"] == outcome.error_type
    return found


def test_an_exception(stage):
    function = stage.function("""
        def handler(event, context):
            check(event)

        def check(event):
            raise KeyError("temperature")
    """)
    found = error(stage.invoke(function, request_id="id-1"))
    assert found == {
        "errorMessage": "'temperature'",
        "errorType": "KeyError",
        "requestId": "id-1",
        "stackTrace": [
            '  File "/var/task/app.py", line 3, in handler\n    check(event)\n',
            '  File "/var/task/app.py", line 6, in check\n    raise KeyError("temperature")\n',
        ],
    }
    expected = (
        "[ERROR] KeyError: 'temperature'\n"
        "Traceback (most recent call last):\n"
        '  File "/var/task/app.py", line 3, in handler\n    check(event)\n'
        '  File "/var/task/app.py", line 6, in check\n    raise KeyError("temperature")'
    )
    logged = [line for line in stage.log.lines if line.startswith("[ERROR]")]
    assert logged == [expected]


@pytest.mark.parametrize(
    ("files", "handler", "error_type", "message"),
    [
        ({"app.py": "import pandas"}, "app.handler", "Runtime.ImportModuleError",
         "Unable to import module 'app': No module named 'pandas'"),
        ({"app.py": ""}, "main.handler", "Runtime.ImportModuleError",
         "Unable to import module 'main': No module named 'main'"),
        ({"app.py": "def handler(:\n"}, "app.handler", "Runtime.UserCodeSyntaxError",
         "Syntax error in module 'app': invalid syntax (app.py, line 1)"),
        ({"app.py": "x = 1"}, "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ({"app.py": "x = 1"}, "app", "Runtime.MalformedHandlerName",
         "Bad handler 'app': not enough values to unpack (expected 2, got 1)"),
        ({"app.py": "raise RuntimeError('TABLE is not set')"}, "app.handler", "RuntimeError", "TABLE is not set"),
    ],
)  # fmt: skip
def test_code_that_cannot_be_loaded(stage, files, handler, error_type, message):
    function = stage.function(files=files, handler=handler)
    outcomes = stage.invoke(function, 1, 2, request_id="id-1")
    for outcome in outcomes:  # the environment is restarted for the next invocation
        found = error(outcome)
        assert (found["errorType"], found["errorMessage"], found["requestId"]) == (error_type, message, "id-1")
        assert isinstance(found["stackTrace"], list)
    assert len(stage.log.streams) == 2
    assert any(line.startswith(f"[ERROR] {error_type}: {message}") for line in stage.log.lines)
    assert any(re.match(rf"INIT_REPORT .*Status: error\tError Type: {error_type}$", line) for line in stage.log.lines)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("sys.exit(0)", "Runtime exited without providing a reason"),
        ("os._exit(7)", "Runtime exited with error: exit status 7"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "Runtime exited with error: signal: killed"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "Runtime exited with error: signal: segmentation fault"),
        ("os.closerange(0, 4096)", "Runtime exited with error: "),
    ],
)
def test_an_environment_that_ends(stage, statement, reason):
    function = stage.function(f"""
        import os, signal, sys
        def handler(event, context):
            if event == "end":
                print("last words")
                {statement}
            return "fine"
    """)
    ended, fine = stage.invoke(function, "end", "live", request_id="id-1")
    found = error(ended)
    assert found["errorType"] == "Runtime.ExitError"
    assert found["errorMessage"].startswith(f"RequestId: id-1 Error: {reason}")
    assert json.loads(fine.payload) == "fine"
    assert "last words" in stage.log.lines
    assert f"{found['errorMessage']}\nRuntime.ExitError" in stage.log.lines


def test_an_exit_while_the_module_is_loaded(stage):
    found = error(stage.invoke(stage.function("import os\nos._exit(1)"), request_id="id-1"))
    assert found["errorMessage"] == "RequestId: id-1 Error: Runtime exited with error: exit status 1"


@pytest.mark.parametrize("busy", ["time.sleep(60)", "while True: pass"])
def test_timeout(stage, busy):
    function = stage.function(
        f"""
        import os, subprocess, sys, time
        def handler(event, context):
            if event == "wait":
                print("before")
                subprocess.Popen(["sleep", "60"])
                {busy}
            return os.getpid()
    """,
        timeout_seconds=1,
    )
    began = time.monotonic()
    late, fine = stage.invoke(function, "wait", "go", request_id="id-1")
    assert time.monotonic() - began < 2.5
    assert late.timed_out
    assert error(late) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: id-1 Error: Task timed out after 1.00 seconds",
    }
    assert late.billed_ms >= 1000
    assert "before" in stage.log.lines
    assert any(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z id-1 Task timed out after 1.00 seconds", line)
        for line in stage.log.lines
    )
    assert any(line.startswith("REPORT") and "Status: timeout" in line for line in stage.log.lines)
    assert not fine.timed_out
    assert fine.function_error is None


def test_an_init_phase_that_takes_too_long_is_begun_again_within_the_invocation(stage, monkeypatch):
    monkeypatch.setattr("lab.cloud.execution.environment.INIT_SECONDS", 0.2)
    source = (
        "import time\ntime.sleep(0.4)\ndef handler(event, context):\n    return context.get_remaining_time_in_millis()"
    )
    patient = stage.invoke(stage.function(source, timeout_seconds=5))
    assert 3000 < json.loads(patient.payload) < 4650
    assert any(re.match(r"INIT_REPORT .*Phase: init\tStatus: timeout$", line) for line in stage.log.lines)
    hasty = stage.invoke(stage.function(source.replace("0.4", "30"), timeout_seconds=1))
    assert hasty.timed_out


@pytest.mark.parametrize(
    "fill", ["blocks = [bytearray(4_000_000) for _ in range(100)]; time.sleep(5)", "bytearray(400_000_000)"]
)
def test_memory_limit(stage, fill):
    function = stage.function(f"""
        import time
        def handler(event, context):
            if event == "fill":
                {fill}
            return "fine"
    """)
    over, fine = stage.invoke(function, "fill", "rest", request_id="id-1")
    assert error(over)["errorMessage"] == "RequestId: id-1 Error: Runtime exited with error: signal: killed"
    assert over.error_type == "Runtime.ExitError"
    assert over.max_memory_mb == 128
    assert json.loads(fine.payload) == "fine"
    assert 5 < fine.max_memory_mb < 30


def test_memory_that_was_too_much_between_two_looks(stage, monkeypatch):
    monkeypatch.setattr("lab.cloud.execution.environment.WATCH_SECONDS", 60)
    function = stage.function("def handler(event, context):\n    return len(bytearray(200_000_000))")
    over = stage.invoke(function)
    assert error(over)["errorType"] == "Runtime.ExitError"
    assert any("Max Memory Used: 128 MB\tInit" in line for line in stage.log.lines)


def test_memory_of_child_processes_counts(stage):
    function = stage.function("""
        import subprocess, sys
        def handler(event, context):
            subprocess.run([sys.executable, "-c", "import time; x = bytearray(400_000_000); time.sleep(5)"])
            return "fine"
    """)
    assert stage.invoke(function).error_type == "Runtime.ExitError"


def test_an_answer_over_six_megabytes(stage):
    function = stage.function("def handler(event, context):\n    return 'x' * event", memory_mb=256)
    too_large, fine = stage.invoke(function, 7_000_000, 1000)
    assert error(too_large) == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    assert fine.function_error is None


def test_an_answer_that_is_not_json(stage):
    found = error(stage.invoke(stage.function("def handler(event, context):\n    return {1, 2}")))
    assert found["errorType"] == "Runtime.MarshalError"
    assert found["errorMessage"] == "Unable to marshal response: Object of type set is not JSON serializable"
    assert found["stackTrace"] == []


def test_a_payload_that_is_not_json(stage):
    function = stage.function("def handler(event, context): pass")

    async def scene(environments):
        return await environments.invoke(function, b"{not json")

    assert error(stage.play(scene))["errorType"] == "Runtime.UnmarshalError"


def test_a_handler_that_forks_and_comes_back_twice(stage):
    function = stage.function("""
        import os
        def handler(event, context):
            child = os.fork()
            if child:
                os.waitpid(child, 0)
            return os.getpid()
    """)
    first, second = stage.invoke(function, 1, 2)
    assert json.loads(first.payload) == json.loads(second.payload)


def test_a_package_that_is_no_zip_file(stage):
    from lab.cloud.execution import CodePackage

    function = stage.function(code=CodePackage("0" * 64, lambda: b"not a zip"))
    assert error(stage.invoke(function))["errorType"] == "Runtime.InvalidPackage"
    assert list((stage.folder / "code").iterdir()) == []
