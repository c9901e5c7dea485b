"""Rules about who may do what: no permission on everything, nothing that is open to everybody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Inputs = Mapping[str, Any]
    Statement = dict[str, Any]

DOCUMENTS = ("policy", "assumeRolePolicy")
"""Inputs that hold a policy."""
ONLY_ON_ALL = frozenset(
    {
        "cloudwatch:PutMetricData",
        "kinesis:ListStreams",
        "logs:CreateLogGroup",
        "s3:ListAllMyBuckets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)
"""Actions that a function may need and that IAM grants on `*` only (Service Authorization Reference)."""
PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read", "website")
PUBLIC_ACCESS_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def wildcards(inputs: Inputs) -> Iterator[str]:
    """Ask for exact actions on exact ARNs."""
    for statement in _statements(inputs):
        if statement.get("Effect") != "Allow":
            continue
        actions = [action for action in _list(statement.get("Action")) if action == "*" or action.endswith(":*")]
        if actions or "NotAction" in statement:
            yield _(
                "It may do {actions}: more than anybody has thought of. Name the actions that the function needs."
            ).format(actions=", ".join(actions) or "NotAction")
        unneeded = sorted(set(_list(statement.get("Action"))) - ONLY_ON_ALL)
        if "NotResource" in statement or (
            unneeded and any(_is_everything(arn) for arn in _list(statement.get("Resource")))
        ):
            yield _("It may do {actions} to everything in the account. Name the ARNs that the function needs.").format(
                actions=", ".join(unneeded)
            )
    arn = inputs.get("policyArn")
    if isinstance(arn, str) and arn.startswith("arn:aws:iam::aws:policy/") and arn.endswith(("Access", "Admin")):
        yield _("{policy} allows more than any function needs. Name actions and ARNs instead.").format(
            policy=arn.rpartition("/")[2]
        )


def everybody(inputs: Inputs) -> Iterator[str]:
    """Ask who: what everybody may call, somebody will."""
    for statement in _statements(inputs):
        principal = statement.get("Principal")
        everyone = principal == "*" or (
            isinstance(principal, dict) and "*" in _list(cast("Inputs", principal).get("AWS"))
        )
        if statement.get("Effect") == "Allow" and everyone and "Condition" not in statement:
            yield _("Everybody in the world is allowed. Name who may, or set a condition.")
    if (acl := inputs.get("acl")) in PUBLIC_ACLS:
        yield _("The bucket is open to everybody: acl is {acl}. Leave it out; a bucket is private.").format(acl=acl)
    if off := [name for name in PUBLIC_ACCESS_BLOCKS if inputs.get(name) is False]:
        yield _("Switched off: {names}, which keep a bucket from being opened by mistake.").format(names=", ".join(off))


def encryption(inputs: Inputs) -> Iterator[str]:
    """Ask for nothing but what AWS does by itself."""
    if inputs.get("sqsManagedSseEnabled") is False and not inputs.get("kmsMasterKeyId"):
        yield _("Encryption is switched off. Leave sqsManagedSseEnabled out: it costs nothing.")


def _statements(inputs: Inputs) -> list[Statement]:
    """Return the statements of whatever policy there is; none of one that is not known yet."""
    found: list[Statement] = []
    for name in DOCUMENTS:
        document = inputs.get(name)
        try:
            parsed: Any = json.loads(document) if isinstance(document, str) else document
        except ValueError:
            continue
        if isinstance(parsed, dict):
            found += _list(cast("Inputs", parsed).get("Statement"))
    return [statement for statement in found if isinstance(statement, dict)]  # pyright: ignore[reportUnnecessaryIsInstance]


def _list(value: Any) -> list[Any]:
    """Return IAM's one or many as many."""
    if value is None:
        return []
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _is_everything(arn: str) -> bool:
    """Say whether nothing of a service is left out."""
    return arn == "*" or (arn.count(":") == 5 and arn.endswith(":*"))  # noqa: PLR2004 - an ARN's last part is its sixth
