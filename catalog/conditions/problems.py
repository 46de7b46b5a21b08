"""What is wrong with a query, where, and what to write instead."""

import json
from collections.abc import Collection, Mapping
from difflib import get_close_matches

from catalog.errors import Fault, Invalid

Problem = Fault

SHOWN_LENGTH = 60
KINDS: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}


class ConditionError(Invalid):
    """A query is malformed; `problems` lists everything found, in reading order."""

    @property
    def problems(self) -> list[Problem]:
        """Return the problems, each with its path, the fault and the way out."""
        return self.faults


def closest(word: str, known: Collection[str], aliases: Mapping[str, str] | None = None) -> str:
    """Return the known word that was probably meant, or an empty string.

    Case is ignored, and `aliases` names what other languages call the same thing. Only the
    beginning of a long word is compared: the matching is quadratic.
    """
    folded = {name.lower(): name for name in known}
    short = word[:SHOWN_LENGTH].strip().lower()
    if aliases and short in aliases:
        return aliases[short]
    return next((folded[match] for match in get_close_matches(short, folded, n=1)), "")


def quoted(word: str) -> str:
    """Return the word in double quotes, cut where it would swamp the message."""
    shown = word if len(word) <= SHOWN_LENGTH else f"{word[:SHOWN_LENGTH]}…"
    # Half a surrogate pair is a legal JSON text, but no encoder would let the message out.
    return json.dumps(shown.encode(errors="replace").decode(), ensure_ascii=False)


def kind(value: object) -> str:
    """Return what a value is, in words that fit behind "not"."""
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    return KINDS.get(type(value), f"a {type(value).__name__}")


def unknown_word(
    word: str, what: str, known: Collection[str], aliases: Mapping[str, str] | None = None
) -> str:
    """Return the message for a word outside a closed set: the likely one, or all of them."""
    suggestion = closest(word, known, aliases)
    if suggestion:
        return f'{quoted(word)} is not {what}; did you mean "{suggestion}"?'
    return f"{quoted(word)} is not {what}; use one of {', '.join(known)}"
