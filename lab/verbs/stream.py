"""`lab stream`: looks into a stream by hand."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated

import typer

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import LabError, UsageError
from lab.hash_keys import HASH_KEYS, hash_range
from lab.numbers import decimal
from lab.stream_reading import LATEST, OLDEST, Position, StreamReader, StreamRecord, all_shards, is_open
from lab.target import LESSONS, Target
from lab.terminal import note, say, say_json, say_json_line, styled, table
from lab.times import moment, shown
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from mypy_boto3_kinesis.client import KinesisClient
    from mypy_boto3_kinesis.type_defs import ShardTypeDef

app = VerbApp()

StreamName = Annotated[str, typer.Argument(metavar="NAME", help=_("A lesson (its stream), or a stream."))]
_SHORTEST_SEQUENCE_NUMBER = 20  # digits; shorter ones would be years


@app.verb(
    "describe",
    summary=_("Show a stream's shards, their hash ranges, and how long it keeps records."),
    details=_("A record's shard is the one whose range holds the MD5 of its partition key, read as a 128-bit number."),
    json_shape="""\
{"name": NAME, "arn": ARN, "status": TEXT, "mode": TEXT, "retention_hours": N,
 "shards": [{"id": ID, "open": true,
             "hash_key_range": {"StartingHashKey": N, "EndingHashKey": N}}]}""",
    examples=("lab stream describe basic", "lab stream describe EventStream --json"),
)
def describe(name: StreamName, *, stack: Stack = LOCAL_STACK, as_json: AsJson = False) -> None:
    """Print mode, retention and shards."""
    target = Target(stack)
    stream = target.stream_name(name)
    summary = target.clients.kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    mode = summary.get("StreamModeDetails", {"StreamMode": "PROVISIONED"})["StreamMode"]
    shards = all_shards(target.clients.kinesis, stream)
    if as_json:
        say_json(
            {
                "name": stream,
                "arn": summary["StreamARN"],
                "status": summary["StreamStatus"],
                "mode": mode,
                "retention_hours": summary["RetentionPeriodHours"],
                "shards": [
                    {"id": shard["ShardId"], "open": is_open(shard), "hash_key_range": shard["HashKeyRange"]}
                    for shard in shards
                ],
            }
        )
        return
    hours = summary["RetentionPeriodHours"]
    kept = ngettext("keeps records for {count} hour", "keeps records for {count} hours", hours).format(count=hours)
    say(f"{styled(stream, 'bold')}  {summary['StreamStatus']}, {mode}, {kept}")
    open_text, closed_text = _("open"), _("closed")
    rows = [
        (
            shard["ShardId"],
            open_text if is_open(shard) else closed_text,
            _share(shard),
            " - ".join(f"{key:032x}" for key in hash_range(shard)),
            shard.get("ParentShardId", "-"),
        )
        for shard in shards
    ]
    table((_("shard"), _("state"), _("share"), _("hash keys, hexadecimal"), _("parent")), rows)


@app.verb(
    "read",
    summary=_("Show the records of a stream, those of every shard."),
    details=_(
        "Reading takes nothing away: a record stays until its retention is over, whoever has read it. The stream of "
        "purchases is that of its table; its records are changes."
    ),
    json_shape="""\
{"shard": ID, "sequence_number": ID, "partition_key": TEXT, "arrived": TIME, "data": TEXT}
…""",
    examples=(
        "lab stream read basic",
        "lab stream read basic --from 10m --limit 20",
        "lab stream read basic --from latest --follow",
        "lab stream read EventStream --shard shardId-000000000000",
    ),
)
def read(
    name: StreamName,
    *,
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="WHERE",
            help=_(
                "trim-horizon (the oldest), latest (only what arrives from now on), a time (10m, 2h, "
                "2026-05-31T18:30 in UTC), or with --shard a sequence number."
            ),
        ),
    ] = "trim-horizon",
    shard: Annotated[str | None, typer.Option("--shard", metavar="ID", help=_("Only this shard."))] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help=_("Go on until Ctrl-C."))] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help=_("At most so many records."))
    ] = None,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Print the records; with --json one object per line."""
    position = _position(start, shard=shard, follow=follow)
    target = Target(stack)
    kinesis, stream = _source(target, name)
    shards = [known["ShardId"] for known in all_shards(kinesis, stream)]
    if shard and shard not in shards:
        what = _("Stream {stream} has no shard {shard}.").format(stream=stream, shard=shard)
        raise LabError(what, next_step=_("Its shards: {names}.").format(names=", ".join(shards)))
    records = StreamReader(kinesis, stream, position, shard).read(follow=follow)
    shown_records = 0
    for record in itertools.islice(records, limit):
        shown_records += 1
        if as_json:
            say_json_line(_as_data(record))
        else:
            when, key = styled(shown(record.arrived), "dim"), styled(record.partition_key, "cyan")
            say(f"{when}  {record.shard}  {key}  {_decoded(record.data)}")
    if not shown_records and not as_json:
        note(_("No record there. Send some: lab send basic"))


def _source(target: Target, name: str) -> tuple[KinesisClient, str]:
    """Return what a stream is read with, and its name: a lesson's stream may be that of its table."""
    if name in LESSONS and (arn := target.lesson(name).get("DynamoDBStreamArn")):
        from lab.table_stream import as_kinesis

        return as_kinesis(target.clients.dynamodbstreams), arn
    return target.clients.kinesis, target.stream_name(name)


def _position(start: str, *, shard: str | None, follow: bool) -> Position:
    match start:
        case "trim-horizon":
            return OLDEST
        case "latest" if follow:
            return LATEST
        case "latest":
            raise UsageError(_("--from latest shows what arrives from now on: it needs --follow."))
        case _ if start.isdigit() and len(start) >= _SHORTEST_SEQUENCE_NUMBER:
            if not shard:
                raise UsageError(_("A sequence number belongs to a shard: name it with --shard."))
            return Position("AT_SEQUENCE_NUMBER", sequence_number=start)
        case _:
            return Position("AT_TIMESTAMP", timestamp=moment(start, option="--from"))


def _share(shard: ShardTypeDef) -> str:
    """Return how much of all partition keys falls into the shard."""
    first, last = hash_range(shard)
    return f"{decimal(100 * (last - first + 1) / HASH_KEYS)} %"


def _as_data(record: StreamRecord) -> dict[str, str]:
    return {
        "shard": record.shard,
        "sequence_number": record.sequence_number,
        "partition_key": record.partition_key,
        "arrived": shown(record.arrived),
        "data": _decoded(record.data),
    }


def _decoded(data: bytes) -> str:
    """Return the payload as text; what is no text, as Python shows bytes."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return str(data)
