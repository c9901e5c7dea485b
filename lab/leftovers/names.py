"""The names that the lab gives, and those that the lessons' texts give: how things without tags are recognised.

Nobody owns a name. What is recognised by its name alone may be somebody else's, and is never deleted unasked.
"""

from __future__ import annotations

import re

from lab.target import LESSONS

_MADE = re.compile(rf"(?P<lesson>{'|'.join(LESSONS)})-[a-z0-9-]+-[0-9a-f]{{7}}")
"""A logical name of the program and Pulumi's seven digits."""
_OF_THE_TEXTS = {
    "basic": r"EventStream|EventLogs",
    "votes": r"f1-vote-(stream|results|producer|consumer)",
    "purchases": (
        r"actualizarComprasStream|generarReporteCompras|.+-t_MS3_compras|.+-compras-backup-s3-bucket|"
        r".+_compras_datacatalog"
    ),
    "orders": r"LambdaProducer|LambdaConsumer",
    "archive": r"stream-output|kinesis-to-s3-consumer",
}
"""What the program calls things where the stack's file says `names: text`."""
LOG_GROUPS = "/aws/lambda/"
"""Where Lambda makes the log group of a function that has no other."""


def lesson_of(name: str) -> str | None:
    """Return the lesson that gives such a name, None where none does."""
    name = name.removeprefix(LOG_GROUPS)
    if made := _MADE.fullmatch(name):
        return made["lesson"]
    return next((lesson for lesson, pattern in _OF_THE_TEXTS.items() if re.fullmatch(pattern, name)), None)
