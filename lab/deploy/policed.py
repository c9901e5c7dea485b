"""The rules of policy/ while `lab up` and `lab preview` look at each resource: what is broken is told, not refused.

On AWS the Pulumi CLI runs the same ones (`--policy-pack policy`), and refuses what breaks a mandatory one. Here nothing
is at stake, and to see what comes of too much permission is what the lab is for.
"""

# ruff: noqa: N802 - the protocol's name

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lab.deploy import property_values as pv
from lab.deploy.engine import urns
from lab.deploy.engine.events import Event, event
from languages import gettext as _
from policy.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.deploy.protocol import provider_pb2


class Advice:
    """What the rules advise, each once however often a resource is looked at; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given: set[tuple[str, str]] = set()

    def give(self, urn: str, sentence: str) -> None:
        """Keep a sentence about a resource."""
        with self._lock:
            self._given.add((urn, sentence))

    def tell(self, show: Callable[[Event], None]) -> None:
        """Show all of it, as warnings."""
        for urn, sentence in sorted(self._given, key=lambda given: (urns.name_of(given[0]), given[1])):
            show(replace(event("log", urn, message=sentence), severity="warning"))


class Policed:
    """A provider whose every check of inputs is also one by the rules; all else is the provider's own.

    Args:
        provider: an object with the methods of Pulumi's ResourceProvider service.
        advice: gets what the rules say.
    """

    def __init__(self, provider: Any, advice: Advice) -> None:
        self._provider = provider
        self._advice = advice

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def Check(self, request: provider_pb2.CheckRequest, context: object) -> provider_pb2.CheckResponse:
        """Check the inputs of a resource, by the rules too."""
        response = self._provider.Check(request, context)
        inputs = pv.strip_secrets(pv.to_plain(response.inputs))
        for rule in RULES:
            if rule.level == "disabled" or rule.in_an_account:
                continue
            text = _("{violation} (rule {rule})")
            if rule.level == "mandatory":
                text = _("{violation} (rule {rule}: on AWS the policy pack refuses it)")
            for violation in rule.violations(urns.type_of(request.urn), inputs):
                self._advice.give(request.urn, text.format(violation=violation, rule=rule.name))
        return response
