"""`lab shards`: which shard a partition key falls into and why, and where the records really went."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import UsageError
from lab.hash_keys import HASH_KEYS, hash_key, hash_range, shard_of
from lab.numbers import decimal, whole
from lab.stream_reading import OLDEST, StreamReader, all_shards, is_open
from lab.target import Target
from lab.terminal import progress, say, say_json, say_paragraph, styled, table
from languages import gettext as _
from languages import ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_kinesis.type_defs import ShardTypeDef

app = VerbApp()

_LONGEST_KEY = 256
_KEYS_SHOWN = 20


@app.verb(
    "shards",
    details=_(
        "The MD5 of a partition key, read as a 128-bit number, lies in the hash key range of one open shard: there the "
        "next record with this key goes. Then all records that the stream still holds are counted: where each went, "
        "and whether that is the shard whose range held it when it came. Splitting or merging shards moves a key's "
        "records from then on; what lies in a closed shard stays there. Without KEY: the keys with the most records."
    ),
    json_shape="""\
{"stream": NAME,
 "shards": [{"id": ID, "open": true,
             "hash_key_range": {"StartingHashKey": N, "EndingHashKey": N}}],
 "keys": [{"key": TEXT, "md5": HEXADECIMAL, "hash_key": N, "position": from 0 to 1,
           "shard": ID, "records": {SHARD: N}, "elsewhere": N}]}
elsewhere: records outside the shard of their key, sent with ExplicitHashKey""",
    examples=(
        "lab shards archive PartitionKey1 PartitionKey2",
        "lab shards stream-output",
        "lab shards archive --json | jq '.keys[] | {key, shard}'",
    ),
)
def shards(
    name: Annotated[str, typer.Argument(metavar="STREAM", help=_("A lesson (its stream), or a stream."))],
    keys: Annotated[list[str] | None, typer.Argument(metavar="KEY", help=_("Partition keys."))] = None,
    *,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Predict, then count."""
    asked = list(dict.fromkeys(keys or []))
    for key in asked:
        if not 0 < len(key) <= _LONGEST_KEY:
            raise UsageError(_("A partition key has 1 to {longest} characters.").format(longest=_LONGEST_KEY))
    target = Target(stack)
    stream = target.stream_name(name)
    there = all_shards(target.clients.kinesis, stream)
    with progress(_("Counting records …"), silent=as_json) as shown:
        counts = _Counts(there)
        for record in StreamReader(target.clients.kinesis, stream, OLDEST).read():
            counts.add(record.partition_key, record.shard, int(record.sequence_number))
            shown.advance()
    told = asked or counts.commonest()
    if as_json:
        say_json(
            {
                "stream": stream,
                "shards": [
                    {"id": shard["ShardId"], "open": is_open(shard), "hash_key_range": shard["HashKeyRange"]}
                    for shard in there
                ],
                "keys": [_as_data(key, there, counts) for key in told],
            }
        )
        return
    _tell(stream, there, told, counts)


class _Counts:
    """The records of a stream, by partition key and shard."""

    def __init__(self, there: Sequence[ShardTypeDef]) -> None:
        self._there = there
        self.by_key: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.elsewhere: Counter[str] = Counter()

    def add(self, key: str, shard: str, sequence_number: int) -> None:
        self.by_key[key][shard] += 1
        if shard_of(hash_key(key), self._there, sequence_number=sequence_number) != shard:
            self.elsewhere[key] += 1

    def commonest(self) -> list[str]:
        return sorted(self.by_key, key=lambda key: (-self.by_key[key].total(), key))


def _as_data(key: str, there: Sequence[ShardTypeDef], counts: _Counts) -> dict[str, Any]:
    number = hash_key(key)
    return {
        "key": key,
        "md5": f"{number:032x}",
        "hash_key": str(number),
        "position": round(number / HASH_KEYS, 6),
        "shard": shard_of(number, there),
        "records": dict(counts.by_key.get(key, Counter())),
        "elsewhere": counts.elsewhere[key],
    }


def _tell(stream: str, there: Sequence[ShardTypeDef], keys: Sequence[str], counts: _Counts) -> None:
    text = ngettext("{stream}: one shard", "{stream}: {count} shards", len(there))
    say(styled(text.format(stream=stream, count=whole(len(there))), "bold"))
    open_text, closed_text = _("open"), _("closed")
    rows = [
        (shard["ShardId"], open_text if is_open(shard) else closed_text, *map(_position, hash_range(shard)))
        for shard in there
    ]
    table((_("shard"), _("state"), _("from"), _("to")), rows)
    say()
    say(styled(_("Where the next record of a key goes: the shard whose range holds the key's MD5"), "bold"))
    shown = keys[:_KEYS_SHOWN]
    table(
        (_("key"), _("MD5 as hexadecimal"), _("position"), _("shard")),
        [
            (key, f"{hash_key(key):032x}", _position(hash_key(key)), shard_of(hash_key(key), there) or "-")
            for key in shown
        ],
    )
    say()
    say(styled(_("Where the records of the stream went"), "bold"))
    counted = [(key, shard, number) for key in shown for shard, number in sorted(counts.by_key[key].items())]
    if not counted:
        say(
            "  " + (_("The stream holds no record with such a key.") if keys else _("The stream holds no records yet."))
        )
        return
    table((_("key"), _("shard"), _("records")), [(key, shard, whole(number)) for key, shard, number in counted])
    if (more := len(keys) - len(shown)) > 0:
        text = ngettext("… and {count} more key", "… and {count} more keys", more)
        say("  " + text.format(count=whole(more)))
    say_paragraph(_verdict(sum(number for *_names, number in counted), sum(counts.elsewhere[key] for key in shown)))


def _verdict(records: int, elsewhere: int) -> str:
    if not elsewhere:
        return ngettext(
            "{count} record, where its key's MD5 belonged when it came.",
            "{count} records, all where their key's MD5 belonged when they came.",
            records,
        ).format(count=whole(records))
    return ngettext(
        "{elsewhere} of {count} record lies elsewhere: its producer chose the shard itself (ExplicitHashKey).",
        "{elsewhere} of {count} records lie elsewhere: their producer chose the shard itself (ExplicitHashKey).",
        records,
    ).format(elsewhere=whole(elsewhere), count=whole(records))


def _position(number: int) -> str:
    """Return where a hash key lies among all, from 0 to 1."""
    return decimal(number / HASH_KEYS, 4)
