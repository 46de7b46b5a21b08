"""What can be learnt from the text of a jq program without running it.

Pure. Unknown constructs are answered on the safe side: `reads` says "everything", and
`reads_clock` says yes.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>\#(?:\\.|[^\\\n])*)
    | (?P<field>\.[A-Za-z_]\w*)
    | (?P<variable>\$(?:__loc__|[A-Za-z_](?:\w|::)*))
    | (?P<format>@\w+)
    | (?P<word>[A-Za-z_](?:\w|::)*)
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<quote>["'])
    | (?P<operator>\?//=?|//=|\.\.|\|=|[!=<>+*/%-]=|//|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_STRING_PART = re.compile(r"""\\\(|\\.|[^\\"']+|.""", re.DOTALL)


class Token(NamedTuple):
    """A piece of a program; `kind` is a group of the pattern above, or "text" inside a string."""

    kind: str
    text: str


def tokens(program: str) -> Iterator[Token]:
    r"""Split a program into tokens; joined again, their texts are the program.

    The code of an interpolation (``"\(.x)"``) comes as tokens between two of kind "splice".
    """
    # One entry per open bracket or string: what has to come to close it.
    open_: list[str] = []
    position = 0
    while position < len(program):
        is_text = bool(open_) and open_[-1] in "\"'"
        match = (_STRING_PART if is_text else _TOKEN).match(program, position)
        if match is None:  # cannot happen: both patterns end in "any character"
            return
        position = match.end()
        yield _text_token(match[0], open_) if is_text else _code_token(match, open_)


def _text_token(text: str, open_: list[str]) -> Token:
    if text == open_[-1]:
        open_.pop()
        return Token("quote", text)
    if text == r"\(":
        open_.append("splice")
        return Token("splice", text)
    return Token("text", text)


def _code_token(match: re.Match[str], open_: list[str]) -> Token:
    kind, text = match.lastgroup or "operator", match[0]
    if kind == "quote":
        open_.append(text)
    elif text == "(":
        open_.append("paren")
    elif text == ")" and open_:
        kind = "splice" if open_.pop() == "splice" else kind
    return Token(kind, text)


def normalise(program: str) -> str:
    r"""Return the program with every 'string' written as a "string".

    >>> normalise("if .x == 'say \"hi\"' then 1 else 2 end")
    'if .x == "say \\"hi\\"" then 1 else 2 end'
    """
    written: list[str] = []
    quotes: list[str] = []
    for kind, text in tokens(program):
        if kind == "quote":
            if quotes and quotes[-1] == text:
                quotes.pop()
            else:
                quotes.append(text)
            written.append('"')
        elif kind == "splice":
            # Inside an interpolation the code has quotes of its own.
            quotes.append("splice") if text == r"\(" else quotes.pop()
            written.append(text)
        else:
            written.append(_requote(text) if kind == "text" and quotes[-1] == "'" else text)
    return "".join(written)


def _requote(text: str) -> str:
    return {'"': r"\"", r"\'": "'"}.get(text, text)


@lru_cache(maxsize=1024)
def reads_clock(program: str) -> bool:
    """Say whether the program's value can change although the entity does not."""
    return any(token == ("word", "now") for token in tokens(program))


def imports(program: str) -> bool:
    """Say whether the program names a module, which jq allows only at its beginning."""
    code = (token for token in tokens(program) if token.kind not in ("space", "comment"))
    first = next(code, Token("space", ""))
    return first.kind == "word" and first.text in ("import", "include", "module")
