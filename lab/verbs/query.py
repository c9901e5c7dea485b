"""`lab query`: asks the data lake of lesson purchases in SQL."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.athena_queries import DataLake, Result
from lab.command_line import LOCAL_STACK, AsJson, Stack, VerbApp
from lab.errors import UsageError
from lab.numbers import decimal, whole
from lab.target import Target
from lab.terminal import note, progress, say, say_json, styled, table
from languages import gettext as _
from languages import ngettext

app = VerbApp()


@app.verb(
    "query",
    details=_(
        "Runs through Athena's API, on the local cloud too. Without a name it lists the named queries. Tables: "
        "compras_json has a row for each change, compras_actuales each purchase once, as it is now."
    ),
    json_shape="""\
{"sql": TEXT, "columns": [NAME], "rows": [[TEXT or null]],
 "scanned_bytes": N, "milliseconds": N, "cost_usd": N}
or, without a name: {"queries": [{"name": NAME, "description": TEXT, "sql": TEXT}]}""",
    examples=(
        "lab query",
        "lab query productos_mas_vendidos",
        "lab query tendencias_diarias --tenant empresa_postman",
        "lab query --sql 'SELECT tenant_id, count(*) AS cambios FROM compras_json GROUP BY tenant_id'",
    ),
)
def query(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help=_("One of the named queries."))] = None,
    *,
    sql: Annotated[str | None, typer.Option("--sql", metavar="TEXT", help=_("A query of your own."))] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="NAME", help=_("See only what this tenant sold."))
    ] = None,
    stack: Stack = LOCAL_STACK,
    as_json: AsJson = False,
) -> None:
    """List the queries, or run one and print what it found."""
    if name is not None and sql is not None:
        raise UsageError(_("A named query and --sql do not go together."))
    target = Target(stack)
    lake = DataLake(target.clients.athena, target.lesson("purchases"))
    if name is None and sql is None:
        _list(lake, as_json=as_json)
        return
    text = sql if sql is not None else _text_of(lake, name or "")
    with progress(_("Asking Athena …"), silent=as_json):
        result = lake.run(text, tenant=tenant)
    if as_json:
        found = {name: value for name, value in vars(result).items() if name != "is_definition"}
        say_json({"sql": text, **found, "cost_usd": result.cost_usd})
    else:
        _tell(result)


def _list(lake: DataLake, *, as_json: bool) -> None:
    queries = lake.named_queries()
    if as_json:
        entries = [(name, query.get("Description", ""), query["QueryString"]) for name, query in queries.items()]
        say_json({"queries": [dict(zip(("name", "description", "sql"), entry, strict=True)) for entry in entries]})
        return
    say(styled(_("Named queries of database {database}").format(database=lake.database), "bold"))
    table((_("name"), _("what it answers")), [(name, query.get("Description", "")) for name, query in queries.items()])
    say()
    say(_("Run one: lab query {name}").format(name=next(iter(queries), "NAME")))


def _text_of(lake: DataLake, name: str) -> str:
    queries = lake.named_queries()
    if name not in queries:
        raise UsageError(
            _("There is no named query {name}.").format(name=name),
            why=_("Named queries: {names}.").format(names=", ".join(queries) or _("none")),
            next_step=_("A query of your own: lab query --sql TEXT"),
        )
    return queries[name]["QueryString"]


def _tell(result: Result) -> None:
    if result.columns:  # a definition that makes or removes something has none
        table(result.columns, [["-" if cell is None else cell for cell in row] for row in result.rows])
    rows = ngettext("{count} row", "{count} rows", len(result.rows)).format(count=whole(len(result.rows)))
    say()
    say(
        _("{rows} in {seconds} s. Read: {kilobytes} kB; on AWS this query costs {cost} USD.").format(
            rows=rows,
            seconds=decimal(result.milliseconds / 1000),
            kilobytes=decimal(result.scanned_bytes / 1000),
            cost=decimal(result.cost_usd, 5),
        )
    )
    if not result.rows and not result.is_definition:
        note(_("Nothing found. Send something first: lab send purchases"))
