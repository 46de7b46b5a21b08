"""From the nodes of a query to SQL, the same for every database."""

from datetime import datetime

from catalog.conditions import Constant, Leaf, Operand, PresetRange, Range, Reference
from catalog.conditions.nodes import Node
from catalog.conditions.predicates import leaf_predicate
from catalog.conditions.values import Span, as_ordered
from catalog.queries.dialects import Dialect, Fact, Literal, Wanted
from catalog.queries.sql import FALSE, SQL, TRUE, join, sql
from catalog.storable import storable_faults


def compile_node(node: Node, *, facts: SQL, dialect: Dialect, now: datetime) -> SQL:
    """Return the SQL of a group or a condition; it is true or false, never null."""
    if isinstance(node, Leaf):
        return _compile_leaf(node, facts=facts, dialect=dialect, now=now)
    pieces = [
        compile_node(child, facts=facts, dialect=dialect, now=now) for child in node.conditions
    ]
    if not pieces:
        return TRUE
    return join("AND" if node.combinator == "and" else "OR", pieces)


def _compile_leaf(leaf: Leaf, *, facts: SQL, dialect: Dialect, now: datetime) -> SQL:
    if _is_about_nothing(leaf):
        return TRUE if leaf_predicate(leaf)({}, now) else FALSE
    positive = _positive(leaf, facts=facts, dialect=dialect, now=now)
    return sql("NOT {positive}", positive=positive) if leaf.effective.negates else positive


def _is_about_nothing(leaf: Leaf) -> bool:
    """Return whether a key or the value is text that no stored facts hold.

    The answer is then that for no facts at all, and the database is not asked: it would refuse
    the parameter.
    """
    match leaf.wanted:
        case Reference(key=key):
            return bool(storable_faults([leaf.key, key]))
        case Constant(value=value) if leaf.effective.operand is not Operand.LIST:
            return bool(storable_faults([leaf.key, value]))
        case _:
            return bool(storable_faults(leaf.key))


def _positive(leaf: Leaf, *, facts: SQL, dialect: Dialect, now: datetime) -> SQL:
    operator, found = leaf.effective, Fact(facts, leaf.key)
    match leaf.wanted:
        case PresetRange(preset=preset):
            return dialect.within(found, preset.span(now))
        case Range(start=start, end=end):
            return dialect.within(found, Span(as_ordered(start.value), as_ordered(end.value)))
        case Reference(key=key):
            wanted: Wanted = Fact(facts, key)
        case Constant(value=value) if operator.operand is Operand.LIST:
            wanted = Literal([item for item in value if not storable_faults(item)])
        case Constant(value=value):
            wanted = Literal(value)
        case None:
            wanted = Literal(None)
    return dialect.lookups[operator.negates or operator.token](found, wanted)
