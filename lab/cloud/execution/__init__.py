"""Lambda execution environments: one process per concurrent invocation, seeing only what a function sees on AWS.

`pool.Environments` is what the rest of the cloud uses; `environment` is one environment, `process` its process, and
`bootstrap` the program that runs inside it ("Understanding the Lambda execution environment lifecycle").
"""

from lab.cloud.execution.function import CodePackage, FunctionVersion
from lab.cloud.execution.log_lines import LogEvent, LogSink
from lab.cloud.execution.outcome import Outcome, RoleCannotBeAssumed, Throttled
from lab.cloud.execution.pool import Environments, Limits

__all__ = [
    "CodePackage",
    "Environments",
    "FunctionVersion",
    "Limits",
    "LogEvent",
    "LogSink",
    "Outcome",
    "RoleCannotBeAssumed",
    "Throttled",
]
