"""The query string of a page as a value, from which the links of the page are made. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

# As long as the longest identifier: links filter by it.
MAX_LENGTH = 1_000
# A search costs by the word, and SQLite takes only so many.
MAX_WORDS_LENGTH = 200
# Conditions are not cut but refused where they are too long: half of them is something else.
_LENGTHS = {"q": MAX_WORDS_LENGTH, "query": None}


@dataclass(frozen=True)
class QueryString:
    """The parameters of a page, in order. Links made from it start again at the first page."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "QueryString":
        """Keep what says something: forms send every empty field, and people paste anything."""
        cleaned = ((key, clean(value, at=key)) for key, value in pairs)
        return cls(tuple((key, value) for key, value in cleaned if value))

    def get(self, key: str) -> str:
        """Return the last value under the key, or an empty string."""
        return next((value for name, value in reversed(self.pairs) if name == key), "")

    def without(self, *keys: str) -> "QueryString":
        """Return the same without these parameters and without the page."""
        gone = {*keys, "page"}
        return QueryString(tuple(pair for pair in self.pairs if pair[0] not in gone))

    def having(self, key: str, value: str) -> "QueryString":
        """Return the same with one parameter set."""
        kept = self.without(key).pairs
        return QueryString((*kept, (key, value)) if value else kept)

    @property
    def text(self) -> str:
        """Return the parameters as text, without the mark before them."""
        return urlencode(self.pairs)

    def __str__(self) -> str:
        return f"?{urlencode(self.pairs)}" if self.pairs else "?"


def clean(text: str, *, at: str = "") -> str:
    """Return what somebody typed, without null bytes (no database takes them), cut to a length."""
    return text.replace("\x00", "").strip()[: _LENGTHS.get(at, MAX_LENGTH)]
