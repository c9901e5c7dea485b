"""Checks `filter`: what reaches the function is every new purchase of one shop, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.workbook.purchases import purchase, typed, word

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt
    from lab.workbook.workbench import Workbench

SHOP = "empresa_andina"
CHANGES = 9
"""Three elsewhere, one here, both changed and removed, and one more."""


def check(attempt: Attempt) -> None:
    """Deploy the program, buy, change and remove in several shops, and see which changes were noted."""
    cloud = attempt.cloud(time_scale=0.01)
    attempt.read("program.py")  # messages name it
    outputs = cloud.up()["purchases"]
    table = outputs["DynamoDBTableName"]
    elsewhere = [_buy(cloud, table, tenant) for tenant in (f"empresa_{word()}", f"{SHOP}_norte", "empresa")]
    first = _buy(cloud, table, SHOP)
    for item in (elsewhere[0], first):
        _put(cloud, table, item | {"user_id": word()})
        keys: Any = {name: typed(item[name]) for name in ("tenant_id", "compra_id")}
        cloud.clients.dynamodb.delete_item(TableName=table, Key=keys)
    last = _buy(cloud, table, SHOP)
    cloud.eventually(lambda: _done_with(cloud) >= CHANGES, seconds=20)
    noted = _noted(cloud, outputs)
    attempt.require(noted, "nothing_arrives")
    expected = {first["compra_id"], last["compra_id"]}
    others = [each for each in noted if each["tenant_id"] != SHOP]
    changes = [each for each in noted if each["tenant_id"] == SHOP and each["event_name"] != "INSERT"]
    said = {"got": len(noted), "expected": len(expected)}
    if others and changes:
        everything = {each["event_name"] for each in others} >= {"MODIFY", "REMOVE"}
        attempt.fail("all_changes" if everything else "either_is_enough", **said)
    if others:
        attempt.fail("other_tenants", tenant=others[0]["tenant_id"], **said)
    if changes:
        attempt.fail("other_changes", change=changes[0]["event_name"], **said)
    attempt.require(_ids(noted) == expected, "some_missing", **said)


def _buy(cloud: Workbench, table: str, tenant: str) -> dict[str, Any]:
    item = purchase(tenant_id=tenant)
    _put(cloud, table, item)
    return item


def _put(cloud: Workbench, table: str, item: dict[str, Any]) -> None:
    cloud.clients.dynamodb.put_item(TableName=table, Item=typed(item)["M"])


def _done_with(cloud: Workbench) -> int:
    """Return how many changes the mapping is done with: handed over, or sorted out."""
    return sum(event["count"] for event in cloud.trace() if event["event"] in {"filtered", "outcome"})


def _noted(cloud: Workbench, outputs: dict[str, Any]) -> list[dict[str, Any]]:
    return cloud.items(outputs["NotedTableName"])


def _ids(noted: list[dict[str, Any]]) -> set[str]:
    return {each["compra_id"] for each in noted}
