"""Conditions as Python expressions, one writer per positive operator.

A writer may use a short form only where it answers what the operator's test answers for every JSON
value; where none does, the test itself is called.
"""

import ast
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from catalog.conditions.code_parts import Scope, expression
from catalog.conditions.nodes import Constant, Leaf, PresetRange, Range, Reference
from catalog.conditions.operators import Operator
from catalog.conditions.values import Choices, Test, as_ordered, is_number

# Up to so many choices, comparing with one after the other is quicker than hashing.
FEW = 4

Writer = Callable[[Scope, str, Any], ast.expr]


def write_leaf(scope: Scope, leaf: Leaf) -> ast.expr:
    """Return the expression that is true where the condition holds."""
    operator = leaf.effective
    positive = _write_positive(scope, leaf, operator)
    return ast.UnaryOp(ast.Not(), positive) if operator.negates else positive


def _write_positive(scope: Scope, leaf: Leaf, operator: Operator) -> ast.expr:
    match leaf.wanted:
        case Reference(key=other):
            return _against_property(scope, leaf.key, operator, other)
        case PresetRange() as named:
            return _within_preset(scope, leaf.key, named)
        case Range(start=first, end=last):
            start, end = (scope.hold(as_ordered(bound.value)) for bound in (first, last))
            view = "number" if is_number(first.value) else "moment"
            return _within(scope.see(view, leaf.key), start, end, view=view)
        case Constant() as constant:
            wanted = operator.prepare(constant.value)
            return _WRITERS[operator.negates or operator.token](scope, leaf.key, wanted)
        case None:
            return _WRITERS[operator.negates or operator.token](scope, leaf.key, None)


def _within_preset(scope: Scope, key: str, wanted: PresetRange) -> ast.expr:
    span = wanted.preset.span
    start = scope.ask((wanted, "start"), lambda now: span(now).start)
    end = scope.ask((wanted, "end"), lambda now: span(now).end)
    return _within(scope.see("moment", key), start, end, view="moment")


def _within(found: ast.expr, start: ast.expr, end: ast.expr, *, view: str) -> ast.expr:
    template = "start <= found <= end"
    if view == "moment":
        template = f"found is not None and {template}"
    return expression(template, found=found, start=start, end=end)


def _against_property(scope: Scope, key: str, operator: Operator, other: str) -> ast.expr:
    sign = _SIGNS.get(operator.token)
    if sign:
        template = (
            f"left {sign} right or (start is not None and end is not None and start {sign} end)"
        )
        return expression(
            template,
            left=scope.see("number", key),
            right=scope.see("number", other),
            start=scope.see("moment", key),
            end=scope.see("moment", other),
        )
    return expression(
        "check(found, wanted)",
        check=scope.hold(_check_against(operator)),
        found=scope.read(key),
        wanted=scope.read(other),
    )


def _check_against(operator: Operator) -> Test:
    def check(found: object, other: object) -> bool:
        wanted = operator.prepare(other)
        return wanted is not None and operator.test(found, wanted)

    return check


def _is_plain(value: object) -> bool:
    """Say whether Python's `==` with the value is the strict one: no 0, 1 or boolean in it."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return value is None or value not in (0, 1)


def _write_equal(scope: Scope, key: str, wanted: Any) -> ast.expr:
    if wanted is None or isinstance(wanted, bool):
        template = "found is wanted"
    elif _is_plain(wanted):
        template = "found == wanted"
    elif is_number(wanted):
        template = "found == wanted and found is not lookalike"
    else:
        template = "is_equal(found, wanted)"
    return expression(
        template,
        found=scope.read(key),
        wanted=scope.hold(wanted),
        lookalike=ast.Constant(wanted == 1),
    )


def _write_ordering(scope: Scope, key: str, wanted: Any, *, sign: str) -> ast.expr:
    bound = scope.hold(wanted)
    if isinstance(wanted, datetime):
        template = f"found is not None and found {sign} bound"
        return expression(template, found=scope.see("moment", key), bound=bound)
    return expression(f"found {sign} bound", found=scope.see("number", key), bound=bound)


def _write_contains(scope: Scope, key: str, wanted: Any) -> ast.expr:
    part = scope.hold(wanted)
    if wanted == "":
        # Every text has an empty part, but the view of what is no text must have none.
        found, members = scope.read(key), scope.see("members", key)
        template = "type(found) is str or part in members"
        return expression(template, found=found, members=members, part=part)
    if isinstance(wanted, str):
        return expression("part in found", found=scope.see("parts", key), part=part)
    if _is_plain(wanted):
        return expression("part in found", found=scope.see("members", key), part=part)
    return expression("contains(found, part)", found=scope.read(key), part=part)


def _write_contains_any(scope: Scope, key: str, wanted: Choices) -> ast.expr:
    choices = _few_choices(wanted)
    members = scope.see("members", key)
    if choices is None:
        return expression("contains_any(found, wanted)", found=members, wanted=scope.hold(wanted))
    tests = [
        expression("choice in found", choice=scope.hold(choice), found=members)
        for choice in choices
    ]
    return ast.BoolOp(ast.Or(), tests) if len(tests) > 1 else (tests or [ast.Constant(False)])[0]


def _write_in(scope: Scope, key: str, wanted: Choices) -> ast.expr:
    found = scope.read(key)
    choices = _few_choices(wanted)
    if choices is not None:
        return expression("found in choices", found=found, choices=scope.hold(choices))
    if not wanted.others:
        texts = scope.hold(wanted.texts)
        return expression("type(found) is str and found in texts", found=found, texts=texts)
    return expression("is_one_of(found, wanted)", found=found, wanted=scope.hold(wanted))


def _few_choices(wanted: Choices) -> tuple[Any, ...] | None:
    """Return the choices to compare with one by one, in an order of their own; None for others."""
    choices = (*sorted(wanted.texts), *wanted.others)
    is_simple = all(isinstance(choice, str) or is_number(choice) for choice in choices)
    return choices if len(choices) <= FEW and is_simple and _is_plain(choices) else None


def _write_affix(scope: Scope, key: str, wanted: str, *, method: str) -> ast.expr:
    if not wanted:
        return expression("type(found) is str", found=scope.read(key))
    affix = scope.hold(wanted)
    return expression(f"found.{method}(affix)", found=scope.see("text", key), affix=affix)


def _write_empty(scope: Scope, key: str, _wanted: None) -> ast.expr:
    template = "not found and found is not False and found != 0"
    return expression(template, found=scope.read(key))


_SIGNS: dict[str, str] = {token: token for token in ("<", "<=", ">", ">=")}

_WRITERS: dict[str, Writer] = {
    "=": _write_equal,
    **{token: partial(_write_ordering, sign=sign) for token, sign in _SIGNS.items()},
    "contains": _write_contains,
    "containsAny": _write_contains_any,
    "in": _write_in,
    "beginsWith": partial(_write_affix, method="startswith"),
    "endsWith": partial(_write_affix, method="endswith"),
    "isEmpty": _write_empty,
}
