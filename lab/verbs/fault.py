"""`lab fault`: makes something fail on purpose, to see what happens then."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lab.cloud.asking import ask
from lab.cloud.client import require_cloud
from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import LabError, UsageError
from lab.short_names import long_shard
from lab.target import LESSONS, Target
from lab.terminal import say, say_json, table
from lab.times import duration_seconds
from languages import gettext as _
from languages import ngettext

app = VerbApp()

_FAULT_SHAPE = """{"id": ID, "kind": KIND, "target": NAME, "bites": N, …}"""

Function = Annotated[
    str, typer.Argument(metavar="FUNCTION", help=_("A lesson (its consumer function), or a function."))
]
For = Annotated[
    str | None, typer.Option("--for", metavar="TIME", help=_("For how long: 30s, 5m. [default: until it is cleared]"))
]
Count = Annotated[
    int | None,
    typer.Option("--count", metavar="N", min=1, help=_("How often it takes effect. [default: without end]")),
]


@app.verb(
    "throttle",
    changes=True,
    summary=_("Let a function have no concurrency: it is not invoked, but tried again later."),
    json_shape=_FAULT_SHAPE,
    examples=("lab fault throttle basic --for 30s", "lab fault throttle basic --count 3"),
)
def throttle(
    function: Function, *, for_time: For = None, count: Count = None, stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Set it."""
    name = Target(stack).on_the_local_cloud().function_name(function)
    _set({"kind": "throttle", "function": name, "count": count}, for_time, as_json=as_json)


@app.verb(
    "fail",
    changes=True,
    summary=_("Make a function's invocations fail: those with the n-th record, or with every n-th."),
    details=_(
        "Records are counted from now on. The function does its work, then the invocation counts as failed, as if it "
        "had crashed at its end; the same record fails again whenever it is delivered again."
    ),
    json_shape=_FAULT_SHAPE,
    examples=("lab fault fail basic --record 3", "lab fault fail basic --every 10 --count 5"),
)
def fail(
    function: Function,
    *,
    record: Annotated[
        int | None, typer.Option("--record", metavar="N", min=1, help=_("The n-th record from now on."))
    ] = None,
    every: Annotated[int | None, typer.Option("--every", metavar="N", min=1, help=_("Every n-th record."))] = None,
    for_time: For = None,
    count: Count = None,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Set it."""
    if (record is None) == (every is None):
        raise UsageError(_("Say which record fails: --record N or --every N."))
    name = Target(stack).on_the_local_cloud().function_name(function)
    wanted = {"kind": "fail", "function": name, "record": record, "every": every, "count": count}
    _set(wanted, for_time, as_json=as_json)


@app.verb(
    "slow",
    changes=True,
    summary=_("Hold up each read of a shard or a stream, or each invocation of a function."),
    json_shape=_FAULT_SHAPE,
    examples=(
        "lab fault slow basic --seconds 2",
        "lab fault slow EventStream --seconds 5 --for 1m",
        "lab fault slow shardId-000000000001 --seconds 5",
    ),
)
def slow(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help=_("A lesson (its consumer function), a function, a stream, or a shard (its id).")
        ),
    ],
    *,
    seconds: Annotated[float, typer.Option("--seconds", metavar="S", help=_("By how many seconds."))],
    for_time: For = None,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Set it."""
    _set(
        {"kind": "slow", **_what_is_slow(Target(stack).on_the_local_cloud(), name), "seconds": seconds},
        for_time,
        as_json=as_json,
    )


@app.verb(
    "cut",
    changes=True,
    summary=_("Let an on-failure destination refuse every message."),
    json_shape=_FAULT_SHAPE,
    examples=("lab fault cut basic", "lab fault cut arn:aws:sqs:us-east-1:000000000000:queue --for 30s"),
)
def cut(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help=_("A lesson or a function (its destination), or the destination: a queue, an ARN.")
        ),
    ],
    *,
    for_time: For = None,
    count: Count = None,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """Set it."""
    target = Target(stack).on_the_local_cloud()
    if name.startswith("arn:") or (name not in LESSONS and name in _queues(target)):
        wanted = {"destination": name}
    else:
        wanted = {"function": target.function_name(name)}
    _set({"kind": "cut", **wanted, "count": count}, for_time, as_json=as_json)


@app.verb(
    "limits",
    changes=True,
    summary=_("Switch the write limits of shards on or off: 1 MB and 1,000 records a second."),
    details=_(
        "Beyond them a write is refused with ProvisionedThroughputExceededException, as on AWS. Cleared, it is again "
        "as the cloud was started."
    ),
    json_shape=_FAULT_SHAPE,
    examples=("lab fault limits on", "lab fault limits off"),
)
def limits(
    switch: Annotated[str, typer.Argument(metavar="on|off", help=_("Whether shards have limits."))],
    *,
    as_json: AsJson = False,
) -> None:
    """Switch them."""
    if switch not in ("on", "off"):
        raise UsageError(_("`lab fault limits` needs on or off, not “{value}”.").format(value=switch))
    _set({"kind": "limits", "on": switch == "on"}, None, as_json=as_json)


@app.verb(
    "list",
    summary=_("Show the faults that are set."),
    json_shape=f"[{_FAULT_SHAPE}, …]",
    examples=("lab fault list",),
)
def list_them(*, as_json: AsJson = False) -> None:
    """Print them as a table."""
    faults: list[dict[str, Any]] = ask(require_cloud(), "GET", "/_lab/faults")["faults"]
    if as_json:
        say_json(faults)
    elif not faults:
        say(_("No fault is set."))
    else:
        rows = [(f["id"], f["kind"], f["target"], _details(f), f["bites"]) for f in faults]
        table((_("fault"), _("kind"), _("for"), _("how"), _("took effect")), rows)


@app.verb(
    "clear",
    changes=True,
    summary=_("Clear a fault, or all."),
    json_shape='{"cleared": [ID, …]}',
    examples=("lab fault clear", "lab fault clear f-1"),
)
def clear(
    fault: Annotated[str | None, typer.Argument(metavar="FAULT", help=_("Its id. [default: all]"))] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Clear it."""
    answer = ask(require_cloud(), "DELETE", f"/_lab/faults/{fault}" if fault else "/_lab/faults")
    if as_json:
        say_json(answer)
        return
    count = len(answer["cleared"])
    say(ngettext("{count} fault is over.", "{count} faults are over.", count).format(count=count))


def _set(wanted: dict[str, Any], for_time: str | None, *, as_json: bool) -> None:
    if for_time:
        wanted["for_seconds"] = duration_seconds(for_time, option="--for")
    fault = ask(require_cloud(), "POST", "/_lab/faults", body=wanted)
    if as_json:
        say_json(fault)
        return
    text = _("Fault {fault} is set: {kind} {target} {details}")
    say(text.format(fault=fault["id"], kind=fault["kind"], target=fault["target"], details=_details(fault)).rstrip())
    say("  " + _("See what it does: lab trace --follow. End it: lab fault clear {fault}").format(fault=fault["id"]))


def _details(fault: dict[str, Any]) -> str:
    told = [f"{name}={fault[name]:g}" for name in ("seconds", "record", "every", "count") if name in fault]
    if "on" in fault:
        told.append("on" if fault["on"] else "off")
    if "left_seconds" in fault:
        told.append(_("{seconds:.0f} s left").format(seconds=fault["left_seconds"]))
    return " ".join(told)


def _what_is_slow(target: Target, name: str) -> dict[str, str]:
    if name.startswith("shardId-"):
        return {"shard": name}
    stream, slash, shard = name.partition("/")
    if slash:
        return {"stream": stream, "shard": long_shard(shard)}
    if name in LESSONS or name in (functions := target.function_names()):
        return {"function": target.function_name(name)}
    pages = target.clients.kinesis.get_paginator("list_streams").paginate()
    streams = [found for page in pages for found in page["StreamNames"]]
    tables = target.clients.dynamodb.list_tables()["TableNames"]
    if name in streams or name in tables:
        return {"stream": name}
    raise LabError(
        _("There is no function, stream or shard {name}.").format(name=name),
        why=_("There are: {names}.").format(names=", ".join(sorted([*functions, *streams])) or _("none")),
        next_step=_("Deploy a lesson: lab up basic"),
    )


def _queues(target: Target) -> list[str]:
    return [url.rsplit("/", 1)[-1] for url in target.clients.sqs.list_queues().get("QueueUrls", [])]
