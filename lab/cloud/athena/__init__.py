"""Athena: SQL over the objects of S3, as Glue's catalogue describes them.

`service` answers the API, `sql` (a process of its own) understands and runs statements, `reach` is what it may reach of
the cloud on behalf of who asks.
"""

from lab.cloud.athena.service import AthenaService

__all__ = ["AthenaService"]
