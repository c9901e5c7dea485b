"""Where a provider may work: a region of the local cloud, and nowhere else.

The lesson in it: a stack that is meant for a laptop must not be able to reach an account, whatever its file says.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lab.aws import LOCAL_KEY, LOCAL_REGION
from lab.deploy.provider.values import tags_of
from lab.errors import LabError
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL"


@dataclass(frozen=True)
class Configuration:
    """A provider's configuration, checked.

    Args:
        endpoint: URL of the local cloud.
        region: such as `us-east-1`.
        access_key: of the local cloud, never the person's own.
        secret_key: the same.
        default_tags: what every resource that takes tags gets.
    """

    endpoint: str
    region: str = LOCAL_REGION
    access_key: str = LOCAL_KEY
    secret_key: str = field(default=LOCAL_KEY, repr=False)
    default_tags: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def from_values(cls, values: Mapping[str, Any], *, needs_endpoints: bool = False) -> Configuration:
        """Check what Pulumi's `Configure` brings.

        Args:
            values: the keys of the provider (`region`, `endpoints`, …); objects may come as JSON texts.
            needs_endpoints: whether `endpoints` must be among them; else the environment alone may say where to work.

        Raises:
            LabError: no endpoint is given, or one that is not on this machine.
        """
        default_tags: Mapping[str, Any] = _parsed(values.get("defaultTags")) or {}
        return cls(
            endpoint=_endpoint(values.get("endpoints"), needed=needs_endpoints),
            region=values.get("region") or LOCAL_REGION,
            access_key=values.get("accessKey") or LOCAL_KEY,
            secret_key=values.get("secretKey") or LOCAL_KEY,
            default_tags=tags_of(default_tags),
        )


def is_loopback(url: str) -> bool:
    """Say whether a URL can only lead to this machine."""
    if re.search(r"[\\@\s]", url):
        return False  # what stands before the host here may be the host for who sends the request
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"}:
            return False
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, or no URL at all
        return False


def _endpoint(configured: object, *, needed: bool) -> str:
    """Return where to work: the cloud that runs (the environment says so) before the one in the stack's file."""
    urls = _configured_endpoints(configured)
    if needed and not urls:
        raise LabError(
            _("The configuration gives no aws:endpoints: this stack is meant for AWS, so nothing was called."),
            why=_("This provider deploys to the local cloud only."),
            next_step=_(
                "Deploy it from a terminal without `lab env`, or give loopback endpoints as Pulumi.local.yaml does."
            ),
        )
    for url in urls:
        if not is_loopback(url):
            raise LabError(
                _("The endpoint {url} is not on this machine, so nothing was called.").format(url=url),
                why=_("This provider deploys to the local cloud only."),
                next_step=_("Give a loopback address, such as http://127.0.0.1:4566, or use a stack for AWS."),
            )
    running = os.environ.get(ENDPOINT_VARIABLE, "")
    if is_loopback(running):
        return running
    if len(urls) == 1:
        return urls[0]
    if urls:
        raise LabError(
            _("the local cloud has one address, but aws:endpoints names {count}: {urls}").format(
                count=len(urls), urls=", ".join(urls)
            )
        )
    if running:
        raise LabError(
            _("{variable} is {url}, which is not on this machine, so nothing was called").format(
                variable=ENDPOINT_VARIABLE, url=running
            )
        )
    raise LabError(
        _("No endpoint is given, so nothing was called."),
        why=_("Without one, the calls would go to AWS."),
        next_step=_("Set {variable} or aws:endpoints (`lab env` prints the address).").format(
            variable=ENDPOINT_VARIABLE
        ),
    )


def _configured_endpoints(configured: object) -> list[str]:
    """Return the different URLs in the `endpoints` setting, a list of objects from service to URL."""
    entries: list[Mapping[str, str]] = _parsed(configured) or []
    return list(dict.fromkeys(url for entry in entries for url in entry.values() if url))


def _parsed(value: object) -> Any:
    """Return an object that Pulumi may have sent as a JSON text."""
    return json.loads(value) if isinstance(value, str) and value else value
