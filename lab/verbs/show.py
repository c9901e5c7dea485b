"""`lab show`: what came out of a lesson, the items and the failures."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import LabError
from lab.findings import Failure, Failures, Record, read_failures
from lab.lessons.contract import find, find_detailed
from lab.lessons.telling import tell_of_older_ones
from lab.numbers import whole
from lab.short_names import short_number
from lab.target import Target
from lab.terminal import progress, say, say_json, say_paragraph, styled, table
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.lessons.contract import Outcome

app = VerbApp()

_RECORDS_SHOWN = 3
_LONGEST_DATA = 80


@app.verb(
    "show",
    details=_(
        "First what the lesson's function stored, then its failures: the records it could not process. Lambda gave "
        "them up and told the on-failure destination. A queue and a bucket keep what they are told, a topic does not. "
        "Looking removes nothing."
    ),
    json_shape="""\
{"lesson": NAME,
 "items": {"count": N, "newest": [{"eventId": ID, "timestamp": TIME, "data": {…}, …}]},   (basic)
 "objects": {"count": N, "records": N, "more_than_once": N,
             "newest": [{"key": KEY, "bytes": N, "stored": TIME, "records": N}]},  (archive)
 "documents": {"count": N, "bytes": N,
               "by_day": [{"tenant": ID, "day": DAY, "insert": N, "modify": N, "remove": N}],
               "newest": [{"key": KEY, "document": {…}}]},  (purchases)
 "results": [{"option_id": ID, "name": TEXT, "votes": N}], "total": N,                   (votes)
 "failure_destination": ARN,
 "failures": [{"shard": ID, "first_sequence_number": ID, "last_sequence_number": ID, "records": N,
               "condition": TEXT, "attempts": N, "function_error": TEXT or null, "time": TIME,
               "contents": null or, from a bucket,
                           [{"sequence_number": ID, "partition_key": TEXT, "data": TEXT}]}]
             or null where nobody can know,
 "failures_unknown": TEXT or null,
 "foreign": [{"id": ID, "time": TIME}],
 "still_to_process": N or null where the cloud does not say,
 "by_shard": {SHARD: {"items": N or null, "failed": N or null}}}
with KEY:
{"key": KEY, "content_type": TEXT, "metadata": {NAME: TEXT}, "content": TEXT}""",
    examples=(
        "lab show basic",
        "lab show basic --limit 100",
        "lab show basic --json | jq .items.count",
        "lab show archive KEY",
    ),
)
def show(
    lesson: Annotated[str, typer.Argument(metavar="LESSON", help=_("The lesson."))],
    key: Annotated[
        str | None, typer.Argument(metavar="KEY", help=_("Only the object with this key, and what is in it (archive)."))
    ] = None,
    *,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help=_("How many items and failures, the newest ones."))
    ] = 10,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Read table and destination, and tell."""
    target = Target(stack)
    if key is not None:
        _show_one(target, lesson, key, as_json=as_json)
        return
    module = find(lesson)
    outputs = target.lesson(lesson)
    with progress(_("Reading …"), silent=as_json):
        found = module.outcome(target, outputs, limit=limit)
        failures = read_failures(target.clients, outputs)
        waiting = _still_to_process(outputs)
    if as_json:
        say_json({**as_data(lesson, found, failures), "still_to_process": waiting})
        return
    found.tell()
    say()
    tell_failures(failures, lesson, limit)
    tell_shards(found, failures)
    if waiting:
        say()
        text = ngettext(
            "{count} record of the stream is still to be processed: it waits, or is being tried (again).",
            "{count} records of the stream are still to be processed: they wait, or are being tried (again).",
            waiting,
        )
        say(styled(text.format(count=whole(waiting)), "yellow"))


def _show_one(target: Target, lesson: str, key: str, *, as_json: bool) -> None:
    module = find_detailed(lesson)
    found = module.detail(target, target.lesson(lesson), key)
    if as_json:
        say_json(found.as_data())
    else:
        found.tell()


def _still_to_process(outputs: Mapping[str, Any]) -> int | None:
    """Return how many records the function has not done with; None where the cloud does not say."""
    from lab.cloud.asking import ask
    from lab.cloud.client import require_cloud

    try:
        behind = ask(require_cloud(), "GET", "/_lab/mappings").get("behind", {})
    except LabError:
        return None
    shards: dict[str, int] | None = behind.get(outputs.get("EventSourceMappingId"))
    return None if shards is None else sum(shards.values())


def as_data(lesson: str, found: Outcome, failures: Failures) -> dict[str, Any]:
    """Return it all for a program."""
    told = failures.told
    return {
        "lesson": lesson,
        **found.as_data(),
        "failure_destination": failures.destination,
        "failures": None if told is None else [dataclasses.asdict(failure) for failure in told],
        "failures_unknown": why_unknown(failures, lesson) if told is None else None,
        "foreign": [dataclasses.asdict(foreign) for foreign in failures.foreign],
        "by_shard": {
            shard: {"items": stored, "failed": failed} for shard, stored, failed in _by_shard(found, failures)
        },
    }


def tell_failures(failures: Failures, lesson: str, limit: int) -> None:
    """Print each failure in words, and how to look at the records it is about."""
    if failures.told is None:
        say(styled(_("Failures"), "bold"))
        say_paragraph(why_unknown(failures, lesson))
        return
    say(styled(_how_many(failures), "bold"))
    for failure in failures.told[:limit]:
        tell_failure(failure)
    if len(failures.told) > limit:
        tell_of_older_ones(len(failures.told) - limit)
    for foreign in failures.foreign[:limit]:
        say(f"  {foreign.time}  " + _("a message that is not Lambda's: {id}").format(id=foreign.id))
    if len(failures.foreign) > limit:
        tell_of_older_ones(len(failures.foreign) - limit)
    if failures.told and failures.told[0].contents is None:
        say("  " + _("The message says where a record lies, not what it says. Read the newest one in its stream:"))
        newest = failures.told[0]
        say(
            f"    lab stream read {lesson} --shard {newest.shard} "
            f"--from {newest.first_sequence_number} --limit {newest.records}"
        )
    elif failures.told:
        say("  " + _("A bucket is given the records too; a queue or a topic is only told where they lie."))


def why_unknown(failures: Failures, lesson: str) -> str:
    """Return why nobody can say how many failures there are, and what to do to see them."""
    if not failures.destination:
        return _("What is deployed does not say where failures are told. Deploy it again: lab up {lesson}").format(
            lesson=lesson
        )
    return _(
        "Topic {name} is told of failures. It passes a message on to whoever subscribes, and keeps nothing to look "
        "up: whether there were any cannot be said here. What the function says of each: lab logs {lesson}. A queue "
        "or a bucket keeps them (the setting `destination`: sqs or s3)."
    ).format(name=failures.name, lesson=lesson)


def _how_many(failures: Failures) -> str:
    count = len(failures.told or []) + len(failures.foreign)
    if failures.kind == "s3":
        text = ngettext("{count} object in the on-failure bucket", "{count} objects in the on-failure bucket", count)
    else:
        text = ngettext("{count} message in the on-failure queue", "{count} messages in the on-failure queue", count)
    return text.format(count=whole(count))


def tell_failure(failure: Failure) -> None:
    """Print one failure: when, why, where its records lie, and what they say where the destination has them."""
    say(f"  {failure.time}  {_what(failure)}: {_why(failure)}")
    say(f"    {failure.shard}  {_sequence_numbers(failure)}")
    contents = failure.contents or []
    for record in contents[:_RECORDS_SHOWN]:
        say("    " + _record(record))
    if (more := len(contents) - _RECORDS_SHOWN) > 0:
        say(
            "    " + ngettext("… and {count} more record", "… and {count} more records", more).format(count=whole(more))
        )


def _record(record: Record) -> str:
    data = record.data if len(record.data) <= _LONGEST_DATA else f"{record.data[:_LONGEST_DATA]}…"
    return f"{short_number(record.sequence_number)}  {record.partition_key}  {data!r}"


def tell_shards(found: Outcome, failures: Failures) -> None:
    """Print how items and failures spread over the shards."""
    rows = [
        (shard, *("?" if count is None else whole(count) for count in (stored, failed)))
        for shard, stored, failed in _by_shard(found, failures)
    ]
    if rows:
        say()
        table((_("shard"), _("items"), _("failures")), rows)


def _by_shard(found: Outcome, failures: Failures) -> list[tuple[str, int | None, int | None]]:
    """Return shard, items, failed records; None where nobody knows."""
    failed: Counter[str] = Counter()
    for failure in failures.told or []:
        failed[failure.shard] += failure.records
    known = failures.told is not None
    stored = found.by_shard
    return [
        (shard, None if stored is None else stored[shard], failed[shard] if known else None)
        for shard in sorted({*(stored or ()), *failed})
    ]


def _what(failure: Failure) -> str:
    text = ngettext("{count} record was given up", "{count} records were given up", failure.records)
    return text.format(count=whole(failure.records))


def _why(failure: Failure) -> str:
    if failure.condition == "RecordAgeExceeded":
        return _("too old when its turn came (RecordAgeExceeded).")
    if failure.condition == "MaximumPayloadSizeExceeded":
        return _("larger than the 6 MB that a function can be given (MaximumPayloadSizeExceeded).")
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
