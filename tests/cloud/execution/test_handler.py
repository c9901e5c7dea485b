"""What a handler gets: event, context, environment variables, packages, a folder."""

import json
from pathlib import Path

import pytest


def answer(outcome):
    assert outcome.function_error is None, outcome.payload
    return json.loads(outcome.payload)


def test_a_handler_gets_the_event_and_its_answer_comes_back(stage):
    function = stage.function("def handler(event, context):\n    return {'got': event}")
    assert answer(stage.invoke(function, {"temperatura": "22,5 °C"})) == {"got": {"temperatura": "22,5 °C"}}


def test_module_state_lives_on_and_survives_an_exception(stage):
    function = stage.function("""
        calls = 0
        def handler(event, context):
            global calls
            calls += 1
            if event == "fail":
                raise ValueError("no")
            return calls
    """)
    first, failed, third = stage.invoke(function, 1, "fail", 1)
    assert (answer(first), failed.function_error, answer(third)) == (1, "Unhandled", 3)
    assert first.init_ms is not None
    assert third.init_ms is None


def test_context(stage):
    function = stage.function("""
        import time
        def handler(event, context):
            before = context.get_remaining_time_in_millis()
            time.sleep(0.05)
            names = ["function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb",
                     "aws_request_id", "log_group_name", "log_stream_name"]
            return {name: getattr(context, name) for name in names} | {
                "before": before, "after": context.get_remaining_time_in_millis(),
                "identity": context.identity.cognito_identity_id,
                "custom": context.client_context.custom, "app": context.client_context.client.app_title}
    """)
    alias = function.arn + ":live"
    client_context = {"custom": {"a": 1}, "client": {"app_title": "lab"}}
    outcome = stage.invoke(function, {}, request_id="id-1", invoked_arn=alias, client_context=client_context)
    got = answer(outcome)
    assert got["function_name"] == "sensor"
    assert got["function_version"] == "$LATEST"
    assert got["invoked_function_arn"] == alias
    assert got["memory_limit_in_mb"] == "128"
    assert got["aws_request_id"] == "id-1"
    assert got["log_group_name"] == "/aws/lambda/sensor"
    assert {got["log_stream_name"]} == stage.log.streams
    assert 9_000 < got["before"] <= 10_000
    assert 40 <= got["before"] - got["after"] < 1000
    assert (got["identity"], got["custom"], got["app"]) == (None, {"a": 1}, "lab")


def test_client_context_is_none_when_the_caller_sent_none(stage):
    function = stage.function("def handler(event, context):\n    return context.client_context")
    assert answer(stage.invoke(function)) is None


def test_environment_variables_are_those_of_aws_and_nothing_of_the_server(stage, monkeypatch):
    monkeypatch.setenv("SERVER_SECRET", "hunter2")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    monkeypatch.setenv("AWS_PROFILE", "personal")
    function = stage.function(
        "import os\ndef handler(event, context):\n    return dict(os.environ)",
        environment=(("TABLE", "events"), ("AWS_REGION", "mars-north-1"), ("TZ", "America/Lima")),
    )
    got = answer(stage.invoke(function))
    expected = {
        "AWS_ACCESS_KEY_ID": "AKEY",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": "sensor",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/sensor",
        "AWS_REGION": "us-east-1",
        "AWS_SECRET_ACCESS_KEY": "SECRET",
        "AWS_SESSION_TOKEN": "TOKEN",
        "LANG": "en_US.UTF-8",
        "TABLE": "events",
        "TZ": "America/Lima",
        "_HANDLER": "app.handler",
    }
    assert {name: got.get(name) for name in expected} == expected
    assert got["LAMBDA_TASK_ROOT"]
    assert got["LAMBDA_RUNTIME_DIR"]
    assert not {"SERVER_SECRET", "PYTHONSTARTUP", "AWS_PROFILE", "VIRTUAL_ENV"} & set(got)


def test_time_zone_is_utc(stage):
    function = stage.function("import time\ndef handler(event, context):\n    return time.strftime('%z')")
    assert answer(stage.invoke(function)) == "+0000"


def test_trace_header_changes_with_each_invocation(stage):
    function = stage.function("import os\ndef handler(event, context):\n    return os.environ.get('_X_AMZN_TRACE_ID')")

    async def scene(environments):
        first = await environments.invoke(function, b"{}", trace_header="Root=1-a")
        return first, await environments.invoke(function, b"{}")

    assert [answer(outcome) for outcome in stage.play(scene)] == ["Root=1-a", None]


def test_it_runs_in_its_task_folder_with_a_folder_of_its_own_for_temporary_files(stage):
    function = stage.function("""
        import os, tempfile
        def handler(event, context):
            with tempfile.NamedTemporaryFile(delete=False) as left_behind:
                return [os.getcwd() == os.environ["LAMBDA_TASK_ROOT"], left_behind.name, os.path.expanduser("~")]
    """)
    same, name, home = answer(stage.invoke(function))
    assert same
    assert Path(name).is_relative_to(stage.folder)
    assert Path(home).is_relative_to(stage.folder)
    assert not Path(name).exists()


def test_it_sees_its_package_and_boto3_but_nothing_else_that_is_installed(stage):
    function = stage.function(
        files={
            "app.py": """
            import importlib, subprocess, sys
            def found(name):
                try:
                    return importlib.import_module(name).__name__
                except ImportError:
                    return None
            def handler(event, context):
                names = ["own.part", "boto3", "botocore", "dateutil", "urllib3"]
                names += ["ministack", "pulumi", "pytest", "yaml"]
                child = subprocess.run([sys.executable, "-c", "import ministack"], capture_output=True)
                return [found(name) for name in names], child.returncode
        """,
            "own/part.py": "",
        },
        memory_mb=256,
    )
    names, child = answer(stage.invoke(function))
    assert names == ["own.part", "boto3", "botocore", "dateutil", "urllib3", None, None, None, None]
    assert child == 1


def test_the_package_wins_over_layers_and_a_later_layer_over_an_earlier_one(stage, make_package):
    layers = (
        make_package({"python/one.py": "x = 'first'", "python/two.py": "x = 'first'", "python/app_part.py": "x = 1"}),
        make_package({"python/two.py": "x = 'second'", "bin/tool": ""}),
    )
    function = stage.function(
        files={
            "app.py": """
            import one, two, app_part, os
            def handler(event, context):
                return [one.x, two.x, app_part.x, os.environ["PATH"]]
        """,
            "app_part.py": "x = 'own'",
        },
        layers=layers,
    )
    one, two, own, path = answer(stage.invoke(function))
    assert (one, two, own) == ("first", "second", "own")
    assert str(stage.folder / "code" / layers[1].sha256 / "bin") in path.split(":")


def test_standard_input_is_empty(stage):
    function = stage.function("import sys\ndef handler(event, context):\n    return sys.stdin.read()")
    assert answer(stage.invoke(function)) == ""


@pytest.mark.parametrize("size", [100, 300_000, 6_000_000])
def test_large_events_and_answers(stage, size):
    function = stage.function("def handler(event, context):\n    return event", memory_mb=512)
    assert answer(stage.invoke(function, "x" * size)) == "x" * size


def test_decimals_keep_their_digits(stage):
    function = stage.function("""
        from decimal import Decimal
        def handler(event, context):
            return {"a": Decimal("0.1000000000000000000000000001"), "b": [Decimal("7")], "c": Decimal("NaN")}
    """)
    assert stage.invoke(function).payload == b'{"a": 0.1000000000000000000000000001, "b": [7], "c": NaN}'


def test_a_role_that_lambda_may_not_assume(stage):
    from lab.cloud.execution import RoleCannotBeAssumed

    def refuse(_function):
        raise RoleCannotBeAssumed

    stage.credentials = refuse
    with pytest.raises(RoleCannotBeAssumed, match="The role defined for the function cannot be assumed by Lambda"):
        stage.invoke(stage.function("def handler(event, context): pass"))
