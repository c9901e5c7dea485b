"""From a query's text to a tree whose tables are found, whose columns have their table, and whose parts have types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, TokenError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from lab.cloud.athena.failures import QueryFailure, not_supported
from lab.cloud.athena.sql.catalog import CATALOG, Table, find_table
from lab.cloud.athena.sql.functions import check_functions, place

if TYPE_CHECKING:
    from lab.cloud.athena.sql.cloud import CloudAsked

PATH = "$path"
UNNAMED = "_col_"
_PATH_OF = "athena_path_of"
_DEEPEST_VIEW = 20
_Type = exp.DataType.Type
_NUMBERS = exp.DataType.NUMERIC_TYPES
_TEXTS = exp.DataType.TEXT_TYPES
_NAMES_OF_NUMBERS = {_Type.INT: "integer", _Type.FLOAT: "real"}


@dataclass
class BoundQuery:
    """A query that knows its tables.

    Attributes:
        tree: the query in Trino's SQL; each table is one of `tables` by its key there.
        tables: the tables, by a name that DuckDB has them by. A table that is read twice is there twice.
        text: what the person wrote.
    """

    tree: exp.Query
    text: str
    tables: dict[str, Table] = field(default_factory=dict[str, Table])


def parse_query(text: str) -> exp.Query:
    """Return a query's tree.

    Raises:
        QueryFailure: it is none, or calls what Athena does not know.
    """
    tree = parse(text, "trino")
    if not isinstance(tree, exp.Query):
        raise not_supported(f"{text.split(maxsplit=1)[0].upper()} statements")
    names = {alias.name for alias in tree.find_all(exp.TableAlias)} | {cte.alias for cte in tree.find_all(exp.CTE)}
    check_functions(text, {name.lower() for name in names})
    return tree


def parse(text: str, dialect: str) -> exp.Expr:
    """Return a statement's tree.

    Raises:
        QueryFailure: a syntax error, with the place, or not one statement.
    """
    try:
        trees = [tree for tree in sqlglot.parse(text, read=dialect) if tree is not None]
    except ParseError as error:
        found = error.errors[0] if error.errors else {}
        near = found.get("highlight") or "<EOF>"
        raise QueryFailure(
            f"SYNTAX_ERROR: line {found.get('line', 1)}:{found.get('col', 1)}: mismatched input {near!r}"
        ) from error
    except (TokenError, RecursionError) as error:
        raise QueryFailure(f"SYNTAX_ERROR: line 1:1: {error}") from error
    if len(trees) != 1:
        raise QueryFailure("SYNTAX_ERROR: Only one sql statement is allowed. Got: " + text[:200])
    return trees[0]


def bind(cloud: CloudAsked, text: str, database: str) -> BoundQuery:
    """Find a query's tables and columns.

    Args:
        cloud: has the catalogue.
        text: the query.
        database: where names without a database are looked up.

    Raises:
        QueryFailure: something it names is not there.
    """
    query = BoundQuery(parse_query(text), text)
    query.tree = _with_tables(cloud, query, query.tree, database, depth=0)
    schema: dict[str, object] = {
        name: {column.name: column.type for column in [*table.columns, *table.partition_keys]}
        for name, table in query.tables.items()
    }
    try:
        tree = qualify(
            query.tree,
            schema=schema,
            dialect="trino",
            validate_qualify_columns=False,
            expand_alias_refs=False,
        ).transform(_with_paths)
        tree = annotate_types(tree, schema=schema, dialect="trino")
    except OptimizeError as error:
        raise QueryFailure(f"SYNTAX_ERROR: {str(error).splitlines()[0]}") from error
    assert isinstance(tree, exp.Query)  # noqa: S101
    query.tree = tree
    _check_columns(query)
    _check_comparisons(query)
    return query


# --- tables ----------------------------------------------------------------------------------------------------------


def _with_tables(cloud: CloudAsked, query: BoundQuery, tree: exp.Query, database: str, depth: int) -> exp.Query:
    """Return a query with its tables looked up and its views written out."""
    if depth > _DEEPEST_VIEW:
        raise QueryFailure("INVALID_VIEW: Views are nested too deep, or one reads itself")
    root = exp.Subquery(this=tree)
    _name_outputs(tree)
    # A table before UNNEST is a source of two scopes.
    found: dict[int, exp.Table] = {}
    for scope in traverse_scope(tree):
        sources = {alias: source for alias, source in scope.sources.items() if isinstance(source, exp.Table)}
        _shorten(scope.columns, sources, database)
        _set_paths_aside(scope.columns, sources)
        found |= {id(source): source for source in sources.values()}
    for source in found.values():
        if not isinstance(source.this, exp.Identifier):
            raise not_supported("table functions")
        _replace(cloud, query, source, database, depth)
    return root.this


def _name_outputs(tree: exp.Query) -> None:
    """Name what a query names not: DuckDB would call it by its text, Trino does by its position."""
    for select in tree.find_all(exp.Select):
        for position, output in enumerate(select.expressions):
            if not isinstance(output, exp.Alias | exp.Column | exp.Dot | exp.Star):
                output.replace(exp.alias_(output.copy(), f"{UNNAMED}{position}", quoted=True))


def _shorten(columns: list[exp.Column], sources: dict[str, exp.Table], database: str) -> None:
    """Leave the database out of `database.table.column`."""
    for column in columns:
        source = sources.get(column.table)
        if source and column.db and column.db.lower() == (source.db or database).lower():
            column.set("db", None)
            column.set("catalog", None)


def _set_paths_aside(columns: list[exp.Column], sources: dict[str, exp.Table]) -> None:
    """Put a call in the place of each `"$path"`, which is a column, but none of those that `*` means."""
    for column in columns:
        table = column.table or (next(iter(sources)) if len(sources) == 1 else "")
        if column.name.lower() == PATH and table in sources:
            call = exp.Anonymous(this=_PATH_OF, expressions=[exp.Literal.string(table.lower())])
            is_output = isinstance(column.parent, exp.Select) and column.arg_key == "expressions"
            column.replace(exp.alias_(call, PATH, quoted=True) if is_output else call)


def _with_paths(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Anonymous) and node.name == _PATH_OF:
        return exp.column(PATH, node.expressions[0].name, quoted=True)
    return node


def _replace(cloud: CloudAsked, query: BoundQuery, source: exp.Table, database: str, depth: int) -> None:
    if source.catalog and source.catalog.lower() != CATALOG:
        raise QueryFailure(f"CATALOG_NOT_FOUND: {_place(query, source)}: Catalog '{source.catalog}' does not exist")
    schema = (source.db or database).lower()
    table = find_table(cloud, schema, source.name)
    if table is None:
        if cloud.glue("GetDatabase", Name=schema) is None:
            raise QueryFailure(f"SCHEMA_NOT_FOUND: {_place(query, source)}: Schema '{schema}' does not exist")
        full_name = f"{CATALOG}.{schema}.{source.name.lower()}"
        raise QueryFailure(f"TABLE_NOT_FOUND: {_place(query, source)}: Table '{full_name}' does not exist")
    alias = source.args.get("alias") or exp.TableAlias(this=exp.to_identifier(source.name.lower(), quoted=True))
    if table.is_view:
        view = table.view()
        inner = _with_tables(cloud, query, parse_query(view["originalSql"]), view.get("schema") or schema, depth + 1)
        source.replace(exp.Subquery(this=inner, alias=alias))
        return
    name = f"table{len(query.tables)}"
    query.tables[name] = table
    source.set("this", exp.to_identifier(name, quoted=True))
    source.set("db", None)
    source.set("catalog", None)
    source.set("alias", alias)


# --- checks ----------------------------------------------------------------------------------------------------------


def _check_columns(query: BoundQuery) -> None:
    for column in query.tree.find_all(exp.Column):
        if column.table or _is_free(column):
            continue
        raise QueryFailure(
            f"COLUMN_NOT_FOUND: {_place(query, column)}: Column '{column.name}' cannot be resolved or requester is"
            " not authorized to access requested resources"
        )
    for scope in traverse_scope(query.tree):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table) and (table := query.tables.get(source.name)):
                known = {each.name for each in [*table.columns, *table.partition_keys]} | {PATH}
                if column.name.lower() not in known:
                    _no_column(query, column)


def _no_column(query: BoundQuery, column: exp.Column) -> NoReturn:
    raise QueryFailure(
        f"COLUMN_NOT_FOUND: {_place(query, column)}: Column '{column.table}.{column.name}' cannot be resolved or"
        " requester is not authorized to access requested resources"
    )


def _is_free(column: exp.Column) -> bool:
    """Say whether a name without a table is none of a table's: a lambda's parameter, an output's name to order by."""
    ancestor = column.parent
    while ancestor is not None:
        if isinstance(ancestor, exp.Lambda) and column.name in {each.name for each in ancestor.expressions}:
            return True
        if isinstance(ancestor, exp.Query):
            ordered = column.find_ancestor(exp.Order)
            return ordered is not None and column.name in ancestor.named_selects
        ancestor = ancestor.parent
    return False


def _check_comparisons(query: BoundQuery) -> None:
    """Refuse what DuckDB would cast and Trino does not: a text beside a number."""
    for node in query.tree.find_all(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE):
        _check_pair(query, node, node.this, node.expression, _operator(node))
    for node in query.tree.find_all(exp.Between):
        for end in ("low", "high"):
            _check_pair(query, node, node.this, node.args[end], "<=")
    for node in query.tree.find_all(exp.In):
        for each in node.expressions:
            _check_pair(query, node, node.this, each, "=")


def _operator(node: exp.Expr) -> str:
    return {"EQ": "=", "NEQ": "<>", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<="}[type(node).__name__]


def _check_pair(query: BoundQuery, node: exp.Expr, left: exp.Expr, right: exp.Expr, sign: str) -> None:
    kinds = {side.type.this if side.type else None for side in (left, right)}
    if kinds & _NUMBERS and kinds & _TEXTS:
        said = f"{_type_name(left)} {sign} {_type_name(right)}"
        raise QueryFailure(f"TYPE_MISMATCH: {_place(query, node)}: Cannot apply operator: {said}")


def _type_name(node: exp.Expr) -> str:
    if isinstance(node, exp.Literal) and node.is_string:
        return f"varchar({len(node.name)})"
    kind = node.type
    if kind is None or kind.this in _TEXTS:
        return "varchar"
    return _NAMES_OF_NUMBERS.get(kind.this, kind.sql("trino").lower())


def _place(query: BoundQuery, node: exp.Expr) -> str:
    """Return where a node stands in the text; a node of a view has no place there."""
    starts = [each.meta["start"] for each in node.find_all(exp.Identifier) if "start" in each.meta]
    return place(query.text, min(starts)) if starts else "line 1:1"
