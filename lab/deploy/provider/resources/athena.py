"""Athena: workgroups, and the queries that are kept in them."""

# ruff: noqa: ARG002, D102, RUF012 - the base class says what every method takes and means, and what a class holds

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from lab.deploy.provider.errors import code_of, kept_on_failure
from lab.deploy.provider.resources.base import TAGS, AutoName, Change, Input, Resource
from lab.deploy.provider.values import as_said, given, part, tag_list, tags_from_list, tags_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties

_SETTINGS = {
    "bytesScannedCutoffPerQuery": "BytesScannedCutoffPerQuery",
    "enforceWorkgroupConfiguration": "EnforceWorkGroupConfiguration",
    "publishCloudwatchMetricsEnabled": "PublishCloudWatchMetricsEnabled",
    "requesterPaysEnabled": "RequesterPaysEnabled",
}
"""Settings of a workgroup by Pulumi's names and Athena's; without a value they have the defaults below."""
_DEFAULTS = {
    "enforceWorkgroupConfiguration": True,
    "publishCloudwatchMetricsEnabled": True,
    "requesterPaysEnabled": False,
}


class Workgroup(Resource):
    """A workgroup; its id is its name."""

    pulumi_type = "aws:athena/workgroup:Workgroup"
    name = AutoName("name", longest=128, pattern=r"[a-zA-Z0-9._-]+")
    inputs = {
        "name": Input(replaces=True),
        "configuration": Input(),
        "description": Input(default=""),
        "forceDestroy": Input(default=False, told=False),
        "state": Input(default="ENABLED", allowed={"ENABLED", "DISABLED"}),
        "tags": TAGS,
    }
    computed = ("arn",)

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        name = inputs["name"]
        aws.athena.create_work_group(
            Name=name,
            Description=inputs["description"],
            Configuration=_configuration(part(inputs, "configuration")),
            **given(Tags=tag_list(tags_of(inputs)) or None),
        )
        with kept_on_failure():
            if inputs["state"] != "ENABLED":  # it is made enabled
                aws.athena.update_work_group(WorkGroup=name, State=inputs["state"])
            return name, {"arn": _arn(aws, name)}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        with _none_when_missing():
            group: dict[str, Any] = {**aws.athena.get_work_group(WorkGroup=id_)["WorkGroup"]}
            return self._told(aws, id_, group, known)
        return None

    @staticmethod
    def _told(aws: Account, id_: str, group: dict[str, Any], known: Properties) -> Properties:
        arn = _arn(aws, id_)
        tags: list[Any] = [*aws.athena.list_tags_for_resource(ResourceARN=arn).get("Tags", [])]
        told = _as_told(group["Configuration"])
        return {
            "name": group["Name"],
            "configuration": _said(told, known.get("configuration")),
            "description": group.get("Description", ""),
            "state": group["State"],
            "tags": tags_from_list(tags) or None,
            "arn": arn,
        }

    def update(self, aws: Account, change: Change) -> Properties:
        if change.of("configuration", "description", "state"):
            old, new = part(change.old, "configuration"), part(change.new, "configuration")
            aws.athena.update_work_group(
                WorkGroup=change.id,
                Description=change.new["description"],
                State=change.new["state"],
                ConfigurationUpdates=_updates(old, new),
            )
        arn = change.known["arn"]
        change.retag(
            lambda tags: aws.athena.tag_resource(ResourceARN=arn, Tags=tag_list(tags)),
            lambda keys: aws.athena.untag_resource(ResourceARN=arn, TagKeys=keys),
        )
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        with _none_when_missing():
            aws.athena.delete_work_group(WorkGroup=id_, RecursiveDeleteOption=bool(known.get("forceDestroy")))


class NamedQuery(Resource):
    """A query that is kept; its id is Athena's."""

    pulumi_type = "aws:athena/namedQuery:NamedQuery"
    name = AutoName("name", longest=128)
    inputs = {
        "name": Input(replaces=True),
        "database": Input(required=True, replaces=True),
        "description": Input(default="", replaces=True),
        "query": Input(required=True, replaces=True),
        "workgroup": Input(default="primary", replaces=True),
    }

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        made = aws.athena.create_named_query(
            Name=inputs["name"],
            Database=inputs["database"],
            QueryString=inputs["query"],
            WorkGroup=inputs["workgroup"],
            **given(Description=inputs["description"] or None),
        )
        return made["NamedQueryId"], {}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        with _none_when_missing():
            query = aws.athena.get_named_query(NamedQueryId=id_)["NamedQuery"]
            return {
                "name": query["Name"],
                "database": query["Database"],
                "description": query.get("Description", ""),
                "query": query["QueryString"],
                "workgroup": query.get("WorkGroup", "primary"),
            }
        return None

    def update(self, aws: Account, change: Change) -> Properties:
        return {}  # every change makes another one

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        with _none_when_missing():
            aws.athena.delete_named_query(NamedQueryId=id_)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        for page in aws.athena.get_paginator("list_named_queries").paginate(WorkGroup=inputs["workgroup"]):
            for id_ in page.get("NamedQueryIds", []):
                if (self.read(aws, id_, inputs) or {}).get("name") == inputs["name"]:
                    return id_
        return None


@contextlib.contextmanager
def _none_when_missing() -> Generator[None]:
    """Pass over Athena's words for a thing that does not exist: it has no code of its own for that."""
    try:
        yield
    except Exception as error:
        if code_of(error) != "InvalidRequestException" or not _MISSING.search(str(error)):
            raise


_MISSING = re.compile(r"is not found|does not exist|was not found")


def _arn(aws: Account, name: str) -> str:
    return aws.arn("athena", f"workgroup/{name}")


def _configuration(said: Properties) -> Any:
    """Return a workgroup's configuration as Athena takes it."""
    settings = _DEFAULTS | {name: value for name, value in said.items() if value is not None}
    configuration: dict[str, Any] = {key: settings[name] for name, key in _SETTINGS.items() if name in settings}
    if results := _results(said):
        configuration["ResultConfiguration"] = results
    if selected := part(said, "engineVersion").get("selectedEngineVersion"):
        configuration["EngineVersion"] = {"SelectedEngineVersion": selected}
    return configuration


def _results(said: Properties) -> dict[str, Any]:
    results = part(said, "resultConfiguration")
    encryption, acl = part(results, "encryptionConfiguration"), part(results, "aclConfiguration")
    return given(
        OutputLocation=results.get("outputLocation"),
        ExpectedBucketOwner=results.get("expectedBucketOwner"),
        EncryptionConfiguration=given(
            EncryptionOption=encryption.get("encryptionOption"), KmsKey=encryption.get("kmsKeyArn")
        )
        or None,
        AclConfiguration=given(S3AclOption=acl.get("s3AclOption")) or None,
    )


def _updates(old: Properties, new: Properties) -> Any:
    """Return what changes a workgroup's configuration: what is no longer said is taken away."""
    updates = _configuration(new)
    results, before = updates.pop("ResultConfiguration", {}), _results(old)
    removed = {f"Remove{key}": True for key in before.keys() - results.keys()}
    if results or removed:
        updates["ResultConfigurationUpdates"] = results | removed
    if old.get("bytesScannedCutoffPerQuery") and not new.get("bytesScannedCutoffPerQuery"):
        updates["RemoveBytesScannedCutoffPerQuery"] = True
    if "EngineVersion" not in updates:
        updates["EngineVersion"] = {"SelectedEngineVersion": "AUTO"}
    return updates


def _as_told(configuration: dict[str, Any]) -> Properties:
    """Return a workgroup's configuration by Pulumi's names."""
    results = part(configuration, "ResultConfiguration")
    encryption, acl = part(results, "EncryptionConfiguration"), part(results, "AclConfiguration")
    engine = part(configuration, "EngineVersion")
    told = {name: configuration.get(key) for name, key in _SETTINGS.items()}
    return given(
        **told,
        resultConfiguration=given(
            outputLocation=results.get("OutputLocation"),
            expectedBucketOwner=results.get("ExpectedBucketOwner"),
            encryptionConfiguration=given(
                encryptionOption=encryption.get("EncryptionOption"), kmsKeyArn=encryption.get("KmsKey")
            )
            or None,
            aclConfiguration=given(s3AclOption=acl.get("S3AclOption")) or None,
        )
        or None,
        engineVersion=given(
            selectedEngineVersion=engine.get("SelectedEngineVersion"),
            effectiveEngineVersion=engine.get("EffectiveEngineVersion"),
        )
        or None,
    )


def _said(told: Properties, known: Any) -> Properties | None:
    """Return the configuration in the detail in which the program says it; a default that is no longer one shows."""
    if known is None:
        changed = {name: value for name, value in told.items() if name in _SETTINGS and _DEFAULTS.get(name) != value}
        results = {"resultConfiguration": told["resultConfiguration"]} if "resultConfiguration" in told else {}
        return (changed | results) or None
    return as_said(told, known)
