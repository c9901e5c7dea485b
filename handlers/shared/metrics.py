"""The metrics of a function: a line of its log that CloudWatch reads (embedded metric format), so no call is made.

The namespace comes from POWERTOOLS_METRICS_NAMESPACE, the dimension `service` from POWERTOOLS_SERVICE_NAME; the
dimension `FunctionName` tells apart what two stacks of one account deploy. A module of its own, because importing it
takes longer than the logger.
"""

from __future__ import annotations

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from handlers.shared.environment import required

__all__ = ["MetricUnit", "metrics"]

metrics = Metrics()
metrics.set_default_dimensions(FunctionName=required("AWS_LAMBDA_FUNCTION_NAME"))  # pyright: ignore[reportUnknownMemberType]
