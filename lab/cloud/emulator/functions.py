"""MiniStack's Lambda functions: finding them, their concurrency, and running them in environments of ours."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.cloud.emulator.authorization import lambda_may_assume
from lab.cloud.emulator.invocations import client_context
from lab.cloud.emulator.observability import measure_invocation, measure_throttle
from lab.cloud.emulator.scope import ACCOUNT, REGION, scope
from lab.cloud.execution.credentials import Credentials
from lab.cloud.execution.function import CodePackage, FunctionVersion
from lab.cloud.execution.outcome import RoleCannotBeAssumed, Throttled, error_payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.execution.outcome import Outcome
    from lab.cloud.execution.pool import Environments
    from lab.cloud.faults import Faults


PENDING_SECONDS = 0.005
"""How long a new function is Pending; MiniStack takes half a second, in which nothing happens."""


@dataclass(frozen=True, slots=True)
class FunctionRecord:
    """A function as MiniStack keeps it.

    Attributes:
        record: MiniStack's record, with `config` and `code_zip`.
        config: the function's configuration, as GetFunctionConfiguration answers it.
        name: its name.
        arn: its ARN, with the qualifier it was asked by.
        role: its role's ARN.
    """

    record: dict[str, Any]
    config: dict[str, Any]
    name: str
    arn: str
    role: str


def arn_of(reference: str) -> str:
    """Return the ARN of a function named by name, partial ARN (`account:function:name`) or ARN, qualified or not.

    The qualifier stays. What is none of these is taken for a name; no function has it.
    """
    parts = _REFERENCE.fullmatch(reference)
    if parts is None:
        return reference
    arn = f"arn:aws:lambda:{parts['region'] or REGION}:{parts['account'] or ACCOUNT}:function:{parts['name']}"
    return f"{arn}:{parts['qualifier']}" if parts["qualifier"] else arn


_REFERENCE = re.compile(
    r"(?:arn:aws:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[\w-]+)(?::(?P<qualifier>\$LATEST|[\w-]+))?"
)
"""API reference: NamespacedFunctionName."""


def find_function(reference: str) -> FunctionRecord | None:
    """Find a function by name, partial ARN or ARN, with or without a qualifier; None when there is none."""
    from ministack.services import lambda_svc

    arn = arn_of(reference)
    with scope():
        try:
            record, config, name = lambda_svc._get_func_record_for_ref(arn)
        except ValueError:
            return None
    if not record or not config:
        return None
    return FunctionRecord(record, config, name, arn, config.get("Role", ""))


def acquire_concurrency(function: FunctionRecord) -> str | None:
    """Take one unit of the function's concurrency; None when it has none left (a throttle)."""
    from ministack.services import lambda_svc

    with scope():
        slot, _limit = lambda_svc._acquire_execution_slot(function.record, function.config)
    return slot


def release_concurrency(slot: str) -> None:
    """Give a unit of concurrency back."""
    from ministack.services import lambda_svc

    lambda_svc._release_execution_slot(slot)


def install(environments: Environments, faults: Faults) -> None:
    """Let our environments run every Python function, whoever invokes it; call it on the environments' event loop.

    Images, other runtimes and functions behind a proxy stay with MiniStack, which says what it cannot run. Invocations
    and throttles are measured here: MiniStack counts a throttle as an invocation, and twice.
    """
    from ministack.services import lambda_svc

    loop, loop_thread = environments.loop, threading.get_ident()
    original = lambda_svc._execute_function_dispatch
    invalidate = lambda_svc.invalidate_worker

    def run(func: dict, config: dict, event: Any, request_id: str, started: float) -> dict:
        if not runs_here(config):
            return original(func, config, event, request_id, started)
        if threading.get_ident() == loop_thread:
            raise RuntimeError("a function cannot be waited for on the event loop that runs it")
        depth = lambda_svc._invoke_depth.get()
        invocation = environments.invoke(
            function_version(func, config),
            json.dumps(event, ensure_ascii=False).encode(),
            request_id=request_id,
            invoked_arn=config["FunctionArn"],
            client_context=client_context.get(),
            trace_header=trace_header(config["FunctionArn"], depth),
        )
        try:
            outcome = asyncio.run_coroutine_threadsafe(invocation, loop).result()
            return as_result(outcome) | {"duration_ms": outcome.duration_ms}
        except Throttled as throttled:
            return lambda_svc._throttle_response(throttled.reason, str(throttled))
        except RoleCannotBeAssumed as refused:
            body = {"errorType": "AccessDeniedException", "errorMessage": str(refused)}
            return {"body": body, "error": True, "function_error": "Unhandled", "log": ""}

    def invalidate_worker(func_name: str, qualifier: str | None = None, **scope_names: Any) -> None:
        invalidate(func_name, qualifier=qualifier, **scope_names)  # pyright: ignore[reportArgumentType]
        if qualifier is None:  # the function is deleted; what else changes is seen at the next invocation
            arn = lambda_svc._func_arn(func_name)
            loop.call_soon_threadsafe(environments.forget, arn)

    lambda_svc._LAMBDA_STATE_TRANSITION_DELAY = PENDING_SECONDS
    lambda_svc._acquire_execution_slot = _with_throttles(lambda_svc._acquire_execution_slot, faults)
    lambda_svc._emit_lambda_metrics = lambda *_names, **_values: None
    lambda_svc._execute_function_dispatch = _with_faults(run, faults)
    lambda_svc.invalidate_worker = invalidate_worker


def _with_throttles(acquire_slot: Callable[[dict, dict], tuple], faults: Faults) -> Callable[[dict, dict], tuple]:
    """Return what takes a unit of concurrency, or measures a throttle."""

    def acquire(func: dict, config: dict) -> tuple[str | None, str | None]:
        name = config.get("FunctionName", "")
        slot = (None, "function") if faults.throttles(name) else acquire_slot(func, config)
        if slot[0] is None:
            measure_throttle(name)
        return slot

    return acquire


def _with_faults(run: Callable[..., dict], faults: Faults) -> Callable[..., dict]:
    """Return what runs an invocation (in a thread of its own) as the faults want it, and measures it."""

    def dispatch(func: dict, config: dict, event: Any, request_id: str, started: float) -> dict:
        name = config.get("FunctionName", "")
        if delay := faults.delay(name):
            time.sleep(delay)
        began = time.perf_counter()
        result = run(func, config, event, request_id, started)
        if result.get("throttle"):
            measure_throttle(name)
            return result
        if (reason := faults.failure(name, event)) and not result.get("error"):
            result |= {"body": json.loads(error_payload("FaultError", reason)), "error": True,
                       "function_error": "Unhandled"}  # fmt: skip
        duration_ms = result.pop("duration_ms", (time.perf_counter() - began) * 1000)
        measure_invocation(name, duration_ms, failed=bool(result.get("error")))
        return result

    return dispatch


def runs_here(config: dict[str, Any]) -> bool:
    """Say whether a function is a Python function in a ZIP file."""
    from ministack.services import lambda_svc

    is_python = config.get("PackageType", "Zip") == "Zip" and config.get("Runtime", "").startswith("python")
    return is_python and not lambda_svc._proxy_url_for(config) and not lambda_svc._durable_ctx.get()


def function_version(func: dict[str, Any], config: dict[str, Any]) -> FunctionVersion:
    """Return what an environment must know of one of MiniStack's function records.

    Args:
        func: the record, with `code_zip`.
        config: its configuration, as GetFunctionConfiguration answers it; the ARN may have a qualifier.
    """
    arn = ":".join(config["FunctionArn"].split(":")[:7])
    name = config["FunctionName"]
    logging = config.get("LoggingConfig") or {}
    return FunctionVersion(
        name=name,
        arn=arn,
        version=config.get("Version", "$LATEST"),
        runtime=config["Runtime"],
        handler=config["Handler"],
        code=CodePackage(_hexadecimal(config.get("CodeSha256", "")), lambda: func.get("code_zip") or b""),
        layers=tuple(_layer(attachment, arn) for attachment in config.get("Layers") or ()),
        timeout_seconds=int(config.get("Timeout", 3)),
        memory_mb=int(config.get("MemorySize", 128)),
        environment=tuple(((config.get("Environment") or {}).get("Variables") or {}).items()),
        role_arn=config.get("Role", ""),
        log_group=logging.get("LogGroup") or f"/aws/lambda/{name}",
        region=arn.split(":")[3],
        log_format=logging.get("LogFormat") or "Text",
        application_log_level=logging.get("ApplicationLogLevel") or "INFO",
        system_log_level=logging.get("SystemLogLevel") or "INFO",
    )


def _hexadecimal(sha256: str) -> str:
    return base64.b64decode(sha256).hex() or hashlib.sha256(b"").hexdigest()


def _layer(attachment: str | dict[str, Any], function_arn: str) -> CodePackage:
    """Return a layer's content; its hash stands for the ARN, since a layer version never changes."""
    arn = attachment if isinstance(attachment, str) else attachment["Arn"]

    def read() -> bytes:
        from ministack.services import lambda_svc

        _, _, _, region, account, *_ = function_arn.split(":")
        with scope(account, region):
            return lambda_svc._resolve_layer_zip(attachment) or b""

    return CodePackage(hashlib.sha256(f"layer {arn}".encode()).hexdigest(), read)


def role_credentials(function: FunctionVersion) -> Credentials:
    """Return credentials of a session of the function's role; MiniStack's do not expire.

    Raises:
        RoleCannotBeAssumed: the role is gone or does not trust Lambda.
    """
    from ministack.core.lambda_runtime import execution_credentials

    if not lambda_may_assume(function.role_arn):
        raise RoleCannotBeAssumed
    config = {"FunctionArn": function.arn, "FunctionName": function.name, "Role": function.role_arn}
    keys = execution_credentials(config)
    return Credentials(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys["AWS_SESSION_TOKEN"])


def as_result(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as MiniStack's dispatch returns it."""
    result: dict[str, Any] = {"body": json.loads(outcome.payload), "log": outcome.log_tail}
    if outcome.function_error:
        result |= {"error": True, "function_error": outcome.function_error}
    return result


def trace_header(arn: str, depth: int) -> str:
    """Return `_X_AMZN_TRACE_ID` for an invocation: botocore sends it along, so that a loop can be counted.

    Args:
        arn: the function.
        depth: how many invocations led here, this one included.
    """
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    function = hashlib.sha256(arn.encode()).hexdigest()[:8]
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0;Lineage=1:{function}:{depth}"


DEPTH_HEADER = b"x-ministack-invoke-depth"


def with_depth(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return a request's headers with the depth that a function's own call carries in its trace header.

    MiniStack counts by a header of its own how many functions have called one another, and ends a loop.
    """
    trace = next((value for name, value in headers if name.lower() == b"x-amzn-trace-id"), b"")
    depth = depth_of(trace.decode("latin-1"))
    return [*headers, (DEPTH_HEADER, str(depth).encode())] if depth else headers


def depth_of(header: str) -> int:
    """Return the depth in an X-Amzn-Trace-Id header, 0 when there is none: what MiniStack reads as its own header."""
    _, _, lineage = header.partition("Lineage=")
    depth = lineage.split(";")[0].rpartition(":")[2]
    return int(depth) if depth.isdigit() else 0
