"""Temporary credentials of a function's execution role."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lab.cloud.execution.function import FunctionVersion

MARGIN_SECONDS = 60.0
"""An environment is not used again when its credentials would expire this soon after an invocation's timeout."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of a role session.

    Attributes:
        access_key: the access key's id.
        secret_key: the secret key.
        session_token: the session's token.
        expires_at: seconds since 1970, None for never.
    """

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: float | None = None

    def last_for(self, timeout_seconds: float) -> bool:
        """Say whether an invocation that begins now can end before they expire."""
        return self.expires_at is None or time.time() + timeout_seconds + MARGIN_SECONDS < self.expires_at


class CredentialsSource(Protocol):
    """Assumes execution roles."""

    def __call__(self, function: FunctionVersion, /) -> Credentials:
        """Return credentials of the function's role.

        Raises:
            RoleCannotBeAssumed: the role is gone or does not trust Lambda.
        """
        ...
