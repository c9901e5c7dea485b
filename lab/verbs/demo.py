"""`lab demo`: lesson basic from nothing to the first items, and what became of the one event that is not JSON.

A second run sends new events and shows these, so that what it tells is true each time; nothing is deployed twice.
"""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.command_line import LOCAL_STACK, VerbApp
from lab.drawing import run_and_tell
from lab.errors import LabError
from lab.findings import Failure, Failures, plain, read_failures
from lab.lessons.basic import tell_each_item
from lab.sending import Event
from lab.sensors import sensor_events
from lab.target import Target
from lab.terminal import progress, say, say_paragraph, styled
from lab.verbs import cloud as cloud_verbs
from lab.verbs.show import tell_failure, why_unknown
from languages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

app = VerbApp()

THE_TEXTS_OWN = Event(key="1", payload=b'{"sensor": "temperature", "value": 22.5}')
NOT_JSON = Event(key="1", payload=b"temperature;22.5")
_PATIENCE_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Put:
    """An event that Kinesis has taken, and where it put it."""

    event: Event
    shard: str
    sequence_number: str

    @property
    def event_id(self) -> str:
        """The key of its item: what Lambda calls the record's `eventID`."""
        return f"{self.shard}:{self.sequence_number}"


@app.verb(
    "demo",
    changes=True,
    details=_(
        "Starts the local cloud if it is not running, deploys lesson basic if it is not deployed, sends a few events, "
        "one of them not JSON, and shows what came out. It can be run again at any time."
    ),
    examples=("lab demo",),
)
def demo() -> None:
    """Show the whole way of an event."""
    _start_cloud()
    target = Target(LOCAL_STACK)
    _deploy(target)
    outputs = target.lesson("basic")
    sent = _send(target, outputs)
    items, failure, failures = _wait(target, outputs, sent)
    _step(_("What came out: items in table {name}").format(name=outputs["DynamoDBTableName"]))
    tell_each_item(items)
    _explain(failure, failures)
    _tell_what_next()


def _step(title: str) -> None:
    say()
    say(styled(title, "bold"))


def _start_cloud() -> None:
    from lab.cloud import process

    say(styled(_("The local cloud: AWS on this computer"), "bold"))
    with progress(_("Starting the local cloud …")):
        cloud, is_new = process.start()
    cloud_verbs.tell_start(cloud, is_new=is_new)


def _deploy(target: Target) -> None:
    """Deploy the lesson beside those that are deployed already."""
    _step(_("The lesson: stream, function, table, and a place for what fails"))
    try:
        deployed = set(target.deployment.outputs())
    except LabError:
        deployed = set[str]()
    run_and_tell(lambda show: target.deployment.up(sorted({"basic", *deployed}), show))


def _send(target: Target, outputs: Mapping[str, Any]) -> list[Put]:
    """Send one by one, as the text's command does, so that each answer says where the event lies."""
    _step(_("Events, sent to stream {name}").format(name=outputs["KinesisStreamName"]))
    sent: list[Put] = []
    for event in (THE_TEXTS_OWN, *sensor_events(2, keys=4), NOT_JSON, *sensor_events(2, keys=4)):
        answer = target.clients.kinesis.put_record(
            StreamName=outputs["KinesisStreamName"], PartitionKey=event.key, Data=event.payload
        )
        sent.append(Put(event, answer["ShardId"], answer["SequenceNumber"]))
        remark = "  " + _("(the text's own event)") if event is THE_TEXTS_OWN else ""
        remark = styled("  " + _("(not JSON)"), "yellow") if event is NOT_JSON else remark
        say(f"  {event.payload.decode()}{remark}")
    return sent


def _wait(
    target: Target, outputs: Mapping[str, Any], sent: list[Put]
) -> tuple[list[dict[str, Any]], Failure | None, Failures]:
    """Wait until every event has come out: as an item, or as a message about its failure.

    A topic keeps no message: there only the items are waited for.
    """
    good = [put for put in sent if put.event is not NOT_JSON]
    [poison] = (put for put in sent if put.event is NOT_JSON)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with progress(_("Waiting until they come out …"), len(sent)) as shown:
        seen = 0
        while time.monotonic() < deadline:
            items = _items(target, outputs["DynamoDBTableName"], good)
            failures = read_failures(target.clients, outputs)
            failure = _failure(failures, poison)
            out = len(items) + (failure is not None)
            shown.advance(out - seen)
            seen = out
            if (failure or failures.told is None) and len(items) == len(good):
                return sorted(items, key=lambda item: item["eventId"], reverse=True), failure, failures
            time.sleep(_LOOK_EVERY_SECONDS)
    raise LabError(
        _("After {seconds:.0f} s only {seen} of {all} events had come out.").format(
            seconds=_PATIENCE_SECONDS, seen=seen, all=len(sent)
        ),
        next_step=_("See what the function says: lab logs basic"),
    )


def _items(target: Target, table: str, puts: list[Put]) -> list[dict[str, Any]]:
    keys = [{"eventId": {"S": put.event_id}} for put in puts]
    answer = target.clients.dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
    found = answer["Responses"].get(table, [])
    return [{name: plain(value) for name, value in item.items()} for item in found]


def _failure(failures: Failures, poison: Put) -> Failure | None:
    for failure in failures.told or []:
        same_shard = failure.shard == poison.shard
        # As text: both are digits of the same number.
        if same_shard and failure.first_sequence_number <= poison.sequence_number <= failure.last_sequence_number:
            return failure
    return None


def _explain(failure: Failure | None, failures: Failures) -> None:
    _step(_("What did not, and why"))
    if failure:
        tell_failure(failure)
    else:
        say_paragraph(why_unknown(failures, "basic"))
    say_paragraph(
        _(
            "`temperature;22.5` is not JSON, and trying again does not change that. The function said at which record "
            "it had to stop, and Lambda tried again as often as the lesson's settings allow. Then it put a message "
            "into {place} and went on: without that, one bad record would hold up its shard until it expires, a day "
            "later."
        ).format(place=_place(failures))
    )


def _place(failures: Failures) -> str:
    match failures.kind:
        case "s3":
            return _("the on-failure bucket")
        case "sns":
            return _("the on-failure topic")
        case _:
            return _("the on-failure queue")


def _tell_what_next() -> None:
    _step(_("Try next"))
    commands = [
        ("lab show basic", _("everything that came out so far")),
        ("lab send basic --count 1000 --poison 3", _("more at once: how many items, how many failures?")),
        ("lab logs basic --follow", _("what the function says while you send")),
        ("lab stream read basic --limit 5", _("what lies in the stream; reading takes nothing away")),
        ("lab down", _("removes it all; `lab cloud stop` stops the cloud")),
    ]
    if not _lab_is_on_the_path():
        commands.insert(
            0, (f"source {Path(sys.prefix).name}/bin/activate", _("once in each terminal, for the command `lab`"))
        )
    longest = max(len(command) for command, _remark in commands)
    for command, remark in commands:
        say(f"  {command:<{longest}}  {styled(f'# {remark}', 'dim')}")


def _lab_is_on_the_path() -> bool:
    found = shutil.which("lab")
    return found is not None and Path(found).resolve() == (Path(sys.prefix) / "bin" / "lab").resolve()
