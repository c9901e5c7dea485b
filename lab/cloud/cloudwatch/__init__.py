"""CloudWatch's metrics and alarms as AWS has them: dimensions are exact, alarms watch by themselves.

MiniStack keeps the alarms and dashboards; the figures, what is asked of them, and what an alarm makes of them are ours.
"""

from lab.cloud.cloudwatch.metrics import Metric, Metrics
from lab.cloud.cloudwatch.service import CloudWatch

__all__ = ["CloudWatch", "Metric", "Metrics"]
