"""The environment variables of an execution environment ("Working with Lambda environment variables")."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from lab.cloud.execution.credentials import Credentials
    from lab.cloud.execution.function import FunctionVersion


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of an environment.

    Attributes:
        task: the unpacked deployment package.
        layers: the unpacked layers, in the order in which they were attached.
        runtime: the runtime's own packages.
        private: a folder of the environment alone, removed with it.
    """

    task: Path
    layers: tuple[Path, ...]
    runtime: Path
    private: Path


def search_path(folders: Folders, python_version: str, python_path: str | None) -> list[str]:
    """Return what stands before the standard library in `sys.path`.

    Args:
        folders: the environment's folders.
        python_version: the interpreter's, such as `3.13.1`.
        python_path: the function's own PYTHONPATH, if it sets one.
    """
    major_minor = ".".join(python_version.split(".")[:2])
    layers = [
        str(path)
        for layer in reversed(folders.layers)
        for path in (layer / "python" / "lib" / f"python{major_minor}" / "site-packages", layer / "python")
        if path.is_dir()
    ]
    own = [path for path in (python_path or "").split(os.pathsep) if path]
    return [str(folders.task), *own, *layers, str(folders.runtime)]


def variables(
    function: FunctionVersion, folders: Folders, credentials: Credentials, endpoint_url: str, log_stream: str
) -> dict[str, str]:
    """Return the whole environment: what AWS lets a function change, its own variables, what AWS reserves.

    Nothing comes from this process but where shared libraries lie (LD_LIBRARY_PATH), without which some interpreters
    do not start. HOME is the private folder, so that a person's own `~/.aws` is out of reach.
    """
    changeable = {
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # a loopback address takes no host prefix
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "HOME": str(folders.private),
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": _libraries(folders),
        "PATH": os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin", *_existing(folders.layers, "bin")]),
        "PYTHONPATH": str(folders.runtime),
        "TMPDIR": str(folders.private),
        "TZ": ":UTC",
    }
    reserved = {
        "AWS_ACCESS_KEY": credentials.access_key,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_REGION": function.region,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "LAMBDA_RUNTIME_DIR": str(folders.runtime),
        "LAMBDA_TASK_ROOT": str(folders.task),
        "_HANDLER": function.handler,
    }
    if function.log_format == "JSON":
        reserved["AWS_LAMBDA_LOG_LEVEL"] = function.application_log_level
    return changeable | dict(function.environment) | reserved


def _libraries(folders: Folders) -> str:
    inherited = os.environ.get("LD_LIBRARY_PATH")
    paths = [str(folders.task), str(folders.task / "lib"), *_existing(folders.layers, "lib")]
    return os.pathsep.join([*paths, inherited] if inherited else paths)


def _existing(layers: tuple[Path, ...], name: str) -> list[str]:
    return [str(layer / name) for layer in reversed(layers) if (layer / name).is_dir()]
