"""The query string of a page as a value, from which the links of the page are made. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

Pair = tuple[str, str]

# As long as the longest identifier: links filter by it.
MAX_LENGTH = 1_000
# A search costs by the word, and SQLite takes only so many.
MAX_WORDS_LENGTH = 200
# Some forty columns by their whole names.
MAX_COLUMNS_LENGTH = 6_000
# Conditions are not cut but refused where they are too long: half of them is something else.
_LENGTHS = {"q": MAX_WORDS_LENGTH, "query": None, "columns": MAX_COLUMNS_LENGTH}
VIEW = "view"
# Where one is on the page, and which menu is open there: no link goes on with these.
PASSING = frozenset(["page", "menu"])


@dataclass(frozen=True)
class QueryString:
    """The parameters of a page, in order. Links made from it start again at the first page.

    Where a saved view is open, `view` is its identifier and `base` what it says: `pairs` are all
    that is in force, and addresses name the view and only what differs from it.
    """

    pairs: tuple[Pair, ...] = ()
    view: str = ""
    base: tuple[Pair, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> "QueryString":
        """Keep what says something: forms send every empty field, and people paste anything."""
        cleaned = ((key, clean(value, at=key)) for key, value in pairs)
        return cls(tuple((key, value) for key, value in cleaned if value))

    @classmethod
    def within(cls, view: str, base: "QueryString", given: Iterable[Pair]) -> "QueryString":
        """Return what a view says, but for what an address says itself.

        What the address names without a value is lifted.

        >>> view = QueryString((("team", "core"), ("sort", "owner")))
        >>> str(QueryString.within("mine", view, [("team", ""), ("q", "a")]))
        '?view=mine&q=a&team='
        """
        given = [(key, value) for key, value in given if key != VIEW]
        said = {key for key, _ in given}
        kept = tuple(pair for pair in base.pairs if pair[0] not in said)
        return cls((*kept, *cls.of(given).pairs), view=view, base=base.pairs)

    def get(self, key: str) -> str:
        """Return the last value under the key, or an empty string."""
        return next((value for name, value in reversed(self.pairs) if name == key), "")

    def without(self, *keys: str) -> "QueryString":
        """Return the same without these parameters, and without the page."""
        gone = {*keys, *PASSING}
        return replace(self, pairs=tuple(pair for pair in self.pairs if pair[0] not in gone))

    def having(self, key: str, value: str) -> "QueryString":
        """Return the same with one parameter set."""
        kept = self.without(key)
        return replace(kept, pairs=(*kept.pairs, (key, value))) if value else kept

    def outside(self, names: Collection[str]) -> list[Pair]:
        """Return what a form with fields of these names has to send along."""
        return [pair for pair in self.without().written if pair[0] not in names]

    @property
    def whole(self) -> "QueryString":
        """Return the same with all that is in force spelled out, also what a view says."""
        return QueryString(self.without().pairs)

    @property
    def is_changed(self) -> bool:
        """Say whether it differs from the view that is open."""
        return bool(self.view) and dict(self.without().pairs) != dict(self.base)

    @property
    def written(self) -> tuple[Pair, ...]:
        """Return the parameters of the address."""
        if not self.view:
            return self.pairs
        said = {key for key, _ in self.pairs}
        differing = [pair for pair in self.pairs if pair not in self.base]
        lifted = [(key, "") for key, _ in self.base if key not in said]
        return ((VIEW, self.view), *differing, *lifted)

    @property
    def text(self) -> str:
        """Return the parameters as text, without the mark before them."""
        return urlencode(self.pairs)

    def __str__(self) -> str:
        return f"?{urlencode(self.written)}" if self.written else "?"


def clean(text: str, *, at: str = "") -> str:
    """Return what somebody typed, without null bytes (no database takes them), cut to a length."""
    return text.replace("\x00", "").strip()[: _LENGTHS.get(at, MAX_LENGTH)]
