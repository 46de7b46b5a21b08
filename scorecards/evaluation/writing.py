"""Scorecards written as one Python function: facts in, the masks of every scorecard out.

def evaluate(facts, clock):
    get = facts.get
    value_0 = get('tier')
    number_0 = value_0 if (kind := type(value_0)) is float or kind is int else NAN
    passed_0 = 0
    if number_0 <= 2:
        passed_0 += 1
    return ((passed_0, 0), ...)
"""

import ast
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import partial

from catalog.conditions import Code, Generated
from catalog.conditions.code_parts import assign, local
from scorecards.evaluation.specs import RuleSpec, ScorecardSpec


def write(specs: Sequence[ScorecardSpec], *, beside: str | None = None) -> Generated:
    """Return the function of these scorecards: a tuple with one result for each, in their order.

    A result is `(passed, skipped)`, or None where the scorecard's filter leaves the entity out.
    Reported rules neither pass nor are skipped, but by their filter. With `beside`, the function
    returns a pair: the results, and the fact of that name.
    """
    code = Code(query for spec in specs for query in spec.queries())
    blocks = [_Block(spec, code=code, number=number) for number, spec in enumerate(specs)]
    body = [statement for block in blocks for statement in block.statements()]
    results = ast.Tuple([block.result() for block in blocks], ast.Load())
    returned = results if beside is None else _pair(results, code.scope.read(beside))
    return Generated("evaluate", [*body, ast.Return(returned)], code=code)


def _pair(first: ast.expr, second: ast.expr) -> ast.expr:
    return ast.Tuple([first, second], ast.Load())


class _Block:
    """The part of the function that is about one scorecard."""

    def __init__(self, spec: ScorecardSpec, *, code: Code, number: int) -> None:
        self.spec = spec
        self.code = code
        self.passed = f"passed_{number}"
        self.skipped = f"skipped_{number}"
        self.masks = f"masks_{number}"
        self._disabled = ast.Constant(
            sum(1 << rule.bit for rule in spec.rules if not rule.is_enabled)
        )
        self._may_skip = any(
            (rule.filter, rule.evidence, rule.in_force_from) != (None, None, None)
            for rule in spec.rules
        )

    def statements(self) -> Iterator[ast.stmt]:
        """Yield the statements; where there is a filter, all but one stand behind it."""
        if self.spec.filter is None:
            yield from self._rules()
            return
        yield assign(self.masks, ast.Constant(None))
        found = [*self._rules(), assign(self.masks, self._both())]
        yield ast.If(self.code.test(self.spec.filter), found, [])

    def result(self) -> ast.expr:
        """Return the expression of the scorecard's result."""
        return self._both() if self.spec.filter is None else local(self.masks)

    def _both(self) -> ast.expr:
        skipped = local(self.skipped) if self._may_skip else self._disabled
        return ast.Tuple([local(self.passed), skipped], ast.Load())

    def _rules(self) -> Iterator[ast.stmt]:
        yield assign(self.passed, ast.Constant(0))
        if self._may_skip:
            yield assign(self.skipped, self._disabled)
        for rule in self.spec.rules:
            if rule.is_enabled:
                yield from self._rule(rule)

    def _rule(self, rule: RuleSpec) -> Iterator[ast.stmt]:
        passes: ast.stmt = ast.Pass()
        if rule.query is not None:
            passes = ast.If(self.code.test(rule.query), [_add(self.passed, rule.bit)], [])
        applies = list(self._applies(rule))
        if applies:
            test = ast.BoolOp(ast.And(), applies) if len(applies) > 1 else applies[0]
            yield ast.If(test, [passes], [_add(self.skipped, rule.bit)])
        else:
            yield passes

    def _applies(self, rule: RuleSpec) -> Iterator[ast.expr]:
        """Yield what must hold for the rule to count, the cheapest first."""
        if rule.in_force_from is not None:
            yield self.code.ask(rule.in_force_from, partial(_is_in_force, rule.in_force_from))
        for query in (rule.filter, rule.evidence):
            if query is not None:
                yield self.code.test(query)


def _is_in_force(since: date, now: datetime) -> bool:
    return now.date() >= since


def _add(name: str, bit: int) -> ast.stmt:
    # Every bit is added once, so the sum is the union, and quicker than `|=`.
    return ast.AugAssign(ast.Name(name, ast.Store()), ast.Add(), ast.Constant(1 << bit))
