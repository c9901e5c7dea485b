"""How many requests a route takes: a token bucket, as API Gateway throttles."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lab.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT_RATE = 10_000.0
"""Requests a second that an account may make where a stage says nothing."""
ACCOUNT_BURST = 5_000


class TokenBucket:
    """Holds up to `burst` tokens, gets `rate` of them a second, and gives one to each request.

    Args:
        rate: tokens a second.
        burst: how many it holds; it begins full.
        clock: tells the time in seconds.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self.limits = rate, burst
        self._clock = clock
        self._tokens, self._filled = float(burst), clock()

    def take(self) -> bool:
        """Take a token; False when there is none."""
        rate, burst = self.limits
        now = self._clock()
        self._tokens, self._filled = min(burst, self._tokens + (now - self._filled) * rate), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Throttles:
    """The buckets of every route of every stage; limits that change begin anew.

    Args:
        clock: tells the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._account = TokenBucket(ACCOUNT_RATE, ACCOUNT_BURST, clock)
        self._buckets: dict[tuple[str, str, str], TokenBucket] = {}

    def admits(self, api_id: str, stage: dict[str, Any], route_key: str) -> bool:
        """Say whether a request may pass, and count it.

        Args:
            api_id: the API.
            stage: the stage, as the apigatewayv2 API says it.
            route_key: the route; its own settings come before the stage's.
        """
        route_settings = as_object(stage.get("routeSettings")).get(route_key)
        settings = as_object(stage.get("defaultRouteSettings")) | as_object(route_settings)
        rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
        if rate is None and burst is None:
            return self._account.take()
        limits = (ACCOUNT_RATE if rate is None else float(rate)), (ACCOUNT_BURST if burst is None else int(burst))
        key = api_id, stage["stageName"], route_key
        if (bucket := self._buckets.get(key)) is None or bucket.limits != limits:
            bucket = self._buckets[key] = TokenBucket(*limits, self._clock)
        return bucket.take()
