"""The trace: every decision about a batch, told as it is made, for people and programs to read.

`events` says what there is to be told, `store` keeps it (memory and a file), `web` answers for it over HTTP. No
record's data is in it, only where records lie.
"""

from lab.cloud.trace.store import Trace

__all__ = ["Trace"]
