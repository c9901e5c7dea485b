"""DynamoDB: tables."""

# ruff: noqa: ARG002, D102, RUF012 - the base class says what every method takes and means, and what a class holds

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.deploy.provider.errors import undone_on_failure
from lab.deploy.provider.resources.base import TAGS, AutoName, Change, Input, Resource
from lab.deploy.provider.values import from_aws, given, part, parts, tag_list, tags_from_list, tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.deploy.provider.account import Account
    from lab.deploy.provider.values import Properties

_VIEWS = {"KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"}
_STREAM_OUTPUTS = ("streamArn", "streamLabel")


class Table(Resource):
    """A table; its id is its name."""

    pulumi_type = "aws:dynamodb/table:Table"
    name = AutoName("name", longest=255, pattern=r"[A-Za-z0-9_.-]{3,}")
    inputs = {
        "name": Input(replaces=True),
        "hashKey": Input(required=True, replaces=True),
        "rangeKey": Input(replaces=True),
        "attributes": Input(required=True, kind="set"),
        "billingMode": Input(default="PROVISIONED", allowed={"PROVISIONED", "PAY_PER_REQUEST"}),
        "readCapacity": Input(allowed=range(1, 40_001)),
        "writeCapacity": Input(allowed=range(1, 40_001)),
        "globalSecondaryIndexes": Input(kind="set"),
        "localSecondaryIndexes": Input(kind="set", replaces=True),
        "streamEnabled": Input(default=False, affects=_STREAM_OUTPUTS),
        "streamViewType": Input(allowed=_VIEWS, affects=_STREAM_OUTPUTS),
        "ttl": Input(),
        "pointInTimeRecovery": Input(),
        "deletionProtectionEnabled": Input(default=False),
        "tableClass": Input(default="STANDARD", allowed={"STANDARD", "STANDARD_INFREQUENT_ACCESS"}, told=False),
        "serverSideEncryption": Input(told=False),
        "tags": TAGS,
    }
    computed = ("arn", *_STREAM_OUTPUTS)

    def create(self, aws: Account, inputs: Properties) -> tuple[str, Properties]:
        name = inputs["name"]
        indexes = [_index(index, inputs) for index in parts(inputs, "globalSecondaryIndexes")]
        local_indexes = [
            _index({"hashKey": inputs["hashKey"], **index}, None) for index in parts(inputs, "localSecondaryIndexes")
        ]
        aws.dynamodb.create_table(
            TableName=name,
            KeySchema=_keys(inputs),
            AttributeDefinitions=_attributes(inputs),
            BillingMode=inputs["billingMode"],
            **given(
                ProvisionedThroughput=_capacity(inputs, inputs),
                GlobalSecondaryIndexes=indexes or None,
                LocalSecondaryIndexes=local_indexes or None,
                StreamSpecification=_stream(inputs) if inputs["streamEnabled"] else None,
                DeletionProtectionEnabled=inputs["deletionProtectionEnabled"] or None,
                Tags=tag_list(tags_of(inputs)) or None,
            ),
        )
        with undone_on_failure(lambda: aws.dynamodb.delete_table(TableName=name)):
            table = _wait_until_active(aws, name)
            if part(inputs, "ttl").get("enabled"):
                _set_ttl(aws, name, inputs["ttl"])
            if part(inputs, "pointInTimeRecovery").get("enabled"):
                _set_recovery(aws, name, enabled=True)
        return name, _computed(table)

    def read(self, aws: Account, id_: str, known: Properties) -> Properties | None:
        table: Mapping[str, Any] = aws.dynamodb.describe_table(TableName=id_)["Table"]
        if table.get("TableStatus") == "DELETING":
            return None
        arn = table.get("TableArn", "")
        tags = aws.dynamodb.list_tags_of_resource(ResourceArn=arn).get("Tags", [])
        ttl = aws.dynamodb.describe_time_to_live(TableName=id_)["TimeToLiveDescription"]
        backups = aws.dynamodb.describe_continuous_backups(TableName=id_)["ContinuousBackupsDescription"]
        recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        billing = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
        capacity = part(table, "ProvisionedThroughput") if billing == "PROVISIONED" else {}
        stream = table.get("StreamSpecification", {})
        return {
            "name": id_,
            **_key_names(table.get("KeySchema", [])),
            "attributes": [
                {"name": attribute["AttributeName"], "type": attribute["AttributeType"]}
                for attribute in table.get("AttributeDefinitions", [])
            ],
            "billingMode": billing,
            "readCapacity": capacity.get("ReadCapacityUnits"),
            "writeCapacity": capacity.get("WriteCapacityUnits"),
            "globalSecondaryIndexes": _global_indexes(table, known),
            "localSecondaryIndexes": _local_indexes(table),
            "streamEnabled": stream.get("StreamEnabled", False),
            "streamViewType": stream.get("StreamViewType"),
            "ttl": {"attributeName": ttl.get("AttributeName", ""), "enabled": True}
            if ttl.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
            else None,
            "pointInTimeRecovery": {"enabled": True} if recovery == "ENABLED" else None,
            "deletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
            "tags": tags_from_list(tags) or None,
            **_computed(table),
        }

    def update(self, aws: Account, change: Change) -> Properties:
        name, new = change.id, change.new
        if change.of("deletionProtectionEnabled"):
            _update(aws, name, DeletionProtectionEnabled=new["deletionProtectionEnabled"])
        if change.of("billingMode", "readCapacity", "writeCapacity"):
            _update(aws, name, BillingMode=new["billingMode"], ProvisionedThroughput=_capacity(new, new))
        self._update_indexes(aws, change)
        if change.of("streamEnabled", "streamViewType"):
            # A stream's view cannot be changed: the old stream ends, and another one begins.
            if change.old["streamEnabled"]:
                _update(aws, name, StreamSpecification={"StreamEnabled": False})
            if new["streamEnabled"]:
                _update(aws, name, StreamSpecification=_stream(new))
        if change.of("ttl"):
            _change_ttl(aws, change)
        if change.of("pointInTimeRecovery"):
            _set_recovery(aws, name, enabled=bool(part(new, "pointInTimeRecovery").get("enabled")))
        arn = change.known["arn"]
        change.retag(
            lambda tags: aws.dynamodb.tag_resource(ResourceArn=arn, Tags=tag_list(tags)),
            lambda keys: aws.dynamodb.untag_resource(ResourceArn=arn, TagKeys=keys),
        )
        return _computed(aws.dynamodb.describe_table(TableName=name)["Table"])

    def delete(self, aws: Account, id_: str, known: Properties) -> None:
        aws.dynamodb.delete_table(TableName=id_)
        aws.wait_until_gone(lambda: aws.dynamodb.describe_table(TableName=id_), id_)

    def _update_indexes(self, aws: Account, change: Change) -> None:
        """Remove and add indexes one by one, as DynamoDB wants it; an index that changed is made again."""
        if not change.of("globalSecondaryIndexes", "billingMode"):
            return
        # What is there, not what was said: an update that failed half-way may have made some of them.
        table = aws.dynamodb.describe_table(TableName=change.id)["Table"]
        old, new = _by_name({"globalSecondaryIndexes": _global_indexes(table, change.new)}), _by_name(change.new)
        for name in old:
            if name not in new or _shape(old[name]) != _shape(new[name]):
                _update(aws, change.id, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": name}}])
        for name, index in new.items():
            if name not in old or _shape(old[name]) != _shape(index):
                create = {"Create": _index(index, change.new)}
                attributes = _attributes(change.new)
                _update(aws, change.id, AttributeDefinitions=attributes, GlobalSecondaryIndexUpdates=[create])
            elif (capacity := _capacity(index, change.new)) and capacity != _capacity(old[name], change.new):
                update = {"Update": {"IndexName": name, "ProvisionedThroughput": capacity}}
                _update(aws, change.id, GlobalSecondaryIndexUpdates=[update])


def _update(aws: Account, name: str, **arguments: Any) -> None:
    aws.dynamodb.update_table(TableName=name, **given(**arguments))
    _wait_until_active(aws, name)


def _wait_until_active(aws: Account, name: str) -> Mapping[str, Any]:
    """Wait until a table and all its indexes can be used, and return its description."""

    def active() -> Mapping[str, Any] | None:
        table = aws.dynamodb.describe_table(TableName=name)["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        states = [table.get("TableStatus"), *(index.get("IndexStatus", "ACTIVE") for index in indexes)]
        return table if all(state == "ACTIVE" for state in states) else None

    return aws.wait_for(active, name)


def _computed(table: Mapping[str, Any]) -> Properties:
    return {
        "arn": table["TableArn"],
        "streamArn": table.get("LatestStreamArn", ""),
        "streamLabel": table.get("LatestStreamLabel", ""),
    }


def _stream(inputs: Properties) -> dict[str, Any]:
    return {"StreamEnabled": True, **given(StreamViewType=inputs.get("streamViewType"))}


def _attributes(inputs: Properties) -> list[Any]:
    return [{"AttributeName": item["name"], "AttributeType": item["type"]} for item in inputs["attributes"]]


def _keys(item: Mapping[str, Any]) -> list[Any]:
    """Return the key schema of a table or an index, which Pulumi lets a program say in two ways."""
    if schemas := item.get("keySchemas"):
        return [{"AttributeName": key["attributeName"], "KeyType": key["keyType"]} for key in schemas]
    keys = [{"AttributeName": item["hashKey"], "KeyType": "HASH"}] if item.get("hashKey") else []
    return keys + ([{"AttributeName": item["rangeKey"], "KeyType": "RANGE"}] if item.get("rangeKey") else [])


def _key_names(schema: list[Any]) -> dict[str, str]:
    return {"hashKey" if key["KeyType"] == "HASH" else "rangeKey": key["AttributeName"] for key in schema}


def _capacity(item: Mapping[str, Any], table: Properties) -> dict[str, int] | None:
    """Return the capacity of a table or an index; None when requests are paid one by one."""
    if table["billingMode"] != "PROVISIONED":
        return None
    return {
        "ReadCapacityUnits": int(item.get("readCapacity") or table.get("readCapacity") or 1),
        "WriteCapacityUnits": int(item.get("writeCapacity") or table.get("writeCapacity") or 1),
    }


def _index(index: Mapping[str, Any], table: Properties | None) -> dict[str, Any]:
    """Return an index as DynamoDB takes it.

    Args:
        index: as Pulumi says it; a local one has no hash key of its own.
        table: the inputs of the table, None for a local index, which shares the table's capacity.
    """
    projection = {"ProjectionType": index["projectionType"]}
    if index.get("nonKeyAttributes"):
        projection["NonKeyAttributes"] = index["nonKeyAttributes"]
    return {
        "IndexName": index["name"],
        "KeySchema": _keys(index),
        "Projection": projection,
        **given(ProvisionedThroughput=_capacity(index, table) if table else None),
    }


def _projection(index: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an index holds, as Pulumi says it."""
    projection = index.get("Projection", {})
    return given(
        projectionType=projection.get("ProjectionType"), nonKeyAttributes=projection.get("NonKeyAttributes") or None
    )


def _global_indexes(table: Mapping[str, Any], known: Properties) -> list[Any] | None:
    """Return a table's global indexes as Pulumi says them: their keys in the way in which they were said before."""
    said = _by_name(known)
    indexes: list[Any] = []
    for index in table.get("GlobalSecondaryIndexes", []):
        name, keys = index["IndexName"], index["KeySchema"]
        capacity = index.get("ProvisionedThroughput", {})
        indexes.append(
            {
                "name": name,
                **({"keySchemas": from_aws(keys)} if "keySchemas" in said.get(name, {}) else _key_names(keys)),
                **_projection(index),
                **given(
                    readCapacity=capacity.get("ReadCapacityUnits") or None,
                    writeCapacity=capacity.get("WriteCapacityUnits") or None,
                ),
            }
        )
    return indexes or None


def _local_indexes(table: Mapping[str, Any]) -> list[Any] | None:
    """Return a table's local indexes as Pulumi says them: the hash key is the table's."""
    return [
        {
            "name": index["IndexName"],
            "rangeKey": _key_names(index["KeySchema"]).get("rangeKey"),
            **_projection(index),
        }
        for index in table.get("LocalSecondaryIndexes", [])
    ] or None


def _by_name(properties: Properties) -> dict[str, dict[str, Any]]:
    return {index["name"]: index for index in parts(properties, "globalSecondaryIndexes")}


def _shape(index: Mapping[str, Any]) -> Any:
    """Return what cannot be changed of an index: its keys and what it holds."""
    return _keys(index), index["projectionType"], sorted(parts(index, "nonKeyAttributes"))


def _set_ttl(aws: Account, name: str, ttl: Mapping[str, Any], *, enabled: bool = True) -> None:
    aws.dynamodb.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"AttributeName": ttl["attributeName"], "Enabled": enabled}
    )


def _change_ttl(aws: Account, change: Change) -> None:
    """Change the attribute by which items expire; the old one is switched off first, as DynamoDB wants it."""
    old, new = part(change.old, "ttl"), part(change.new, "ttl")
    if old.get("enabled"):
        _set_ttl(aws, change.id, old, enabled=False)
    if new.get("enabled"):
        _set_ttl(aws, change.id, new)


def _set_recovery(aws: Account, name: str, *, enabled: bool) -> None:
    aws.dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
    )
