"""From queries to generated Python: the interpreter for many entities.

Source text is never put together. Templates of ours are parsed, and what a user wrote stands in
them as a node: a constant, or a name bound among the function's globals. Generated code sees those
globals and no builtins.

It answers what `matches` answers for facts as JSON decoders make them: values of exactly the types
of JSON.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any

import msgspec

from catalog.conditions.code_leaves import write_leaf
from catalog.conditions.code_parts import Resolve, Scope, assign, local
from catalog.conditions.code_records import decoder
from catalog.conditions.nodes import Group, Leaf, Node, Query
from catalog.conditions.predicates import Facts, Predicate

Clock = tuple[object, ...]


class Code:
    """Tests for queries about one entity, to be asked together in one function.

    Every property is read once, and a group or a dear condition that several queries share is
    answered once, at the top.
    """

    def __init__(self, queries: Iterable[Query]) -> None:
        self.scope = Scope()
        self._uses: Counter[Node] = Counter()
        self._answers: dict[Node, ast.expr] = {}
        self._steps: list[ast.stmt] = []
        for query in queries:
            self._count(_bare(query.root))

    def test(self, query: Query) -> ast.expr:
        """Return the expression that is true where the query holds."""
        return self._write(_bare(query.root))

    def ask(self, question: object, resolve: Resolve) -> ast.expr:
        """Return the name of what `resolve` says of `now`: worked out when the clock is prepared.

        `question` tells one from another; the same question is worked out once.
        """
        return self.scope.ask(question, resolve)

    def steps(self) -> list[ast.stmt]:
        """Return the statements that the tests build on, once all tests are written."""
        return [*self.scope.views.values(), *self._steps]

    def _count(self, node: Node) -> None:
        """Count who asks for a node; what is inside a shared node is asked for once, by it."""
        self._uses[node] += 1
        if isinstance(node, Group) and self._uses[node] == 1:
            for child in node.conditions:
                self._count(_bare(child))

    def _write(self, node: Node) -> ast.expr:
        if node in self._answers:
            return self._answers[node]
        written = self._write_new(node)
        if self._uses[node] < 2 or _is_cheap(written):
            return written
        name = f"answer_{len(self._answers)}"
        self._steps.append(assign(name, written))
        self._answers[node] = local(name)
        return self._answers[node]

    def _write_new(self, node: Node) -> ast.expr:
        if isinstance(node, Leaf):
            return write_leaf(self.scope, node)
        tests = [self._write(_bare(child)) for child in node.conditions]
        if not tests:
            return ast.Constant(True)
        return ast.BoolOp(ast.And() if node.combinator == "and" else ast.Or(), tests)


class Generated:
    """A generated function: `run(facts, prepare(now))`; prepare once, run for every entity."""

    def __init__(self, name: str, body: list[ast.stmt], *, code: Code) -> None:
        self._name = name
        self._scope = code.scope
        self._body = [*self._read_clock(), *code.steps(), *body]

    def prepare(self, now: datetime) -> Clock:
        """Return what the function wants to know about the moment it judges by."""
        return tuple(resolve(now) for resolve in self._scope.clock.values())

    @cached_property
    def run(self) -> Callable[[Facts, Clock], Any]:
        """Return the function, which takes facts."""
        return _compile(self._module(), self._scope.names)

    @cached_property
    def run_text(self) -> Callable[[str | bytes, Clock], Any]:
        """Return the function, which takes facts as JSON text: only what it reads is decoded."""
        decode = decoder(self._scope.reads)
        if decode is None:
            return self._run_decoded
        body = [*self._read_record(), *self._body]
        return _compile(_module(self._name, body), {**self._scope.names, "decode": decode})

    def _run_decoded(self, text: str | bytes, clock: Clock) -> Any:
        return self.run(msgspec.json.decode(text), clock)

    @property
    def source(self) -> str:
        """Return the function as text, to read; it is not what was compiled."""
        return ast.unparse(self._module())

    def _module(self) -> ast.Module:
        return _module(self._name, [*self._read_facts(), *self._body])

    def _read_clock(self) -> Iterator[ast.stmt]:
        names: list[ast.expr] = [ast.Name(name, ast.Store()) for name in self._scope.clock]
        if names:
            yield ast.Assign([ast.Tuple(names, ast.Store())], local("clock"))

    def _read_facts(self) -> Iterator[ast.stmt]:
        yield assign("get", ast.Attribute(local("facts"), "get", ast.Load()))
        for key, name in self._scope.reads.items():
            yield assign(name, ast.Call(local("get"), [ast.Constant(key)], []))

    def _read_record(self) -> Iterator[ast.stmt]:
        yield assign("record", ast.Call(local("decode"), [local("facts")], []))
        for name in self._scope.reads.values():
            yield assign(name, ast.Attribute(local("record"), name, ast.Load()))


def generated(query: Query) -> Predicate:
    """Return the query as generated code, called like `predicate(query)`: the same answers.

    Making it takes about a millisecond, and it is then several times as quick: it is for loops over
    many entities.
    """
    code = Code([query])
    function = Generated("holds", [ast.Return(code.test(query))], code=code)
    run, prepare = function.run, function.prepare

    def check(facts: Facts, now: datetime) -> bool:
        return bool(run(facts, prepare(now)))

    return check


def _bare(node: Node) -> Node:
    """Return what is inside groups of one: they say nothing of their own."""
    while isinstance(node, Group) and len(node.conditions) == 1:
        node = node.conditions[0]
    return node


def _is_cheap(written: ast.expr) -> bool:
    """Say whether asking again costs no more than remembering the answer."""
    bare = written.operand if isinstance(written, ast.UnaryOp) else written
    return isinstance(bare, ast.Constant) or (isinstance(bare, ast.Compare) and len(bare.ops) == 1)


def _module(name: str, body: list[ast.stmt]) -> ast.Module:
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg("facts"), ast.arg("clock")],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    definition = ast.FunctionDef(name, arguments, body, [])
    return ast.fix_missing_locations(ast.Module([definition], []))


def _compile(module: ast.Module, names: dict[str, object]) -> Callable[[Any, Clock], Any]:
    """Return the module's one function; the module itself is never run."""
    constants = compile(module, "<generated>", "exec").co_consts
    (code,) = (constant for constant in constants if isinstance(constant, CodeType))
    return FunctionType(code, names)
