"""What an execution environment must know of a function: its code, its configuration, its role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class CodePackage:
    """A deployment package or a layer's content: a ZIP file.

    Attributes:
        sha256: the hash of the ZIP file, 64 hexadecimal digits; two packages with one hash are one package.
        read: gives the ZIP file's bytes; called only when the package is not unpacked yet.
    """

    sha256: str
    read: Callable[[], bytes] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FunctionVersion:
    """One version of a function. Two that are equal may share environments; two that differ never do.

    Attributes:
        name: the function's name.
        arn: its ARN without a qualifier.
        version: `$LATEST` or a number.
        runtime: such as `python3.13`.
        handler: such as `app.lambda_handler`.
        code: the deployment package.
        layers: the layers, in the order in which they were attached; a later one hides the files of an earlier one.
        timeout_seconds: how long one invocation may take.
        memory_mb: how much memory an environment may use.
        environment: the function's own environment variables, as pairs.
        role_arn: the execution role.
        log_group: where its log goes.
        region: where it runs.
        log_format: `Text` or `JSON`.
        application_log_level: the least level of what the function logs with JSON, such as `INFO`.
        system_log_level: the least level of what Lambda logs with JSON: `DEBUG`, `INFO` or `WARN`.
    """

    name: str
    arn: str
    version: str
    runtime: str
    handler: str
    code: CodePackage
    layers: tuple[CodePackage, ...]
    timeout_seconds: int
    memory_mb: int
    environment: tuple[tuple[str, str], ...]
    role_arn: str
    log_group: str
    region: str
    log_format: str = "Text"
    application_log_level: str = "INFO"
    system_log_level: str = "INFO"

    @property
    def packages(self) -> tuple[CodePackage, ...]:
        """The deployment package and the layers."""
        return (self.code, *self.layers)
