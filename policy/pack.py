"""The rules as Pulumi's own policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy
from pulumi_policy.proxy import UnknownValueError

from policy import UNKNOWN
from policy.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_policy import ReportViolation, ResourceValidationArgs

    from policy.rules import Rule


def make_pack() -> PolicyPack:
    """Serve the pack to the Pulumi CLI that started this process, until it ends."""
    return PolicyPack("streamlab", [policy_of(rule) for rule in RULES])


def policy_of(rule: Rule) -> ResourceValidationPolicy:
    """Return a rule as a policy; the CLI's `--policy-pack-config` can give it another level."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for sentence in rule.violations(args.resource_type, plain(args.props)):
            report(sentence, None)

    return ResourceValidationPolicy(
        rule.name, rule.description(), validate, enforcement_level=EnforcementLevel(rule.level)
    )


def plain(value: Any) -> Any:
    """Return properties as plain values; what is not known before it is made as UNKNOWN, where Pulumi would raise."""
    if isinstance(value, Mapping):
        return dict(_items(value, value))  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [item for _index, item in _items(value, range(len(value)))]  # pyright: ignore[reportUnknownArgumentType]
    return value


def _items(values: Any, keys: Any) -> Iterator[tuple[Any, Any]]:
    for key in keys:
        try:
            yield key, plain(values[key])
        except UnknownValueError:
            yield key, UNKNOWN
