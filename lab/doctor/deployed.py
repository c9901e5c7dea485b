"""What a stack has deployed on the local cloud: whether it is still there, and as it was deployed.

The cases of the second text (a permission gone, a stream that is switched off, a bucket that is missing) show here as
what they are: a difference between what was deployed and what is there.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from lab.deploy.engine import urns
from lab.deploy.provider.errors import is_missing
from lab.deploy.provider.resources import RESOURCES
from lab.doctor.finding import Finding, ok, warn, wrong
from lab.failures import told_of
from lab.numbers import whole
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.deploy.provider.account import Account
    from lab.deploy.stack import Stack

_AT_ONCE = 16


def findings(stack: Stack, account: Account) -> Iterator[Finding]:
    """Yield what is to be said of each lesson that is deployed.

    Raises:
        LabError: the state cannot be read.
    """
    deployment: dict[str, Any] = stack.export().get("deployment") or {}
    everything: list[dict[str, Any]] = deployment.get("resources") or []
    resources = [each for each in everything if each.get("type") in RESOURCES and not each.get("external")]
    if not resources:
        yield ok("deployed", _("nothing; deploy a lesson: lab up basic"))
        return
    lessons: dict[str, list[Mapping[str, Any]]] = {}
    for each in resources:
        lessons.setdefault(urns.name_of(each["urn"]).partition("-")[0], []).append(each)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for lesson, its in lessons.items():
            found = [finding for finding in pool.map(partial(_differences, account, lesson), its) if finding]
            if not found:
                text = ngettext("{count} resource, as deployed", "{count} resources, all as deployed", len(its))
                found = [ok(lesson, text.format(count=whole(len(its))))]
            yield from found
            yield from _of_mappings(account, lesson, its)


def _differences(account: Account, lesson: str, resource: Mapping[str, Any]) -> Finding | None:
    type_, name = resource["type"], urns.name_of(resource["urn"])
    class_ = RESOURCES[type_]
    kind = type_.rpartition(":")[2]
    make_again = _("Make it again: lab refresh && lab up")
    try:
        found = class_.read(account, resource["id"], resource.get("outputs") or {})
    except Exception as error:  # noqa: BLE001  (told as what it is)
        if not is_missing(error):
            told = told_of(error)
            return wrong(lesson, f"{kind} {name}: {told.what} {told.why}".strip(), told.next_step)
        found = None
    if found is None:
        what = _("{kind} {name} ({id}) is not there any more.").format(kind=kind, name=name, id=resource["id"])
        return wrong(lesson, f"{what} {_means(type_, '')}".strip(), make_again)
    inputs: dict[str, Any] = resource.get("inputs") or {}
    given = {key: value for key, value in inputs.items() if key in class_.inputs}
    asked, there = class_.with_defaults(given), class_.with_defaults(found)
    # What was not asked for, and has no default, is what AWS filled in.
    changed = [
        key for key in asked if class_.inputs[key].told and not class_.inputs[key].same(asked[key], there.get(key))
    ]
    if not changed:
        return None
    what = _("{kind} {name} was changed since it was deployed: {properties}.").format(
        kind=kind, name=name, properties=", ".join(changed)
    )
    back = _("Put it back: lab refresh && lab up")
    return wrong(lesson, f"{what} {_means(type_, changed[0])}".strip(), back)


def _means(type_: str, changed: str) -> str:
    """Return what follows of a resource that is gone (`changed` is ""), or of a property that was changed."""
    return {
        ("aws:iam/rolePolicy:RolePolicy", ""): _("Its function may not do what it must: batches fail (AccessDenied)."),
        ("aws:iam/rolePolicy:RolePolicy", "policy"): _("Its function may do other things than the lesson needs."),
        ("aws:iam/role:Role", ""): _("Its function cannot run."),
        ("aws:s3/bucket:Bucket", ""): _("What is written into it fails (NoSuchBucket), batch by batch."),
        ("aws:dynamodb/table:Table", "streamEnabled"): _("Changes of the table reach nobody."),
        ("aws:kinesis/stream:Stream", ""): _("What is sent has nowhere to go."),
        ("aws:lambda/eventSourceMapping:EventSourceMapping", ""): _("Nothing reads the stream."),
        ("aws:lambda/eventSourceMapping:EventSourceMapping", "enabled"): _("Nothing reads the stream."),
        ("aws:sqs/queue:Queue", ""): _("Records that are given up are told to nobody."),
    }.get((type_, changed), "")


def _of_mappings(account: Account, lesson: str, resources: list[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield what the mappings say of their last batch, where it failed."""
    for each in resources:
        if each["type"] != "aws:lambda/eventSourceMapping:EventSourceMapping":
            continue
        try:
            told = account.lambda_.get_event_source_mapping(UUID=each["id"])
        except Exception as error:
            if not is_missing(error):
                raise
            continue  # said already
        result = told.get("LastProcessingResult", "")
        if result.startswith("PROBLEM"):
            what = _("the last batch failed: {result}").format(result=result)
            yield warn(
                lesson, what, _("See why: lab logs {lesson}, lab trace --function {lesson}").format(lesson=lesson)
            )
