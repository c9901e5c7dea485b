"""Glue: the catalogue of databases and tables that Athena reads."""

# ruff: noqa: ARG002, D102, RUF012 - the base class says what every method takes and means, and what a class holds

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.deploy.provider.resources.base import TAGS, AutoName, Change, Input, Resource
from lab.deploy.provider.values import as_said, given, part, tags_of, to_aws, told

if TYPE_CHECKING:
    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties


class CatalogDatabase(Resource):
    """A database of the catalogue; its id is `<account>:<name>`."""

    pulumi_type = "aws:glue/catalogDatabase:CatalogDatabase"
    name = AutoName("name", longest=255, lower_case=True)
    inputs = {
        "name": Input(replaces=True),
        "catalogId": Input(replaces=True),
        "description": Input(default=""),
        "locationUri": Input(),
        "parameters": Input(),
        "tags": TAGS,
    }
    computed = ("arn",)

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        catalog = inputs.get("catalogId", aws.account_id)
        aws.glue.create_database(
            CatalogId=catalog, DatabaseInput=_database(inputs), **given(Tags=tags_of(inputs) or None)
        )
        return f"{catalog}:{inputs['name']}", {"catalogId": catalog, "arn": _database_arn(aws, inputs["name"])}

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        catalog, name = id_.split(":", 1)
        database = aws.glue.get_database(CatalogId=catalog, Name=name)["Database"]
        arn = _database_arn(aws, name)
        return {
            "name": database["Name"],
            "catalogId": catalog,
            "description": database.get("Description", ""),
            "locationUri": database.get("LocationUri") or None,
            "parameters": database.get("Parameters") or None,
            "tags": aws.glue.get_tags(ResourceArn=arn).get("Tags") or None,
            "arn": arn,
        }

    def update(self, aws: Account, change: Change) -> Properties:
        catalog, name = change.id.split(":", 1)
        if change.of("description", "locationUri", "parameters"):
            aws.glue.update_database(CatalogId=catalog, Name=name, DatabaseInput=_database(change.new))
        arn = change.known["arn"]
        change.retag(
            lambda tags: aws.glue.tag_resource(ResourceArn=arn, TagsToAdd=tags),
            lambda keys: aws.glue.untag_resource(ResourceArn=arn, TagsToRemove=keys),
        )
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        catalog, name = id_.split(":", 1)
        aws.glue.delete_database(CatalogId=catalog, Name=name)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        id_ = f"{inputs.get('catalogId', aws.account_id)}:{inputs['name']}"
        return id_ if self.read(aws, id_, inputs) else None


class CatalogTable(Resource):
    """A table of the catalogue; its id is `<account>:<database>:<name>`."""

    pulumi_type = "aws:glue/catalogTable:CatalogTable"
    name = AutoName("name", longest=255, lower_case=True)
    inputs = {
        "name": Input(replaces=True),
        "databaseName": Input(required=True, replaces=True),
        "catalogId": Input(replaces=True),
        "description": Input(default=""),
        "owner": Input(),
        "parameters": Input(),
        "partitionKeys": Input(),
        "retention": Input(default=0),
        "storageDescriptor": Input(),
        "tableType": Input(),
        "viewExpandedText": Input(),
        "viewOriginalText": Input(),
    }
    computed = ("arn",)

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        catalog, database, name = inputs.get("catalogId", aws.account_id), inputs["databaseName"], inputs["name"]
        aws.glue.create_table(CatalogId=catalog, DatabaseName=database, TableInput=_table(inputs))
        return f"{catalog}:{database}:{name}", {
            "catalogId": catalog,
            "arn": aws.arn("glue", f"table/{database}/{name}"),
        }

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        catalog, database, name = id_.split(":", 2)
        table = aws.glue.get_table(CatalogId=catalog, DatabaseName=database, Name=name)["Table"]
        settings = told(table)
        storage = part(settings, "storageDescriptor")
        if "serdeInfo" in storage:
            storage["serDeInfo"] = storage.pop("serdeInfo")
        return {
            **{key: settings[key] for key in self.inputs if key in settings},
            "description": settings.get("description", ""),
            "retention": settings.get("retention", 0),
            "storageDescriptor": as_said(storage, known.get("storageDescriptor")) or None,
            "partitionKeys": as_said(settings.get("partitionKeys"), known.get("partitionKeys")),
            "catalogId": catalog,
            "arn": aws.arn("glue", f"table/{database}/{name}"),
        }

    def update(self, aws: Account, change: Change) -> Properties:
        catalog, database, _name = change.id.split(":", 2)
        aws.glue.update_table(CatalogId=catalog, DatabaseName=database, TableInput=_table(change.new))
        return {}

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        catalog, database, name = id_.split(":", 2)
        aws.glue.delete_table(CatalogId=catalog, DatabaseName=database, Name=name)

    def find(self, aws: Account, inputs: Properties) -> str | None:
        id_ = f"{inputs.get('catalogId', aws.account_id)}:{inputs['databaseName']}:{inputs['name']}"
        return id_ if self.read(aws, id_, inputs) else None


def _database_arn(aws: Account, name: str) -> str:
    return aws.arn("glue", f"database/{name}")


def _database(inputs: Properties) -> Any:
    return to_aws({key: value for key, value in inputs.items() if key not in {"catalogId", "tags"}})


def _table(inputs: Properties) -> Any:
    """Return a table as Glue takes it."""
    settings = {key: value for key, value in inputs.items() if key not in {"catalogId", "databaseName"}}
    # What is not said stays as it was, so what is taken away must be said to be empty.
    table = to_aws({"parameters": {}, "partitionKeys": [], **settings})
    storage = table.get("StorageDescriptor", {})
    if "SerDeInfo" in storage:  # the one key that Pulumi spells otherwise
        storage["SerdeInfo"] = storage.pop("SerDeInfo")
    return table
