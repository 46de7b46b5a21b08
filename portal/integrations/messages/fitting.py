"""Making texts fit the limits of a channel. Pure."""

from collections.abc import Callable, Iterable

ELLIPSIS = "…"


def clip(text: str, limit: int) -> str:
    """Return the text, cut off with an ellipsis where it is longer than the limit.

    >>> clip("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS


def clip_escaped(text: str, limit: int, escape: Callable[[str], str]) -> str:
    """Return the escaped text within the limit, cut between characters and never inside an escape.

    >>> clip_escaped("a<b", 4, lambda text: text.replace("<", "&lt;"))
    'a…'
    """
    escaped = escape(text)
    if len(escaped) <= limit:
        return escaped
    kept, room = [], limit - 1
    for character in text:
        piece = escape(character)
        if len(piece) > room:
            break
        kept.append(piece)
        room -= len(piece)
    return "".join(kept) + ELLIPSIS


def packed(lines: Iterable[str], limit: int) -> list[str]:
    """Return the lines joined into as few texts as fit the limit; each line fits by itself.

    >>> packed(["ab", "cd", "ef"], 5)
    ['ab\\ncd', 'ef']
    """
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + 1 + len(line) <= limit:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return texts
