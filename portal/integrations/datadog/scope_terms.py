"""The words of a scope query and how they are joined: from a text to a tree. Pure.

::

    scope  = all { "OR" all }
    all    = part { ["AND"] part }
    part   = { "NOT" | "-" } ( "(" scope ")" | field ":" ( value | "(" scope of values ")" ) )
    value  = "quoted" | word, where * stands for anything at its beginning or its end

AND binds more tightly than OR, and may be left out. A backslash takes the meaning from the
character behind it, in words and between quotes.
"""

import re
from dataclasses import dataclass

from catalog.conditions.problems import quoted
from catalog.errors import Invalid

MAX_LENGTH = 10_000
MAX_TERMS = 300
MAX_DEPTH = 8

_SPACE = re.compile(r"\s*")
_FIELD = re.compile(r'([^\s()":*?\\<>\[\]{}]+):')
_WORD = re.compile(r'(?:\\.|[^\s()"\\])+', re.DOTALL)
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_CHARACTER = re.compile(r"(\\?)(.)", re.DOTALL)
_JOINERS = {
    word: re.compile(rf'{word}(?=[\s()"]|$)', re.IGNORECASE) for word in ("AND", "OR", "NOT")
}
# A * as itself, which a backslash in front would make it no more.
_ANYTHING = ("", "*")


@dataclass(frozen=True)
class Term:
    """A field and the value that it should have; `at` is the place of the value in the text.

    Open at an end: anything may stand there.
    """

    field: str
    value: str
    at: int
    is_open_before: bool = False
    is_open_behind: bool = False


@dataclass(frozen=True)
class Not:
    """What must not hold."""

    part: "Node"


@dataclass(frozen=True)
class AllOf:
    """What must hold together."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class AnyOf:
    """Of which one must hold."""

    parts: tuple["Node", ...]


Node = Term | Not | AllOf | AnyOf


def refusal(path: str, at: int, message: str) -> Invalid:
    """Return the error for a place in a scope, counted in characters from 1."""
    return Invalid.at(path, f"at character {at + 1}: {message}")


def read_terms(text: str, *, path: str) -> Node:
    """Return the tree of a scope that is not empty; raises `Invalid` naming the place."""
    if len(text) > MAX_LENGTH:
        raise Invalid.at(path, f"holds at most {MAX_LENGTH:,} characters; make it shorter")
    reader = _Reader(text, path)
    tree = reader.any_of(None, 0)
    if reader.rest():
        raise reader.refusal('")" closes nothing; take it out')
    return tree


class _Reader:
    """One pass over the text; `field` is the one whose values stand between parentheses."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.at = 0
        self.count = 0

    def refusal(self, message: str, at: int | None = None) -> Invalid:
        return refusal(self.path, self.at if at is None else at, message)

    def rest(self) -> str:
        """Return the next character behind the space, empty at the end."""
        self.skip(_SPACE)
        return self.text[self.at : self.at + 1]

    def skip(self, form: re.Pattern[str]) -> re.Match[str] | None:
        found = form.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def is_next(self, word: str) -> bool:
        self.skip(_SPACE)
        found = _JOINERS[word].match(self.text, self.at)
        if found and found[0] != word:
            raise self.refusal(f"write {word} in capitals, or in quotes where it is a value")
        return found is not None

    def takes(self, word: str) -> bool:
        if not self.is_next(word):
            return False
        self.at += len(word)
        return True

    def takes_minus(self) -> bool:
        is_sign = self.rest() == "-" and bool(self.text[self.at + 1 : self.at + 2].strip())
        self.at += is_sign
        return is_sign

    def any_of(self, field: str | None, depth: int) -> Node:
        parts = [self.all_of(field, depth)]
        while self.takes("OR"):
            parts.append(self.all_of(field, depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def all_of(self, field: str | None, depth: int) -> Node:
        parts = [self.part(field, depth)]
        while self.takes("AND") or (self.rest() not in ("", ")") and not self.is_next("OR")):
            parts.append(self.part(field, depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def part(self, field: str | None, depth: int) -> Node:
        is_negated = False
        while self.takes("NOT") or self.takes_minus():
            is_negated = not is_negated
        node = self.group(field, depth) if self.rest() == "(" else self.term(field, depth)
        return Not(node) if is_negated else node

    def group(self, field: str | None, depth: int) -> Node:
        if depth == MAX_DEPTH:
            raise self.refusal(f"parentheses nest at most {MAX_DEPTH} deep; write it flatter")
        start = self.at
        self.at += 1
        node = self.any_of(field, depth + 1)
        if self.rest() != ")":
            raise self.refusal('this "(" is never closed; put a ")" behind the last value', start)
        self.at += 1
        return node

    def term(self, field: str | None, depth: int) -> Node:
        self.count += 1
        if self.count > MAX_TERMS:
            raise self.refusal(f"a scope has at most {MAX_TERMS} values; ask for a tag instead")
        if any(map(self.is_next, _JOINERS)):
            raise self.refusal("something is missing here; joining words stand between two parts")
        if field is not None:
            return self.value(field)
        name = self.skip(_FIELD)
        if name is None:
            raise self.no_field()
        if self.text.startswith("(", self.at):
            return self.group(name[1], depth)
        return self.value(name[1])

    def no_field(self) -> Invalid:
        word = self.skip(_WORD)
        if word is None:
            return self.refusal("a condition is missing here; write one like kind:service")
        message = f"{quoted(word[0])} names no field; for a name, write name: in front of it"
        return self.refusal(message, word.start())

    def value(self, field: str) -> Term:
        start = self.at
        if found := self.skip(_QUOTED):
            return Term(field, _plain(found[1]), start)
        word = self.skip(_WORD)
        if word is None:
            if self.text.startswith('"', start):
                raise self.refusal("this quote is never closed; put another behind the value")
            raise self.refusal(f'a value is missing; write one like {field}:"value"')
        if word[0][0] in "<>[{":
            raise self.refusal(
                f"a scope asks for whole values; list them, like {field}:(a OR b)", start
            )
        return self.word(field, word[0], start)

    def word(self, field: str, word: str, start: int) -> Term:
        characters = _CHARACTER.findall(word)
        before, behind = characters[0] == _ANYTHING, characters[-1] == _ANYTHING
        inner = characters[before : len(characters) - behind]
        if any(not escape and sign in "*?" for escape, sign in inner):
            message = "* stands at the beginning or the end of a value only, and ? nowhere"
            raise self.refusal(f"{message}; put the value in quotes to mean them", start)
        return Term(field, "".join(sign for _, sign in inner), start, before, behind)


def _plain(text: str) -> str:
    return _CHARACTER.sub(lambda found: found[2], text)
