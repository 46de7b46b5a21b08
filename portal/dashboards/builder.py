"""The filter builder of a table: rows of property, operator and value, and what they ask for.

A form sends the parameters `where` (`and` or `or`), `where.property`, `where.operator` and
`where.value`, the last three once a row. They become the filters `query` and `level.<scorecard>`,
so that addresses stay short and know one way to say a thing. `where.shown` names the levels that
the form showed as rows: their filters go unless a row says them again. With `where.as` the form
means its JSON, not its rows.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from django.http import QueryDict
from django.utils.translation import gettext as _

from catalog.conditions import (
    OPERATORS,
    PRESETS,
    ConditionError,
    Operator,
    Preset,
    parse,
)
from catalog.filtersets_queries import MAX_QUERY_LENGTH
from catalog.forms_conditions import read_json
from catalog.forms_rows import Row, Subjects, Table, Unreadable, query_of, table_of
from catalog.forms_subjects import GROUPS
from portal.dashboards import advanced
from portal.dashboards.builder_offers import LEVEL, LEVEL_OPERATORS, Offers
from portal.dashboards.querystring import QueryString

if TYPE_CHECKING:
    pass

WHERE, KEY, OPERATOR, VALUE = "where", "where.property", "where.operator", "where.value"
SHOWN, AS_JSON = "where.shown", "where.as"
PARAMETERS = (WHERE, KEY, OPERATOR, VALUE, SHOWN, AS_JSON)
# With this in `where` an address only shows the form.
OPEN = "open"
MOST_ROWS = 40
BLANK_ROWS = 3


@dataclass(frozen=True)
class Sent:
    """What a form sent."""

    table: Table
    shown: frozenset[str]
    is_json: bool


def sent_in(data: QueryDict) -> Sent | None:
    """Return what the builder sent with an address, None where it has sent nothing."""
    # A form sends a row at least: without one an address only shows the form, or does not.
    if not any(name in data for name in (KEY, OPERATOR, VALUE, AS_JSON)):
        return None
    columns = (data.getlist(name) for name in (KEY, OPERATOR, VALUE))
    # One more than may be, so that too many are noticed.
    parts = islice(zip_longest(*columns, fillvalue=""), MOST_ROWS + 1)
    rows = tuple(Row(*(part.replace("\x00", "") for part in row)) for row in parts)
    combinator = "or" if data.get(WHERE) == "or" else "and"
    return Sent(Table(combinator, rows), frozenset(data.getlist(SHOWN)), AS_JSON in data)


def address_of(sent: Sent, query: QueryString, offers: Offers) -> QueryString:
    """Return the parameters that say what was sent, and all else as it was.

    Raises `Unreadable` with a message for each wrong row.
    """
    kept = query.without(*PARAMETERS)
    if sent.is_json:
        return kept.having(advanced.NAME, _compact(kept.get(advanced.NAME)))
    if len(sent.table.rows) > MOST_ROWS:
        raise Unreadable([_("There are more than {most} rows.").format(most=MOST_ROWS)])
    levels, table = _split(sent.table, offers)
    text = _query_text(table, offers.subjects)
    kept = kept.without(*(key for key in sent.shown if key in offers.scorecards))
    for name, value in levels.items():
        kept = kept.having(name, value)
    return kept.having(advanced.NAME, text)


def _compact(text: str) -> str:
    try:
        read = read_json(text)
    except ValueError:
        return text
    return json.dumps(read, separators=(",", ":"), ensure_ascii=False) if text else ""


def _split(table: Table, offers: Offers) -> tuple[dict[str, str], Table]:
    """Return the levels that rows ask for, by filter, and the table with those rows left blank."""
    levels: dict[str, str] = {}
    rows, problems = [], []
    is_choice = table.combinator == "or" and len(table.filled().rows) > 1
    for number, row in enumerate(table.rows, 1):
        try:
            offers.check(row)
            if row.key in offers.scorecards:
                if row.key in levels:
                    raise ValueError(_("a row before it asks for the same level; keep one of them"))
                if is_choice:
                    raise ValueError(_("a level can be asked for only where all conditions hold"))
                levels[row.key] = offers.level(row)
                row = Row()
        except ValueError as error:
            problems.append(_("Row {number}: {message}").format(number=number, message=error))
        rows.append(row)
    if problems:
        raise Unreadable(problems)
    return levels, Table(table.combinator, tuple(rows))


def _query_text(table: Table, subjects: Subjects) -> str:
    document = query_of(table, subjects)
    if document is None:
        return ""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    if len(text) > MAX_QUERY_LENGTH:
        message = _("Together the conditions are too long for an address; shorten a value.")
        raise Unreadable([message])
    try:
        parse(document)
    except ConditionError as error:
        numbers = [number for number, row in enumerate(table.rows, 1) if not row.is_blank]
        raise Unreadable(
            [_at_row(fault.path, fault.message, numbers) for fault in error.faults]
        ) from None
    return text


def _at_row(path: str, message: str, numbers: list[int]) -> str:
    found = re.match(r"query\.conditions\[([0-9]+)\]\.?(.*)", path)
    if not found:
        return f"{path}: {message}"
    number = numbers[int(found[1])]
    return _("Row {number}: {message}").format(number=number, message=f"{found[2]} {message}")


@dataclass(frozen=True)
class OfferedOperator:
    """An operator as the form offers it, also in the words of dates and levels.

    `types` are those that it suits, for the script that narrows the choice.
    """

    operator: Operator

    @property
    def types(self) -> str:
        """Return the types that it suits."""
        level = [LEVEL] if self.operator.token in LEVEL_OPERATORS else []
        return " ".join([*sorted(self.operator.types), *level])

    @property
    def dated(self) -> str:
        """Return its label beside a date."""
        return f"is {self.operator.dated}" if self.operator.dated else ""

    @property
    def level(self) -> str:
        """Return its label beside a scorecard."""
        return LEVEL_OPERATORS.get(self.operator.token, "")


@dataclass(frozen=True)
class Option:
    """Something that a row can be about; `type` is empty where it is not known."""

    key: str
    title: str
    type: str
    item: str = ""


@dataclass(frozen=True)
class Builder:
    """The form as the page shows it. Without a `table` the query is more than rows can say."""

    offers: Offers
    table: Table | None
    shown: list[str]

    @property
    def combinator(self) -> str:
        """Return how the rows are joined."""
        return self.table.combinator if self.table else "and"

    @property
    def rows(self) -> list[Row]:
        """Return the rows, with blank ones to fill in."""
        filled = self.table.filled().rows if self.table else ()
        return [*filled, *[Row()] * BLANK_ROWS]

    @property
    def presets(self) -> list[Preset]:
        """Return the spans of time that dates can be compared with."""
        return list(PRESETS.values())

    @property
    def operators(self) -> list[OfferedOperator]:
        """Return all operators."""
        return [OfferedOperator(row) for row in OPERATORS.values()]

    @property
    def groups(self) -> list[tuple[str, list[Option]]]:
        """Return what rows can be about, by kind."""
        cards = [Option(key, card.title, LEVEL) for key, card in self.offers.scorecards.items()]
        groups = {name: list(self._options(name)) for name in GROUPS}
        unknown = [Option(key, key, "") for key in self._unknown()]
        found = [(_("Scorecards"), cards), *groups.items(), (_("Unknown here"), unknown)]
        return [(name, options) for name, options in found if options]

    def _options(self, group: str) -> Iterator[Option]:
        for item in self.offers.subjects.values():
            if item.group == group:
                yield Option(item.key, item.title, item.type or "", item.item or "")

    def _unknown(self) -> list[str]:
        known = {*self.offers.subjects, *self.offers.scorecards, ""}
        rows = self.table.rows if self.table else ()
        return list(dict.fromkeys(row.key for row in rows if row.key not in known))


def builder_of(query: QueryString, offers: Offers, *, sent: Sent | None = None) -> Builder:
    """Return the form for an address; with `sent`, the form as it was sent, to be mended."""
    if sent is not None:
        shown = [key for key in sent.shown if key in offers.scorecards]
        return Builder(offers, sent.table, shown)
    table = _table_for(query.get(advanced.NAME), offers)
    if table is None:
        return Builder(offers, None, [])
    levels = {key: query.get(key) for key in offers.scorecards if query.get(key)}
    if levels and table.combinator == "or" and len(table.rows) > 1:
        return Builder(offers, table, [])
    rows = [offers.level_row(key, value) for key, value in levels.items()]
    return Builder(offers, Table(table.combinator, (*rows, *table.rows)), list(levels))


def _table_for(text: str, offers: Offers) -> Table | None:
    """Return the rows that say a query, None where rows of this form cannot."""
    if not text:
        return Table("and", ())
    try:
        table = table_of(read_json(text), offers.subjects)
        if table is None or len(table.rows) > MOST_ROWS:
            return None
        for row in table.rows:
            offers.check(row)
    except ValueError:
        return None
    return table
