"""Templates: JSON documents with ``{{ jq }}`` in their texts. Pure.

A text that is one template becomes the value of its program, whatever its type, and where that is
null the pair it stands in goes. Within other text a value is written as text, nothing for null.
A pair with the key ``{{ spreadValue() }}`` gives way to the pairs of its value. Keys may be
templates as well.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from catalog.computed.jq_syntax import tokens
from catalog.errors import Fault
from portal.integrations.jq_bundles import bundle, program_faults, unbundled
from portal.integrations.jq_trees import SPREAD, Filled, Tree

_SPREAD = re.compile(r"\{\{\s*spreadValue\(\)\s*\}\}")
_OPEN = "{{"


@dataclass(frozen=True)
class Template:
    """A document that was read; `program` gives all that fills it, by one run over one context."""

    tree: Tree

    @property
    def program(self) -> str:
        """Return the program to be run over the context."""
        return bundle(self.tree.programs)

    @property
    def is_constant(self) -> bool:
        """Say whether there is nothing to be worked out."""
        return not self.tree.programs

    def reads(self, name: str) -> bool:
        """Say whether some program mentions a part of the context."""
        return any(f".{name}" in program for program in self.tree.programs)

    def filled(self, result: Any) -> Filled:
        """Return the document with what the program gave."""
        values = unbundled(result, count=len(self.tree.programs))
        return self.tree.filled(values)

    def compile_faults(self) -> list[Fault]:
        """Return a fault for every program that does not compile."""
        return program_faults(self.tree.named())


def parse_template(document: Any, *, path: str = "") -> Template:
    """Return the template that a JSON value is; `path` is where it stands in a larger one."""
    tree = Tree(None, drops_null=True)
    tree.document = _node(document, path, tree)
    return Template(tree)


def _node(value: Any, path: str, tree: Tree) -> Any:
    match value:
        case str():
            return _text(value, path, tree)
        case dict():
            return {
                _key(key, f"{path}.{key}" if path else key, tree): _node(
                    item, f"{path}.{key}" if path else key, tree
                )
                for key, item in value.items()
            }
        case list():
            return [_node(item, f"{path}[{index}]", tree) for index, item in enumerate(value)]
    return value


def _key(key: str, path: str, tree: Tree) -> Any:
    return SPREAD if _SPREAD.fullmatch(key) else _text(key, path, tree)


def _text(text: str, path: str, tree: Tree) -> Any:
    parts = list(split(text))
    programs = [part for part, is_program in parts if is_program]
    if not programs:
        return text
    if len(parts) == 1:
        return tree.slot(path, programs, itemgetter(0))
    words = tuple(None if is_program else part for part, is_program in parts)
    return tree.slot(path, programs, partial(_joined, words))


def _joined(words: tuple[str | None, ...], values: list[Any]) -> str:
    """Return a text: its words, with a value in each place that has none."""
    rest = iter(values)
    return "".join(_written(next(rest)) if word is None else word for word in words)


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def split(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a text, and of each whether it is a program.

    >>> list(split("to {{ .a }}!"))
    [('to ', False), ('.a', True), ('!', False)]
    """
    position = 0
    while (start := text.find(_OPEN, position)) >= 0:
        end = _end(text, start + len(_OPEN))
        if end < 0:
            break
        if start > position:
            yield text[position:start], False
        yield text[start + len(_OPEN) : end].strip(), True
        position = end + 2
    if position < len(text):
        yield text[position:], False


def _end(text: str, start: int) -> int:
    """Return where the program that starts here ends; objects and texts in it may hold braces."""
    position, depth = start, 0
    for token in tokens(text[start:]):
        is_code = token.kind == "operator"
        if is_code and token.text == "}" and depth == 0:
            if text.startswith("}}", position):
                return position
            break
        depth += is_code * ((token.text == "{") - (token.text == "}"))
        position += len(token.text)
    # No program that could be read; what ends it first must do, and compiling it tells the rest.
    return text.find("}}", start)
