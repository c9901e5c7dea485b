"""The environment variables a handler is configured by, read once when the function starts.

A missing name is a failure at start, which is seen at once. A default name would be worse: with a typing error in the
deployment the records would go to another table, silently.
"""

from __future__ import annotations

import os


class MissingVariableError(RuntimeError):
    """A required environment variable is not set."""


def required(name: str) -> str:
    """Return an environment variable's value.

    Raises:
        MissingVariableError: it is not set, or empty.
    """
    value = os.environ.get(name, "")
    if not value:
        raise MissingVariableError(
            f"The environment variable {name} is not set. The function cannot work without it: "
            "set it in the function's configuration (the lesson's component does) and deploy again."
        )
    return value
