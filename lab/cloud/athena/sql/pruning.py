"""Which conditions of a query say something about the partitions of a table that it reads.

A condition reaches a table through subqueries, views and CTEs as Trino pushes it down: through projections, through
GROUP BY on its keys, and through window functions on what they are partitioned by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.cloud.athena.sql.binding import BoundQuery

_INNER = {"", "INNER", "CROSS"}


def partition_conditions(query: BoundQuery) -> dict[str, list[exp.Expr]]:
    """Return, for each table of a query, the conditions that hold for every row it uses, on partition columns alone.

    Args:
        query: the query, qualified.

    Returns:
        conditions by the table's key; their columns have no table.
    """
    found: dict[str, list[exp.Expr]] = {name: [] for name in query.tables}
    for scope in traverse_scope(query.tree):
        for condition in _conditions(scope):
            _push(query, scope, condition, found)
    return found


def _conditions(scope: Scope) -> list[exp.Expr]:
    select = scope.expression
    if not isinstance(select, exp.Select):
        return []
    said = [select.args["where"].this] if select.args.get("where") else []
    said += [join.args["on"] for join in _joins(select) if join.args.get("on") and _is_inner(join)]
    return [part for condition in said for part in _parts(condition)]


def _parts(condition: exp.Expr) -> list[exp.Expr]:
    condition = condition.unnest()
    return (
        [part for each in condition.flatten() for part in _parts(each)]
        if isinstance(condition, exp.And)
        else [condition]
    )


def _joins(select: exp.Expr) -> list[exp.Join]:
    return select.args.get("joins") or []


def _is_inner(join: exp.Join) -> bool:
    return not join.side and (join.kind or "").upper() in _INNER


def _push(query: BoundQuery, scope: Scope, condition: exp.Expr, found: dict[str, list[exp.Expr]]) -> None:
    """Bring a condition of a scope down to the table that it is about."""
    columns = list(condition.find_all(exp.Column))
    tables = {column.table for column in columns}
    if len(tables) != 1 or condition.find(exp.Query, exp.Window, exp.AggFunc):
        return
    (alias,) = tables
    if _may_be_missing(scope, alias):
        return
    source = scope.sources.get(alias)
    if isinstance(source, exp.Table) and source.name in found:
        keys = {key.name for key in query.tables[source.name].partition_keys}
        if all(column.name in keys for column in columns):
            found[source.name].append(condition.transform(_without_table))
    elif isinstance(source, Scope) and not (source.is_cte and _times_read(query, source) > 1):
        _push_into(query, source, condition, found)


def _without_table(node: exp.Expr) -> exp.Expr:
    return exp.column(node.name, quoted=True) if isinstance(node, exp.Column) else node


def _may_be_missing(scope: Scope, alias: str) -> bool:
    """Say whether a source is the side of an outer join that may have no row: NULL may then be what is asked for."""
    for join in _joins(scope.expression):
        is_it = join.alias_or_name == alias
        side = (join.side or "").upper()
        if side == "FULL" or (side == "LEFT" and is_it) or (side == "RIGHT" and not is_it):
            return True
    return False


def _times_read(query: BoundQuery, cte: Scope) -> int:
    return sum(
        isinstance(source, Scope) and source.expression is cte.expression
        for scope in traverse_scope(query.tree)
        for _node, source in scope.selected_sources.values()
    )


def _push_into(query: BoundQuery, inner: Scope, condition: exp.Expr, found: dict[str, list[exp.Expr]]) -> None:
    select = inner.expression
    if inner.set_operation_scopes:
        names = _output_names(select)
        for branch in inner.set_operation_scopes:
            renamed = dict(zip(names, _output_names(branch.expression), strict=False))
            _push_into(query, branch, condition.transform(_renaming(renamed)), found)
        return
    if not isinstance(select, exp.Select) or select.args.get("limit") or select.args.get("offset"):
        return
    outputs = {each.alias_or_name: each.unalias() for each in select.selects}
    said = {column.name for column in condition.find_all(exp.Column)}
    inside = [outputs.get(name) for name in said]
    if not all(isinstance(each, exp.Column) and _passes(select, each) for each in inside):
        return

    def inner_name(node: exp.Expr) -> exp.Expr:
        return outputs[node.name].copy() if isinstance(node, exp.Column) else node

    _push(query, inner, condition.transform(inner_name), found)


def _output_names(query: exp.Expr) -> list[str]:
    return query.named_selects if isinstance(query, exp.Query) else []


def _renaming(names: dict[str, str]) -> Callable[[exp.Expr], exp.Expr]:
    def rename(node: exp.Expr) -> exp.Expr:
        return exp.column(names.get(node.name, node.name), node.table) if isinstance(node, exp.Column) else node

    return rename


def _passes(select: exp.Select, column: exp.Column) -> bool:
    """Say whether a condition on a column may be asked before the groups and windows of a query are made."""
    own = [node for each in select.selects for node in each.find_all(exp.Window, exp.AggFunc)]
    group = select.args.get("group")
    if group or any(isinstance(node, exp.AggFunc) and not node.find_ancestor(exp.Window) for node in own):
        keys = [] if group is None else [_key(select, key) for key in group.expressions]
        if column not in keys:
            return False
    windows = [node for node in own if isinstance(node, exp.Window)]
    return all(column in (window.args.get("partition_by") or []) for window in windows)


def _key(select: exp.Select, key: exp.Expr) -> exp.Expr:
    """Return what a key of GROUP BY stands for: it may be a position."""
    return select.selects[int(key.name) - 1].unalias() if isinstance(key, exp.Literal) and key.is_int else key
