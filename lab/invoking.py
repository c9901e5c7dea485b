"""Invokes a function and waits for its answer: the deployed one, or the source as it is now."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab import workspace
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda.client import LambdaClient

_RUNNER = "handler_runner.py"


@dataclass(frozen=True)
class Invocation:
    """What came of one invocation (Lambda API reference, Invoke)."""

    answer: Any
    """What the function returned; where it failed, `errorType`, `errorMessage` and `stackTrace`."""
    error: str | None
    """`Unhandled` where the function failed; else None."""
    log: list[str]
    """The end of what it logged; of a deployed function 4 KB at most."""

    @property
    def reason(self) -> str:
        """Why it failed, in a sentence."""
        try:
            return f"{self.answer['errorType']}: {self.answer['errorMessage']}"
        except (KeyError, TypeError):
            return self.error or ""


def invoke(lambda_: LambdaClient, function: str, event: Any) -> Invocation:
    """Invoke a deployed function."""
    answer = lambda_.invoke(FunctionName=function, Payload=json.dumps(event).encode(), LogType="Tail")
    payload = answer["Payload"].read()
    log = base64.b64decode(answer.get("LogResult", "")).decode("utf-8", "replace")
    return Invocation(json.loads(payload) if payload else None, answer.get("FunctionError"), log.splitlines())


def invoke_source(lambda_: LambdaClient, function: str, event: Any, surroundings: Mapping[str, str]) -> Invocation:
    """Run a function's source as it is in this folder now, with the deployed function's variables and timeout.

    What the handler calls is really called: the stream, the table and the bucket are those of the stack.

    Args:
        lambda_: the client, for the function's configuration.
        function: its name.
        event: what the handler gets.
        surroundings: the variables by which its clients find the cloud.

    Raises:
        LabError: its handler is none of this project's.
    """
    configuration = lambda_.get_function_configuration(FunctionName=function)
    handler = configuration.get("Handler", "")
    if not handler.startswith("handlers."):
        raise LabError(
            _("The source of {function} is not in this folder.").format(function=function),
            why=_("Its handler is {handler}; those here begin with handlers.").format(handler=handler),
            next_step=_("Invoke the deployed one: leave out --local."),
        )
    timeout_seconds = configuration.get("Timeout", 3)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **configuration.get("Environment", {}).get("Variables", {}),
        **surroundings,
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.get("MemorySize", 128)),
        "LAB_FUNCTION_ARN": configuration.get("FunctionArn", ""),
        "LAB_TIMEOUT_SECONDS": str(timeout_seconds),
    }
    return _run(handler, json.dumps(event), environment, timeout_seconds)


def _run(handler: str, event: str, environment: Mapping[str, str], timeout_seconds: int) -> Invocation:
    packages = workspace.ROOT / ".venv" / "handler-packages"
    try:
        ended = subprocess.run(
            [sys.executable, workspace.ROOT / "lab" / _RUNNER, handler, workspace.ROOT, packages],
            input=event,
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        log = (error.stderr or b"").decode("utf-8", "replace").splitlines()
        message = f"Task timed out after {timeout_seconds:.2f} seconds"
        return Invocation({"errorType": "Sandbox.Timedout", "errorMessage": message}, "Unhandled", log)
    log = ended.stderr.splitlines()
    try:
        told = json.loads(ended.stdout)
    except ValueError:
        message = f"Runtime exited with error: exit status {ended.returncode}"
        return Invocation({"errorType": "Runtime.ExitError", "errorMessage": message}, "Unhandled", log)
    return Invocation(told["error"], "Unhandled", log) if "error" in told else Invocation(told["answer"], None, log)
