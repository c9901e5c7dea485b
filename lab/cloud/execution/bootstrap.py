"""The program inside an execution environment: loads the handler and calls it, invocation by invocation.

It does what AWS's runtime interface client does (https://github.com/aws/aws-lambda-python-runtime-interface-client)
and says what that one says; only the transport differs. It runs in the interpreter of the function's runtime
(Python 3.9 to 3.14), isolated, so it imports nothing but the standard library, and little of that: every module
imported here costs each cold start time and memory.

Arguments: the control channel's descriptor, the pool's lifeline descriptor, then one `python` folder source after the
other (the task folder, the layers from the last to the first, the runtime's own packages).

Frames on the control channel (all integers big-endian):
    to us:    4 bytes length of the header, 4 bytes length of the event, header (JSON object), event (JSON text)
    from us:  1 byte kind, 4 bytes peak memory in KiB, 4 bytes length, payload
              kinds: R ready, S handler's result, E error of the handler, I error before the handler could be called
Standard output and standard error are one pipe that the pool reads as the log. A line feed inside one log message
travels as NUL, so that a traceback stays one log event, as on AWS.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import resource
import sys
import time
import traceback

TYPE_CHECKING = False  # importing `typing` would cost every cold start some milliseconds
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn, TextIO

    Handler = Callable[[Any, "LambdaContext"], Any]

MESSAGE_LINE_FEED = "\0"
LARGEST_RESPONSE_BYTES = 6_291_556  # the synchronous payload quota, as AWS counts it
MAIN_PROCESS = os.getpid()
TASK_ROOT = os.environ["LAMBDA_TASK_ROOT"]
UNICODE_AS_IT_IS = sys.version_info >= (3, 12)  # AWS's runtime escapes non-ASCII characters before python3.12


class Fault(Exception):  # noqa: N818 -- AWS's own word for it
    """A failure that the runtime, not the handler, names."""

    def __init__(self, error_type: str, message: str, stack: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.stack = stack or []


class CognitoIdentity:
    """`context.identity`: nobody is signed in here."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class Client:
    """`context.client_context.client`: the mobile application that called."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.installation_id = fields.get("installation_id")
        self.app_title = fields.get("app_title")
        self.app_version_name = fields.get("app_version_name")
        self.app_version_code = fields.get("app_version_code")
        self.app_package_name = fields.get("app_package_name")


class ClientContext:
    """`context.client_context`: what the caller sent as ClientContext."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.client = Client(fields["client"]) if "client" in fields else None
        self.custom = fields.get("custom")
        self.env = fields.get("env")


class LambdaContext:
    """The handler's second argument ("Using the Lambda context object to retrieve Python function information")."""

    def __init__(self, header: dict[str, Any]) -> None:
        self._deadline = time.monotonic() + header["remaining_ms"] / 1000
        client_context = header.get("client_context")
        self.aws_request_id = header["request_id"]
        self.invoked_function_arn = header["invoked_arn"]
        self.client_context = ClientContext(client_context) if client_context else None
        self.identity = CognitoIdentity()
        self.tenant_id = None
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]  # text, on AWS too
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left before the environment is ended; a clock that is set does not change it."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))

    def log(self, message: object) -> None:
        """Write a message to the function's log."""
        sys.stdout.write(str(message))

    def __repr__(self) -> str:
        """Show every field, as AWS's context does."""
        return "LambdaContext([%s])" % ",".join("%s=%s" % item for item in vars(self).items() if item[0] != "_deadline")  # noqa: UP031


class Log(logging.Handler):
    """The root logger's handler: one message, one log event, in AWS's text format."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.request_id = ""
        self.stream = stream
        formatter = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s",
            "%Y-%m-%dT%H:%M:%S",
        )
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record of the `logging` module."""
        try:
            record.aws_request_id = self.request_id
            self.write(self.format(record))
        except Exception:  # noqa: BLE001 -- as every handler of `logging` does
            self.handleError(record)

    def write(self, message: str) -> None:
        """Write one message as one event, whatever lines it has."""
        self.stream.write(message.rstrip("\n").replace("\n", MESSAGE_LINE_FEED) + "\n")
        self.stream.flush()

    def error(self, failure: dict[str, Any]) -> None:
        """Write a failure as AWS's runtime does."""
        lines = ["[ERROR] {}: {}".format(failure["errorType"], failure["errorMessage"])]
        if failure["stackTrace"]:
            lines += ["Traceback (most recent call last):", *(line.rstrip("\n") for line in failure["stackTrace"])]
        self.write("\n".join(lines))


class JsonLog(Log):
    """The same in AWS's JSON format (LogFormat JSON): one object a message, none below ApplicationLogLevel."""

    RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {"aws_request_id", "asctime", "message"}
    LEVELS = {"TRACE": "DEBUG", "FATAL": "CRITICAL"}  # noqa: RUF012 -- `typing` is not imported here

    def __init__(self, stream: TextIO, level: str) -> None:
        super().__init__(stream)
        self.setLevel(self.LEVELS.get(level, level))
        logging.getLogger().setLevel(self.level)

    def format(self, record: logging.LogRecord) -> str:
        """Return one record of the `logging` module as an object."""
        fields: dict[str, Any] = {
            "timestamp": self._time(record.created),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            fields["stackTrace"] = traceback.format_tb(error.__traceback__)
            fields["errorType"] = type(error).__name__
            fields["errorMessage"] = str(error)
            fields["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        fields["requestId"] = self.request_id
        extra = {name: value for name, value in vars(record).items() if name not in self.RESERVED}
        return json.dumps(extra | fields, ensure_ascii=False, default=str)

    def error(self, failure: dict[str, Any]) -> None:
        """Write a failure as AWS's runtime does."""
        self.write(json.dumps({"timestamp": self._time(time.time()), "log_level": "ERROR", **failure}))

    @staticmethod
    def _time(seconds: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Channel:
    """The control channel to the pool."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """Wait for an invocation: its header and its event (JSON text). Exit when the pool is gone."""
        lengths = self._read(8)
        header = self._read(int.from_bytes(lengths[:4], "big"))
        return json.loads(header), self._read(int.from_bytes(lengths[4:], "big"))

    def send(self, kind: bytes, payload: bytes = b"") -> None:
        """Send one frame, after everything that was printed has left this process."""
        if os.getpid() != MAIN_PROCESS:
            os._exit(0)  # a forked child came back through the handler: only the parent answers
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            try:  # noqa: SIM105 -- one import less
                stream.flush()  # pyright: ignore[reportOptionalMemberAccess]
            except Exception:  # noqa: BLE001, S110 -- the handler may have closed or replaced it
                pass
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak_kib = peak // 1024 if sys.platform == "darwin" else peak
        frame = kind + min(peak_kib, 0xFFFFFFFF).to_bytes(4, "big") + len(payload).to_bytes(4, "big") + payload
        view = memoryview(frame)
        while view:
            view = view[os.write(self.descriptor, view) :]

    def _read(self, length: int) -> bytes:
        parts: list[bytes] = []
        while length:
            part = os.read(self.descriptor, min(length, 1 << 20))
            if not part:
                os._exit(0)  # the pool has closed the channel: nobody waits for this environment any more
            parts.append(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def describe(fault: Fault, request_id: str) -> dict[str, Any]:
    """Return the error object of a fault of the runtime."""
    return {
        "errorMessage": str(fault),
        "errorType": fault.error_type,
        "requestId": request_id,
        "stackTrace": fault.stack,
    }


def describe_exception(error: Exception, request_id: str) -> dict[str, Any]:
    """Return the error object of an exception, its stack from the function's own first frame on."""
    stack = traceback.extract_tb(error.__traceback__)
    own = 0
    while own < len(stack) - 1 and _is_of_the_runtime(stack[own].filename):
        own += 1
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": [line.replace(TASK_ROOT, "/var/task") for line in traceback.format_list(stack[own:])],
    }


def _is_of_the_runtime(filename: str) -> bool:
    return filename == __file__ or filename.startswith("<frozen importlib") or "/importlib/__init__.py" in filename


def load_handler(name: str) -> Handler:
    """Import the handler, with AWS's words when that fails.

    Args:
        name: the function's `Handler`, such as `handlers.app.lambda_handler`.

    Returns:
        The function to call.
    """
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {reason}")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        place = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'.replace(TASK_ROOT, "/var/task")
        raise Fault(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", [place]
        ) from error
    try:
        return getattr(module, function_name)
    except AttributeError as error:
        raise Fault(
            "Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'"
        ) from error


def to_json(value: object) -> bytes:
    """Return the handler's answer as JSON; a Decimal keeps its digits, as with AWS's runtime."""
    numbers: dict[str, str] = {}
    mark = os.urandom(8).hex()

    def encode(item: Any) -> str | float:
        module: Any = sys.modules.get("decimal")  # who never imported it has no Decimal
        if module is not None and isinstance(item, module.Decimal):
            if item.is_nan():
                return float("nan")
            key = f"{mark}-{len(numbers)}"
            numbers[key] = str(item)
            return key
        raise TypeError(f"Object of type {type(item).__name__} is not JSON serializable")

    try:
        text = json.dumps(value, ensure_ascii=not UNICODE_AS_IT_IS, default=encode)
        if numbers:
            import re  # only who answers with Decimals pays for it

            text = re.sub(f'"({mark}-[0-9]+)"', lambda match: numbers[match.group(1)], text)
        return text.encode("utf-8")
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def call(handler: Handler, header: dict[str, Any], event: bytes) -> tuple[bytes, bytes, dict[str, Any] | None]:
    """Call the handler once.

    Returns:
        The kind of frame to answer with, and its payload.
    """
    try:
        try:
            value = json.loads(event)
        except ValueError as error:
            raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error
        answer = to_json(handler(value, LambdaContext(header)))
    except Fault as fault:
        failure = describe(fault, header["request_id"])
    except Exception as error:  # noqa: BLE001 -- whatever the handler raises is the invocation's answer
        failure = describe_exception(error, header["request_id"])
    else:
        if len(answer) <= LARGEST_RESPONSE_BYTES:
            return b"S", answer, None
        limit = f"({LARGEST_RESPONSE_BYTES} bytes)"
        message = f"Response payload size exceeded maximum allowed payload size {limit}."
        return b"E", to_json({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}), None
    return b"E", to_json(failure), failure


def give_up(channel: Channel, log: Log, failure: dict[str, Any]) -> NoReturn:
    """Report that the handler cannot be called, and end."""
    log.error(failure)
    channel.send(b"I", to_json(failure))
    sys.exit(1)


def main() -> NoReturn:
    """Load the handler, then serve invocations until the pool closes the channel."""
    control, lifeline = int(sys.argv[1]), int(sys.argv[2])
    sys.path[:0] = sys.argv[3:]
    sys.argv = [sys.argv[0]]
    for descriptor in (control, lifeline):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 -- programs that the handler starts must not hold them
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]
    channel, level = Channel(control), os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    log = JsonLog(sys.stdout, level) if level else Log(sys.stdout)
    logging.getLogger().addHandler(log)

    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Fault as fault:
        give_up(channel, log, describe(fault, ""))
    except Exception as error:  # noqa: BLE001 -- the module's own code may raise anything
        give_up(channel, log, describe_exception(error, ""))
    channel.send(b"R")

    while True:
        header, event = channel.receive()
        log.request_id = header["request_id"]
        if header["trace_id"]:
            os.environ["_X_AMZN_TRACE_ID"] = header["trace_id"]
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        kind, payload, failure = call(handler, header, event)
        if failure:
            log.error(failure)
        channel.send(kind, payload)


if __name__ == "__main__":
    main()
