"""A result's file, read back as pages of rows."""

from __future__ import annotations

import re

_FIELD = re.compile(r'(?:"((?:[^"]|"")*)")?(,|\n)')

Rows = list[list[str | None]]


def rows_of(body: str, *, is_csv: bool, columns: int) -> Rows:
    """Return a result's rows, the header first where there is one; None is NULL.

    Args:
        body: what is in the file.
        is_csv: a query's result; else lines of text, with tabs between their columns.
        columns: how many.
    """
    if not is_csv:
        # Athena gives a line that fills its columns with blanks as one value.
        return [[line] for line in body.splitlines()]
    rows: Rows = []
    row: list[str | None] = []
    for match in _FIELD.finditer(body):
        row.append(match[1].replace('""', '"') if match[1] is not None else None)
        if len(row) == columns:
            rows.append(row)
            row = []
    return rows
