"""The local cloud's account in one region: its clients, its ARNs, and waiting for it."""

from __future__ import annotations

import functools
import threading
import time
from typing import TYPE_CHECKING, ClassVar, TypeVar

from lab.aws import Clients
from lab.deploy.provider.errors import GivenUpError, is_missing
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class Account(Clients):
    """What a resource needs to know about where it lives; shared by all threads of one provider."""

    longest_pause_seconds: ClassVar[float] = 0.02
    """The cloud is on this machine: asking it 50 times a second costs nothing and keeps a learner waiting least."""
    patience: ClassVar[float] = 1.0
    """Multiplies how long is waited."""

    def __init__(
        self,
        endpoint_url: str | None,
        region: str,
        access_key: str | None = None,
        secret_key: str | None = None,
        profile: str | None = None,
    ) -> None:
        super().__init__(endpoint_url, region, access_key, secret_key, profile)
        self.cancelled = threading.Event()

    @functools.cached_property
    def account_id(self) -> str:
        """The twelve digits."""
        return self.sts.get_caller_identity()["Account"]

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def wait_for(self, look: Callable[[], Result | None], what: str, *, seconds: float = 60) -> Result:
        """Return what `look` finds, asking until it is not None.

        Args:
            look: one question to the cloud.
            what: what is waited for, for the message.
            seconds: when to give up.

        Raises:
            GivenUpError: it took too long, or the deployment was cancelled.
        """
        seconds *= self.patience
        give_up = time.monotonic() + seconds
        pause = 0.002
        while (found := look()) is None:
            if self.cancelled.wait(pause):
                raise GivenUpError(_("cancelled while waiting for {what}").format(what=what))
            if time.monotonic() > give_up:
                raise GivenUpError(_("{what} took more than {seconds:.0f} seconds").format(what=what, seconds=seconds))
            pause = min(2 * pause, self.longest_pause_seconds)
        return found

    def wait_until_gone(self, ask: Callable[[], object], what: str) -> None:
        """Wait until asking for something fails because it does not exist."""

        def gone() -> bool | None:
            try:
                ask()
            except Exception as error:
                if is_missing(error):
                    return True
                raise
            return None

        self.wait_for(gone, what)
