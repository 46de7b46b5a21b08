"""Which facts of an entity a jq program reads, found in its text.

A change then refreshes only the calculations that read what changed. Pure, and never an optimist:
wherever ``.`` may be the whole entity and is used in a way not understood here, the answer is None,
"reads everything".
"""

import json

from catalog.computed.jq_syntax import Token, normalise, tokens

_META_VALUES = frozenset(
    ["identifier", "title", "icon", "blueprint", "team"]
    + ["createdAt", "updatedAt", "createdBy", "updatedBy", "datasource"]
)
_OPENERS = {"(": ")", "[": "]", "{": "}", r"\(": ")", "if": "end"}
_CLOSERS = frozenset([")", "]", "}", "end"])
_BRANCHES = frozenset(["then", "elif", "else"])
_ASSIGNMENTS = frozenset(["=", "|=", "+=", "-=", "*=", "/=", "%=", "//=", "?//="])
_KEYWORDS = frozenset(["and", "or", "try", "catch", "reduce", "foreach"])
_CONSTANTS = frozenset(["null", "true", "false", "now", "empty", "nan", "infinite"])
# These look at `.` only through their arguments.
_FUNCTIONS = frozenset(["first", "last", "limit", "range", "isempty", "error"])


class _Everything(Exception):  # noqa: N818 - an answer, not an error
    """The program reads the whole entity, or this reader cannot tell."""


def reads(program: str) -> frozenset[str] | None:
    """Return the keys of `Entity.facts` the program reads; None when it may read everything.

    >>> sorted(reads('.properties.a + .properties["b"] | tostring'))
    ['a', 'b']
    >>> sorted(reads("[.title, .relations.owner]"))
    ['$title', 'relation#owner']
    >>> reads(".properties | keys") is None
    True
    """
    try:
        return _Reader(_code(program)).read()
    except _Everything:
        return None


def _code(program: str) -> list[Token]:
    """Return the tokens that mean something, each plain string as one of kind "string"."""
    code: list[Token] = []
    for token in tokens(normalise(program)):
        if token.kind in ("space", "comment"):
            continue
        if token.kind == "quote" and [t.kind for t in code[-2:]] == ["quote", "text"]:
            text = code.pop().text
            code[-1] = Token("string", text)
        elif token.kind == "text" and code[-1].kind == "text":
            code[-1] = Token("text", code[-1].text + token.text)
        else:
            code.append(token)
    return code


class _Reader:
    """Walks the tokens once and knows of each place whether ``.`` is still the entity there."""

    def __init__(self, code: list[Token]) -> None:
        self.code = code
        self.position = 0
        self.found: set[str] = set()
        self.is_entity = True
        self.is_binding = False  # between `as` and its pipe, which does not change `.`
        self.groups: list[tuple[str, bool]] = []

    def read(self) -> frozenset[str]:
        while self.position < len(self.code):
            token = self.code[self.position]
            if not self._is_object_key() and not self._step_group(token) and self.is_entity:
                self._step_entity(token)
            self.position += 1
        return frozenset(self.found)

    def _peek(self, distance: int = 1) -> Token:
        index = self.position + distance
        return self.code[index] if 0 <= index < len(self.code) else Token("end", "")

    def _is_object_key(self) -> bool:
        """Say whether this is the key of ``{key: ...}``; the short ``{key}`` reads the entity."""
        if not self.groups or self.groups[-1][0] != "{" or self._peek(-1).text not in ("{", ","):
            return False
        token = self.code[self.position]
        if token.kind in ("quote", "format") and self.is_entity:
            # The short {"a\(...)"} reads under a name that is made up as it goes.
            raise _Everything
        if token.kind not in ("word", "string"):
            return token.kind == "variable"
        if self._peek().text != ":" and self.is_entity:
            raise _Everything
        return True

    def _step_group(self, token: Token) -> bool:
        """Follow brackets, branches and pipes; say whether that was all the token meant."""
        text = token.text
        if token.kind not in ("operator", "splice", "word"):
            return False
        if text in _OPENERS:
            self.is_binding = self.is_binding and text != "("  # reduce ... as $x (
            self.groups.append((text, self.is_entity))
        elif text in _CLOSERS:
            self._close(text)
        elif text in _BRANCHES or text == ";" or (text == "," and self._is_inside("{")):
            self.is_entity = self._outer()
            if text == "else":
                self.groups[-1] = ("else", self.is_entity)
        elif text in ("as", "label"):
            # A pattern may hold programs of its own.
            if self._peek().kind != "variable":
                raise _Everything
            self.is_binding = True
        elif text == "|":
            self.is_entity = self.is_entity and self.is_binding
            self.is_binding = False
        else:
            return False
        return True

    def _is_inside(self, opener: str) -> bool:
        return bool(self.groups) and self.groups[-1][0] == opener

    def _outer(self) -> bool:
        if not self.groups:
            raise _Everything
        return self.groups[-1][1]

    def _close(self, text: str) -> None:
        self.is_entity = self._outer()
        opener, _ = self.groups.pop()
        if text != ("end" if opener == "else" else _OPENERS[opener]):
            raise _Everything
        # Without an else, the entity itself comes out where the condition does not hold.
        if opener == "if" and self.is_entity:
            raise _Everything

    def _step_entity(self, token: Token) -> None:
        """Note what this token reads of the entity, or give up."""
        match token.kind:
            case "field":
                self._path(token.text[1:])
            case "operator" if token.text == ".":
                self.position -= 1
                self._path(self._key())
            case "operator" if token.text == ".." or token.text in _ASSIGNMENTS | {"?//"}:
                raise _Everything
            case "word":
                self._word(token.text)
            case "format" if self._peek().kind not in ("string", "quote"):
                raise _Everything

    def _path(self, root: str) -> None:
        if root == "properties":
            self.found.add(self._key())
        elif root == "relations":
            self.found.add(f"relation#{self._key()}")
        elif root in _META_VALUES:
            self.found.add(f"${root}")

    def _key(self) -> str:
        """Take the key that follows: ``.key``, ``."key"``, ``["key"]`` or ``.["key"]``."""
        while self._peek().text == "?":
            self.position += 1
        if self._peek().kind == "field":
            self.position += 1
            return self._peek(0).text[1:]
        if self._peek().text == ".":
            self.position += 1
        if self._peek().kind == "string" and self._peek(0).text == ".":
            self.position += 1
            return self._literal(self._peek(0))
        if [self._peek(1).text, self._peek(2).kind, self._peek(3).text] == ["[", "string", "]"]:
            self.position += 3
            return self._literal(self._peek(-1))
        raise _Everything

    def _literal(self, token: Token) -> str:
        try:
            return str(json.loads(f'"{token.text}"'))
        except ValueError:
            raise _Everything from None

    def _word(self, word: str) -> None:
        if word in _KEYWORDS or word in _CONSTANTS:
            return
        if word not in _FUNCTIONS or self._peek().text != "(":
            raise _Everything
