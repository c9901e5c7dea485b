"""Checks `one_line`: Athena finds every document of an object, whatever its texts hold."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from lab.workbook.lake import Lake, QueryFailure
from lab.workbook.purchases import word

if TYPE_CHECKING:
    from lab.workbook.attempt import Attempt

COLUMNS = {
    "compra_id": "string",
    "nota": "string",
    "productos": "array<struct<codigo:string,cantidad:bigint>>",
    "resumen": "struct<total_cantidad:bigint>",
}
SQL = "SELECT compra_id, nota, resumen.total_cantidad AS cantidad, cardinality(productos) AS lineas FROM compras_json"


def check(attempt: Attempt) -> None:
    """Let Athena count and read what an object of several documents holds, then of one, then of none."""
    handler = attempt.load("handler.py")
    documents = [_document(f"Nota {word()}") for _ in range(random.randint(3, 6))]
    _check_rows(attempt, handler, documents)
    unkind = [_document("Dejar en la puerta\ny llamar:\r\n555"), _document('{"a": [1,\n2]}, "sí" \\n'), _document("Lima\u2028Perú")]
    _check_rows(attempt, handler, unkind)
    _check_rows(attempt, handler, unkind[:1])
    _check_rows(attempt, handler, [])


def _document(note: str) -> dict[str, Any]:
    lines = [{"codigo": word(), "cantidad": random.randint(1, 9)} for _ in range(random.randint(1, 3))]
    quantity = sum(line["cantidad"] for line in lines)
    return {"compra_id": word(), "nota": note, "productos": lines, "resumen": {"total_cantidad": quantity}}


def _check_rows(attempt: Attempt, handler: Any, documents: list[dict[str, Any]]) -> None:
    body = handler.object_body(documents)
    attempt.require(isinstance(body, bytes), "not_bytes")
    try:
        rows = Lake({"compras_json": COLUMNS}, {"compras_json/1.json": body}).query(SQL)
    except QueryFailure as failure:
        _tell(attempt, body, documents, failure.message)
        return
    nothing = all(not row["compra_id"] for row in rows)
    attempt.require(not (documents and rows and nothing), "array", expected=len(documents))
    attempt.require(len(rows) == len(documents), "one_row", got=len(rows), expected=len(documents))
    expected = [
        (each["compra_id"], each["nota"], str(each["resumen"]["total_cantidad"]), str(len(each["productos"])))
        for each in documents
    ]
    for row, wanted in zip(rows, expected, strict=True):
        attempt.require(tuple(row.values()) == wanted, "text_changed", got=list(row.values()), expected=list(wanted))


def _tell(attempt: Attempt, body: bytes, documents: list[dict[str, Any]], said: str) -> None:
    """Tell why Athena cannot read a body."""
    lines = [line for line in body.decode(errors="replace").split("\n") if line.strip()]
    whole = _parsed(body.decode(errors="replace"))
    if isinstance(whole, list):
        attempt.fail("array", expected=len(documents))
    if len(lines) > len(documents):
        attempt.fail("spread", lines=len(lines), documents=len(documents), error=said)
    if len(lines) < len(documents):
        attempt.fail("one_row", got=len(lines), expected=len(documents))
    attempt.fail("not_json_lines", line=lines[0] if lines else "", error=said)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
