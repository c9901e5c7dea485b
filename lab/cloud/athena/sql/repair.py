"""MSCK REPAIR TABLE: registers the partitions whose folders, `name=value/`, are there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from lab.cloud.athena.sql.cloud import split_location
from lab.cloud.athena.sql.definitions import partition_input
from lab.cloud.athena.sql.loading import registered

if TYPE_CHECKING:
    from lab.cloud.athena.sql.catalog import Table
    from lab.cloud.athena.sql.cloud import CloudAsked

_TOGETHER = 100


def repair(cloud: CloudAsked, table: Table) -> list[str]:
    """Register the partitions that are missing; return what Athena prints."""
    known = {partition.values for partition in registered(cloud, table)}
    _bucket, prefix = split_location(table.location)
    found: dict[tuple[str, ...], str] = {}
    for key in cloud.list_objects(table.location):
        folders = key[len(prefix) :].split("/")[:-1][: len(table.partition_keys)]
        named = [folder.partition("=") for folder in folders]
        if [name.lower() for name, _, _ in named] == [key.name for key in table.partition_keys]:
            found[tuple(unquote(value) for _, _, value in named)] = "/".join(folders)
    missing = {values: path for values, path in sorted(found.items()) if values not in known}
    inputs = [
        partition_input(table, list(values), f"{table.location.rstrip('/')}/{path}") for values, path in missing.items()
    ]
    for start in range(0, len(inputs), _TOGETHER):
        cloud.glue(
            "BatchCreatePartition",
            DatabaseName=table.database,
            TableName=table.name,
            PartitionInputList=inputs[start : start + _TOGETHER],
        )
    names = [f"{table.name}:{path}" for path in missing.values()]
    if not names:
        return []
    return ["Partitions not in metastore:\t" + "\t".join(names),
            *(f"Repair: Added partition to metastore {name}" for name in names)]  # fmt: skip
