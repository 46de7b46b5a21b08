"""JSON values of any build, made of words that the dialect knows."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

_TEXTS = st.text(st.characters(exclude_categories=()), max_size=8)


def values(words: Sequence[str]) -> st.SearchStrategy[Any]:
    """Return any JSON values; these words are among its texts and its keys."""
    texts = st.sampled_from(words) | _TEXTS
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=12,
    )


def disturbed(body: Any, words: Sequence[str]) -> st.SearchStrategy[Any]:
    """Return a body in which something, at any depth, is anything else."""
    return st.one_of(
        [st.builds(_put, st.just(body), st.just(place), values(words)) for place in _places(body)]
    )


def _places(value: Any) -> list[tuple[Any, ...]]:
    keys = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        keys = enumerate(value)
    return [(), *((key, *rest) for key, item in keys for rest in _places(item))]


def _put(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[place[0]] = _put(value[place[0]], place[1:], new)
    return copy
