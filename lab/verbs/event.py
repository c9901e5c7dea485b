"""`lab event`: makes an event as AWS hands it to a function."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any, cast

import typer

from handlers.orders.order import sample_orders
from lab.aws import LOCAL_REGION
from lab.command_line import VerbApp
from lab.errors import UsageError
from lab.sample_events import CHANGES, api_event, dynamodb_event, kinesis_event
from lab.terminal import say_json
from languages import gettext as _

app = VerbApp()

_PURCHASE = json.dumps(
    {
        "tenant_id": "empresa_postman",
        "compra_id": "abc123",
        "user_id": "user-1",
        "fecha": "2026-11-22T10:30:00+00:00",
        "productos": [{"codigo": "PROD001", "nombre": "Teclado", "precio_unitario": 99.99, "cantidad": 2}],
    }
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")


@app.verb(
    "kinesis",
    summary=_("A batch of a Kinesis stream, as lessons basic, votes, orders and archive get it."),
    details=_("Without --data the records are orders, as lesson orders has them."),
    examples=(
        "lab event kinesis --count 3",
        "lab event kinesis | lab invoke orders --event - --local",
        """lab event kinesis --data '{"sensor": "temperature", "value": 22.5}' --data broken""",
    ),
)
def kinesis(
    *,
    data: Annotated[
        list[str] | None, typer.Option("--data", metavar="TEXT", help=_("A record's payload; again for another one."))
    ] = None,
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, max=10_000, help=_("How many orders."))] = 1,
    key: Annotated[str, typer.Option("--key", metavar="TEXT", help=_("The records' partition key."))] = "customer-1",
) -> None:
    """Print it."""
    payloads = [text.encode() for text in data or ()] or [
        order.to_json() for order in sample_orders(count, customers=1)
    ]
    say_json(kinesis_event(payloads, key=key, region=LOCAL_REGION))


@app.verb(
    "dynamodb",
    summary=_("A change of a DynamoDB table, as lesson purchases gets it."),
    details=_("Without --item it is a purchase of the text."),
    examples=("lab event dynamodb", "lab event dynamodb --change REMOVE | lab invoke purchases --event - --local"),
)
def dynamodb(
    *,
    change: Annotated[str, typer.Option("--change", metavar="KIND", help=_("INSERT, MODIFY or REMOVE."))] = "INSERT",
    item: Annotated[str, typer.Option("--item", metavar="JSON", help=_("The item."))] = _PURCHASE,
    keys: Annotated[
        str, typer.Option("--keys", metavar="NAMES", help=_("The table's key attributes, with commas between."))
    ] = "tenant_id,compra_id",
) -> None:
    """Print it."""
    if change not in CHANGES:
        raise UsageError(_("--change {given}: there are {values}.").format(given=change, values=", ".join(CHANGES)))
    names = [name.strip() for name in keys.split(",")]
    read = _item(item)
    if missing := [name for name in names if name not in read]:
        raise UsageError(
            _("The item has no {names}.").format(names=", ".join(missing)),
            next_step=_("Say which attributes are its table's key: --keys pk,sk"),
        )
    say_json(dynamodb_event(change, read, names, region=LOCAL_REGION))


@app.verb(
    "api",
    summary=_("A request to an HTTP API, as lesson votes gets it."),
    details=_("Payload format 2.0."),
    examples=("""lab event api --body '{"vote": "VER"}' | lab invoke votes.producer --event -""",),
)
def api(
    *,
    method: Annotated[str, typer.Option("--method", metavar="METHOD", help=_("Such as POST."))] = "POST",
    path: Annotated[str, typer.Option("--path", metavar="PATH", help=_("Such as /votes."))] = "/votes",
    body: Annotated[str | None, typer.Option("--body", metavar="TEXT", help=_("The body. [default: none]"))] = None,
) -> None:
    """Print it."""
    if method.upper() not in _METHODS:
        raise UsageError(_("--method {given}: there are {values}.").format(given=method, values=", ".join(_METHODS)))
    if not path.startswith("/"):
        raise UsageError(_("--path {given}: it must begin with /.").format(given=path))
    say_json(api_event(method.upper(), path, body))


def _item(text: str) -> dict[str, Any]:
    try:
        item = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except ValueError as error:
        raise UsageError(_("The item is not JSON."), why=str(error)) from None
    if not isinstance(item, dict):
        raise UsageError(_("The item is JSON, but not an object."))
    return cast("dict[str, Any]", item)
