"""`lab show`: what came out of a lesson, the items and the failures."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from typing import Annotated, Any

import typer

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.findings import Failure, Items, read_failures, read_items
from lab.target import Target, require_lesson
from lab.terminal import progress, say, say_json, styled, table
from languages import gettext as _
from languages import ngettext

app = VerbApp()


@app.verb(
    "show",
    details=_(
        "Items are what the function stored. Failures are the records it could not process: Lambda gave them up and "
        "put a message into the on-failure queue. Looking removes nothing."
    ),
    json_shape="""\
{"lesson": NAME,
 "items": {"count": N, "newest": [{"eventId": ID, "timestamp": TIME, "data": {…}, …}]},
 "failures": [{"shard": ID, "first_sequence_number": ID, "last_sequence_number": ID, "records": N,
               "condition": TEXT, "attempts": N, "function_error": TEXT or null, "time": TIME}],
 "by_shard": {SHARD: {"items": N, "failed": N}}}""",
    examples=("lab show basic", "lab show basic --limit 100", "lab show basic --json | jq .items.count"),
)
def show(
    lesson: Annotated[str, typer.Argument(metavar="LESSON", help=_("The lesson: basic."))],
    *,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help=_("How many items and failures, the newest ones."))
    ] = 10,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Read table and queue, and tell."""
    require_lesson(lesson, ("basic",))
    target = Target(stack)
    outputs = target.lesson(lesson)
    with progress(_("Reading …"), silent=as_json):
        items = read_items(target.clients.dynamodb, outputs["DynamoDBTableName"], newest=limit)
        # Without a queue (the setting `destination` is sns or s3) there is none to read.
        failures = read_failures(target.clients.sqs, queue) if (queue := outputs["FailureQueueUrl"]) else []
    if as_json:
        say_json(as_data(lesson, items, failures))
        return
    tell_items(items, outputs["DynamoDBTableName"])
    say()
    tell_failures(failures, lesson, limit)
    tell_shards(items, failures)


def as_data(lesson: str, items: Items, failures: list[Failure]) -> dict[str, Any]:
    """Return it all for a program."""
    return {
        "lesson": lesson,
        "items": {"count": items.count, "newest": items.newest},
        "failures": [dataclasses.asdict(failure) for failure in failures],
        "by_shard": {
            shard: {"items": stored, "failed": failed} for shard, stored, failed in _by_shard(items, failures)
        },
    }


def tell_items(items: Items, table_name: str) -> None:
    """Print the items as a table."""
    text = ngettext("{count} item in table {table}", "{count} items in table {table}", items.count)
    say(styled(text.format(count=items.count, table=table_name), "bold"))
    if not items.newest:
        say("  " + _("Nothing has arrived yet. Send something: lab send basic"))
        return
    tell_each_item(items.newest)
    if items.count > len(items.newest):
        _tell_the_older_ones(items.count - len(items.newest))


def _tell_the_older_ones(count: int) -> None:
    text = ngettext(
        "… and {count} older one (--limit shows more).", "… and {count} older ones (--limit shows more).", count
    )
    say("  " + text.format(count=count))


def tell_each_item(items: list[dict[str, Any]]) -> None:
    """Print items as the rows of a table."""
    rows = [
        (_short_event(str(item.get("eventId", ""))), item.get("timestamp", ""), _sensor(item), _data(item))
        for item in items
    ]
    table(("eventId", "timestamp", "sensor", "data"), rows)


def tell_failures(failures: list[Failure], lesson: str, limit: int) -> None:
    """Print each failure in words, and how to look at the record it is about."""
    text = ngettext(
        "{count} message in the on-failure queue", "{count} messages in the on-failure queue", len(failures)
    )
    say(styled(text.format(count=len(failures)), "bold"))
    for failure in failures[:limit]:
        tell_failure(failure)
    if len(failures) > limit:
        _tell_the_older_ones(len(failures) - limit)
    if failures:
        say("  " + _("The message says where a record lies, not what it says. Read the newest one in its stream:"))
        newest = failures[0]
        say(
            f"    lab stream read {lesson} --shard {newest.shard} "
            f"--from {newest.first_sequence_number} --limit {newest.records}"
        )


def tell_failure(failure: Failure) -> None:
    """Print one failure: when, why, and where its records lie."""
    say(f"  {failure.time}  {_what(failure)}: {_why(failure)}")
    say(f"    {failure.shard}  {_sequence_numbers(failure)}")


def tell_shards(items: Items, failures: list[Failure]) -> None:
    """Print how items and failures spread over the shards."""
    rows = _by_shard(items, failures)
    if rows:
        say()
        table((_("shard"), _("items"), _("failures")), rows)


def _by_shard(items: Items, failures: list[Failure]) -> list[tuple[str, int, int]]:
    failed: Counter[str] = Counter()
    for failure in failures:
        failed[failure.shard] += failure.records
    return [(shard, items.by_shard[shard], failed[shard]) for shard in sorted({*items.by_shard, *failed})]


def _what(failure: Failure) -> str:
    text = ngettext("{count} record was given up", "{count} records were given up", failure.records)
    return text.format(count=failure.records)


def _why(failure: Failure) -> str:
    if failure.condition == "RecordAgeExceeded":
        return _("too old when its turn came (RecordAgeExceeded).")
    if failure.function_error:
        text = ngettext(
            "after {count} attempt ({condition}); the function ended with an error, its log says which.",
            "after {count} attempts ({condition}); the function ended with an error, its log says which.",
            failure.attempts,
        )
    else:
        text = ngettext(
            "after {count} attempt ({condition}); the function reported it as failed, its log says why.",
            "after {count} attempts ({condition}); the function reported it as failed, its log says why.",
            failure.attempts,
        )
    return text.format(count=failure.attempts, condition=failure.condition)


def _sequence_numbers(failure: Failure) -> str:
    if failure.first_sequence_number == failure.last_sequence_number:
        return failure.first_sequence_number
    return f"{failure.first_sequence_number} … {failure.last_sequence_number}"


def _short_event(event: str) -> str:
    """Return shard and last digits: the sequence number's 56 would push everything else off the line."""
    shard, _colon, sequence_number = event.partition(":")
    return f"{shard.removeprefix('shardId-').lstrip('0') or '0'}:…{sequence_number[-8:]}" if sequence_number else event


def _sensor(item: dict[str, Any]) -> str:
    data = item.get("data")
    return str(data.get("sensor", "")) if isinstance(data, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _data(item: dict[str, Any]) -> str:
    return json.dumps(item.get("data"), ensure_ascii=False, default=str)
