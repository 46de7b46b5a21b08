"""Pieces of SQL that carry their parameters. Values never become text."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from string import Formatter
from typing import Any, Literal

_parse = Formatter().parse


@dataclass(frozen=True)
class SQL:
    """A piece of SQL; `depth` counts what its groups have open at once while it is parsed."""

    text: str
    params: tuple[Any, ...] = ()
    depth: int = 0


TRUE = SQL("TRUE")
FALSE = SQL("FALSE")


def sql(template: str, **parts: Any) -> SQL:
    """Return the template with its names filled in: pieces as they are, values as parameters.

    >>> sql("{column} = {value}", column=SQL("tier"), value=1)
    SQL(text='tier = %s', params=(1,), depth=0)
    """
    texts: list[str] = []
    params: list[Any] = []
    for literal, name, _, _ in _parse(template):
        texts.append(literal.replace("%", "%%"))
        if name is None:
            continue
        part = parts[name]
        piece = part if isinstance(part, SQL) else SQL("%s", (part,))
        texts.append(piece.text)
        params += piece.params
    return SQL("".join(texts), tuple(params))


def join(word: Literal["AND", "OR"], pieces: Sequence[SQL]) -> SQL:
    """Return the pieces joined in pairs, so that what is open at once stays small.

    SQLite's parser holds a hundred things: a parenthesis costs one on the left of the word and
    three on its right. So the two that hold least are joined first, the deeper one on the left.
    """
    heap = [(piece.depth, index, piece) for index, piece in enumerate(pieces)]
    heapify(heap)
    while len(heap) > 1:
        _, first, light = heappop(heap)
        _, second, heavy = heap[0]
        if heavy.depth == light.depth and first < second:
            light, heavy = heavy, light
        pair = _pair(word, heavy, light)
        heapreplace(heap, (pair.depth, max(first, second), pair))
    return heap[0][2]


def _pair(word: str, left: SQL, right: SQL) -> SQL:
    return SQL(
        f"({left.text} {word} {right.text})",
        left.params + right.params,
        max(left.depth + 1, right.depth + 3),
    )
