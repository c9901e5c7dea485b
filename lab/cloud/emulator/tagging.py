"""The Resource Groups Tagging API: MiniStack's, which does not know every service that the lessons tag."""
# MiniStack has no type information; what leaves this module is typed.
# pyright: basic

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.cloud.emulator.scope import current_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lab.cloud.emulator.app import Answer, Handler

    Tagged = Iterable[tuple[str, dict[str, str]]]
    """ARNs and their tags."""


def with_more_services(streams: Callable[[str, str], Tagged]) -> Callable[[Handler], Handler]:
    """Return what lets the API list streams, alarms, log groups, HTTP APIs and workgroups as well.

    Args:
        streams: gives the Kinesis streams of an account and region.
    """

    def wrap(ministack: Handler) -> Handler:
        async def handler(*request: Any) -> Answer:
            _extend(streams)
            return await ministack(*request)

        return handler

    return wrap


def _extend(streams: Callable[[str, str], Tagged]) -> None:
    from ministack.services import tagging

    more: dict[str, Callable[[], Tagged]] = {
        "kinesis": lambda: streams(*current_scope()),
        "cloudwatch": _alarms,
        "logs": _log_groups,
        "apigateway": _http_apis,
        "athena": _workgroups,
    }
    for service, tagged in more.items():

        def collect(tagged: Callable[[], Tagged] = tagged) -> Iterator[tuple[str, list[dict[str, str]]]]:
            for arn, tags in tagged():
                if tags:  # what never had tags is not listed
                    yield arn, [{"Key": key, "Value": value} for key, value in tags.items()]

        collectors: dict[str, Any] = tagging._COLLECTORS
        collectors[service] = collect


def _alarms() -> Tagged:
    from ministack.services import cloudwatch

    _, region = current_scope()
    return [(arn, tags) for arn, tags in cloudwatch._resource_tags.items() if arn.split(":")[3] == region]


def _log_groups() -> Tagged:
    from ministack.services import cloudwatch_logs as logs

    return [(logs._make_group_arn_no_star(name), group["tags"]) for name, group in logs._log_groups.items()]


def _http_apis() -> Tagged:
    from ministack.services import apigateway

    return apigateway._api_tags.items()


def _workgroups() -> Tagged:
    from ministack.services import athena

    _, region = current_scope()
    return [(arn, tags) for arn, tags in athena._tags.items() if arn.split(":")[3] == region]
