"""What generated Python is made of: templates, constants, and what is read off an entity once."""

import ast
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from catalog.conditions.values import (
    as_moment,
    contains,
    contains_any,
    is_equal,
    is_one_of,
)

Resolve = Callable[[datetime], object]


# The two forms that nearly every tool writes: UTC with a Z, in seconds or in milliseconds.
_is_usual = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z", re.ASCII).fullmatch
_from_iso = datetime.fromisoformat


def moment_of(text: str) -> datetime | None:
    """Return what `as_moment` returns for a text, at half the cost for the usual forms."""
    if not _is_usual(text):
        return as_moment(text)
    try:
        return _from_iso(text)
    except ValueError:
        return None


# How a condition looks at a fact. A value of a type that it cannot pass turns into one that passes
# no test: NaN is neither more nor less than anything, and nothing is in an empty tuple.
VIEWS: dict[str, str] = {
    "number": "value if (kind := type(value)) is float or kind is int else NAN",
    "moment": "moment_of(value) if type(value) is str else None",
    "text": "value if type(value) is str else ''",
    "members": "value if type(value) is list else ()",
    "parts": "value if (kind := type(value)) is str or kind is list else ()",
}

# All that generated code can name. Without an entry for them it would be given the builtins.
NAMES: dict[str, object] = {
    "__builtins__": {},
    "NAN": float("nan"),
    "contains": contains,
    "contains_any": contains_any,
    "float": float,
    "int": int,
    "is_equal": is_equal,
    "is_one_of": is_one_of,
    "list": list,
    "moment_of": moment_of,
    "str": str,
    "type": type,
}


LITERALS = frozenset([bool, int, float, str, tuple])


class _Filling(ast.NodeTransformer):
    """Puts nodes in the place of names."""

    def __init__(self, parts: dict[str, ast.expr]) -> None:
        self.parts = parts

    def visit_Name(self, node: ast.Name) -> ast.expr:  # noqa: N802 - the name that ast calls
        return self.parts.get(node.id, node)


def expression(template: str, **parts: ast.expr) -> ast.expr:
    """Return a template of ours with these nodes in the place of the names.

    >>> ast.unparse(expression("found == wanted", wanted=ast.Constant("] + x")))
    "found == '] + x'"
    """
    filled: ast.expr = _Filling(parts).visit(ast.parse(template, mode="eval").body)
    return filled


def local(name: str) -> ast.expr:
    """Return the expression that reads a name."""
    return ast.Name(name, ast.Load())


def assign(name: str, value: ast.expr) -> ast.stmt:
    """Return the statement that gives a local its value."""
    return ast.Assign([ast.Name(name, ast.Store())], value)


class Scope:
    """The names of one generated function.

    `names` are its globals; `reads` are the keys of the facts with the local that holds each, and
    `views` the statements that prepare them, each once; `clock` holds what is worked out once per
    `now`, whatever the number of entities.
    """

    def __init__(self) -> None:
        self.names = dict(NAMES)
        self.reads: dict[str, str] = {}
        self.views: dict[str, ast.stmt] = {}
        self.clock: dict[str, Resolve] = {}
        self._asked: dict[object, str] = {}

    def read(self, key: str) -> ast.expr:
        """Return the local that holds a fact."""
        return local(self.reads.setdefault(key, f"value_{len(self.reads)}"))

    def see(self, view: str, key: str) -> ast.expr:
        """Return the local that holds a fact as one kind of test looks at it."""
        value = self.read(key)
        name = self.reads[key].replace("value", view)
        if name not in self.views:
            self.views[name] = assign(name, expression(VIEWS[view], value=value))
        return local(name)

    def hold(self, value: Any) -> ast.expr:
        """Return a value of the query: a literal where Python has one, else a global."""
        if value is None or type(value) in LITERALS:
            return ast.Constant(value)
        name = f"wanted_{len(self.names) - len(NAMES)}"
        self.names[name] = value
        return local(name)

    def ask(self, question: object, resolve: Resolve) -> ast.expr:
        """Return the local that holds what `resolve` says of `now`; a question is asked once."""
        name = self._asked.setdefault(question, f"clock_{len(self._asked)}")
        self.clock.setdefault(name, resolve)
        return local(name)
