"""What rows of the filter builder can be about, and which operators suit what. No query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from catalog.conditions import OPERATORS, operators_for
from catalog.conditions.problems import closest, quoted
from catalog.forms_rows import Row, Subjects
from portal.dashboards.filtersets import BELOW, UNGRADED

if TYPE_CHECKING:
    from scorecards.models import Scorecard

MOST_NAMED = 6

LEVEL = "level"
# What can be asked of a level, by the operator that asks it, in the words of levels.
LEVEL_OPERATORS = {"=": "is", "<": "is below", "isEmpty": "is not graded"}


@dataclass(frozen=True)
class Offers:
    """What rows can be about: keys of the facts, and scorecards by the name of their filter."""

    subjects: Subjects
    scorecards: Mapping[str, "Scorecard"]

    def operators(self, key: str) -> list[str]:
        """Return the operators that suit what stands under a key; all where its type is unknown."""
        if key in self.scorecards:
            return list(LEVEL_OPERATORS)
        type_ = self.subjects[key].type
        return [row.token for row in operators_for(type_)] if type_ else list(OPERATORS)

    def check(self, row: Row) -> None:
        """Raise `ValueError` where a row names what is not there or an operator that does not suit.

        A row without a property or an operator passes: whoever reads it says what is missing.
        """
        if not row.key or row.operator not in OPERATORS:
            return
        if row.key not in self.subjects and row.key not in self.scorecards:
            near = closest(row.key, [*self.subjects, *self.scorecards])
            hint = _("; did you mean {word}?").format(word=quoted(near)) if near else ""
            raise ValueError(_("there is no {key} here").format(key=quoted(row.key)) + hint)
        suiting = self.operators(row.key)
        if row.operator not in suiting:
            message = _("'{operator}' does not suit {title}; choose {choices}")
            raise ValueError(
                message.format(
                    operator=OPERATORS[row.operator].label,
                    title=self.title(row.key),
                    choices=_listed(self.label(row.key, token) for token in suiting),
                )
            )

    def title(self, key: str) -> str:
        """Return what people call what stands under a key."""
        return (self.scorecards.get(key) or self.subjects[key]).title

    def label(self, key: str, token: str) -> str:
        """Return what an operator is called beside a key."""
        return LEVEL_OPERATORS[token] if key in self.scorecards else OPERATORS[token].label

    def level(self, row: Row) -> str:
        """Return what the filter of a scorecard says for a row; raises `ValueError`."""
        if row.operator not in LEVEL_OPERATORS:
            raise ValueError(_("choose an operator"))
        if row.operator == "isEmpty":
            return UNGRADED
        titles = [level.title for level in self.scorecards[row.key].levels.all()]
        text = row.text.strip()
        if text not in titles:
            raise ValueError(_("choose a level: {levels}").format(levels=_listed(titles, most=20)))
        return text if row.operator == "=" else f"{BELOW}{text}"

    def level_row(self, key: str, value: str) -> Row:
        """Return the row that says what the filter of a scorecard does."""
        if value == UNGRADED:
            return Row(key, "isEmpty")
        if value.startswith(BELOW):
            return Row(key, "<", value.removeprefix(BELOW))
        return Row(key, "=", value)


def _listed(words: Iterable[str], *, most: int = MOST_NAMED) -> str:
    words = list(words)
    return ", ".join(words[:most]) + (", …" if len(words) > most else "")
