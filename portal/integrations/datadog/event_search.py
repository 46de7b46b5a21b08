"""The search language of event lists, such as ``service:(a OR b) env:production``. Pure.

Terms are ``facet:value``; values may stand in quotes or, several of them, in parentheses. Terms
beside each other are joined by AND; there are also OR, NOT, a minus before a term, and ``*`` at the
beginning or the end of a value. What is not understood is refused: a list that silently leaves a
condition out would be taken for the answer.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.conditions.operators import OPPOSITES
from catalog.errors import Invalid

Condition = dict[str, Any]
# From an operator and a value to the condition that a facet has it.
Facet = Callable[[str, Any], Condition]

MAX_LENGTH = 2_000
MAX_DEPTH = 8
_TOKEN = re.compile(r'\s*(?:([()])|"((?:\\.|[^"\\])*)"|((?:\\.|[^\s()"\\])+))', re.DOTALL)
_RANGES = ("[", "{", ">", "<")


@dataclass(frozen=True)
class Token:
    """A part of a search: a parenthesis, a text in quotes, or a word. A word keeps its escapes."""

    text: str
    is_sign: bool = False
    is_quoted: bool = False

    def is_word(self, text: str) -> bool:
        """Say whether it is this word, not in quotes."""
        return self.text == text and not self.is_quoted and not self.is_sign


def compound(combinator: str, conditions: list[Condition]) -> Condition:
    """Return the conditions as one; a single one needs no group."""
    if len(conditions) == 1:
        return conditions[0]
    return {"combinator": combinator, "conditions": conditions}


def read_search(text: str, *, facet: Callable[[str], Facet], path: str) -> Condition | None:
    """Return the condition that a search asks for, None where it asks for everything.

    `facet` finds the meaning of a facet by its name, and raises `Invalid` for what is none. Raises
    `Invalid` at `path` for what is not understood.
    """
    if len(text) > MAX_LENGTH:
        raise Invalid.at(path, f"is longer than {MAX_LENGTH:,} characters")
    tokens = _tokens(text, path)
    if not tokens or (len(tokens) == 1 and tokens[0].is_word("*")):
        return None
    reader = _Reader(tokens, facet, path)
    found = reader.either(reader.term, depth=0)
    if reader.peek() is not None:
        raise reader.refusal("')' has no '(' before it")
    return found


def _tokens(text: str, path: str) -> list[Token]:
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise Invalid.at(path, f"a quote or an escape is not closed at character {position}")
        sign, quoted, word = match.groups()
        if sign is not None:
            tokens.append(Token(sign, is_sign=True))
        elif quoted is not None:
            tokens.append(Token(_unescaped(quoted), is_quoted=True))
        else:
            tokens.append(Token(word))
        position = match.end()
    return tokens


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


class _Reader:
    """Recursive descent: alternatives of conjunctions of terms, the same inside a facet's values.

    A `part` reads one term, or one value of a facet.
    """

    def __init__(self, tokens: list[Token], facet: Callable[[str], Facet], path: str) -> None:
        self._tokens, self._position = tokens, 0
        self._facet, self._path = facet, path

    def refusal(self, message: str) -> Invalid:
        return Invalid.at(self._path, message)

    def peek(self) -> Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _next(self, wanted: str) -> Token:
        token = self.peek()
        if token is None:
            raise self.refusal(f"ends where {wanted} is expected")
        self._position += 1
        return token

    def _takes(self, *words: str) -> bool:
        token = self.peek()
        if token is None or not any(token.is_word(word) for word in words):
            return False
        self._position += 1
        return True

    def _is_closed(self) -> bool:
        token = self.peek()
        return token is None or (token.is_sign and token.text == ")")

    def either(self, part: Callable[[int], Condition], *, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise self.refusal(f"is nested more than {MAX_DEPTH} deep; flatten it")
        found = [self._all(part, depth)]
        while self._takes("OR", "||"):
            found.append(self._all(part, depth))
        return compound("or", found)

    def _all(self, part: Callable[[int], Condition], depth: int) -> Condition:
        found = [self._one(part, depth)]
        while not self._is_closed():
            token = self.peek()
            if token is not None and (token.is_word("OR") or token.is_word("||")):
                break
            self._takes("AND", "&&")
            found.append(self._one(part, depth))
        return compound("and", found)

    def _one(self, part: Callable[[int], Condition], depth: int) -> Condition:
        is_negated = False
        while self._takes("NOT", "-", "!"):
            is_negated = not is_negated
        token = self.peek()
        if token is not None and not token.is_quoted and not token.is_sign:
            if token.text in ("AND", "OR", "&&", "||"):
                raise self.refusal(f"'{token.text}' stands where a condition is expected")
            if len(token.text) > 1 and token.text[0] in "-!":
                self._tokens[self._position] = Token(token.text[1:])
                is_negated = not is_negated
        found = self._parenthesised(part, depth) if self._opens() else part(depth)
        return _negation(found) if is_negated else found

    def _opens(self) -> bool:
        token = self.peek()
        return token is not None and token.is_sign and token.text == "("

    def _parenthesised(self, part: Callable[[int], Condition], depth: int) -> Condition:
        self._position += 1
        found = self.either(part, depth=depth + 1)
        if not self._is_closed() or self.peek() is None:
            raise self.refusal("'(' is not closed")
        self._position += 1
        return found

    def term(self, depth: int) -> Condition:
        """Read ``facet:value``, ``facet:"value"`` or ``facet:(values)``."""
        token = self._next("a condition")
        name, colon, rest = token.text.partition(":")
        if token.is_sign or token.is_quoted or not colon or not name:
            shown = token.text[:60]
            raise self.refusal(f"'{shown}' is not understood; write conditions as facet:value")
        facet = self._facet(_unescaped(name.removeprefix("@")))
        if rest:
            return self._value(Token(rest), facet)
        if self._opens():
            return self._parenthesised(lambda _: self._next_value(facet), depth)
        return self._next_value(facet)

    def _next_value(self, facet: Facet) -> Condition:
        token = self._next("a value")
        if token.is_sign:
            raise self.refusal(f"'{token.text}' stands where a value is expected")
        return self._value(token, facet)

    def _value(self, token: Token, facet: Facet) -> Condition:
        if token.is_quoted:
            return facet("=", token.text)
        text = token.text
        if text.startswith(_RANGES):
            raise self.refusal(f"'{text[:60]}': ranges are not understood; use from and to")
        if text == "*":
            return facet("isNotEmpty", None)
        begins, ends = text.startswith("*"), text.endswith("*") and not text.endswith("\\*")
        core = text[begins : len(text) - ends]
        if re.search(r"(?<!\\)[*?]", core) or not core:
            raise self.refusal(
                f"'{text[:60]}': '*' may stand only at the beginning or the end of a value"
            )
        operators = {
            (True, True): "contains",
            (True, False): "endsWith",
            (False, True): "beginsWith",
            (False, False): "=",
        }
        return facet(operators[begins, ends], _unescaped(core))


def _negation(condition: Mapping[str, Any]) -> Condition:
    """Return the opposite of a condition; of a group by De Morgan, for groups have none."""
    if "combinator" in condition:
        flipped = "or" if condition["combinator"] == "and" else "and"
        return compound(flipped, [_negation(item) for item in condition["conditions"]])
    return {**condition, "operator": OPPOSITES[condition["operator"]]}
