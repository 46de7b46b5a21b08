"""One widget that is being set up: its form, and how it would be drawn."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from catalog.errors import Fault
from catalog.forms import place_faults
from portal.dashboards.boards.board_page import Drawn, Reader, draw
from portal.dashboards.boards.desk import Desk
from portal.dashboards.boards.forms import PartForm, names_in
from portal.dashboards.boards.forms_lines import LinesForm, Place, places_in
from portal.dashboards.boards.gallery import WidgetKind, kind_of
from portal.dashboards.boards.sources import Sources
from portal.dashboards.widgets import COLUMNS, Widget

SAVE, PREVIEW = "save", "preview"
# As many as a widget with every line about another blueprint names.
MOST_NAMES = 24
_WITHIN = re.compile(r"^widgets\[0\]\.widgets\[\d+\]\.?")


@dataclass(frozen=True)
class ShownField:
    """A field as the template lays it out."""

    bound: Any
    is_wide: bool
    is_steering: bool
    is_group: bool
    is_check: bool


class Configuring:
    """The form of a widget with what was sent, and what a button asked to be done to it.

    `act` is "save", "preview", or what only changes the form: "refresh", "add-line", "drop-line 2",
    "column-up tier".
    """

    def __init__(self, stored: Widget, data: Any, *, reader: Reader, now: datetime) -> None:
        self.stored, self.reader, self.now = stored, reader, now
        kind = kind_of(stored.get("type"))
        if kind is None:
            raise ValueError(f"no form for {stored.get('type')}")
        self.kind: WidgetKind = kind
        # Script asks for a preview by the form alone; buttons say what they are for.
        self.act = data.get("act", PREVIEW) if data is not None else ""
        self.data = _acted(data, self.act) if data is not None else None
        names = list(dict.fromkeys(names_in(self.data, stored)))[:MOST_NAMES]
        desk = Desk(names, now=now, sight=reader.sight)
        self.form = kind.form(self.data, stored=stored, desk=desk)
        self._is_valid = self.form.is_valid() if self.form.is_bound else False

    @property
    def shows_errors(self) -> bool:
        """Say whether the reader has asked what is wrong: not while they are still choosing."""
        return self.act in (SAVE, PREVIEW)

    @property
    def is_to_be_saved(self) -> bool:
        """Say whether the form is sent to be saved, and can be."""
        return self.act == SAVE and self._is_valid

    def document(self) -> Widget:
        """Return the widget's document with what was changed."""
        return self.form.widget()

    def show(self, faults: Iterable[Fault]) -> None:
        """Show what the operation refused at the fields that it names."""
        within = [fault.at(_WITHIN.sub("", fault.path)) for fault in faults]
        place_faults(self.form, within)
        self._is_valid = False

    @property
    def preview(self) -> Drawn | None:
        """Return the widget as it would be drawn, None while the form does not say enough."""
        if self.form.is_bound and self._is_valid:
            document = self.document()
        elif not self.form.is_bound and "id" in self.stored:
            document = self.stored
        else:
            return None
        sources = Sources([document], now=self.now, sight=self.reader.sight)
        return draw(document, COLUMNS, sources, self.reader)

    @property
    def fields(self) -> list[ShownField]:
        """Return the fields of the widget in the order of the page."""
        return list(_shown(self.form, self.form.names()))

    @property
    def lines(self) -> list[tuple[Place, Any, list[ShownField]]]:
        """Return the forms of the lines, where there are some."""
        if not isinstance(self.form, LinesForm):
            return []
        pairs = zip(self.form.places, self.form.lines, strict=True)
        return [(place, form, list(_shown(form, form.names()))) for place, form in pairs]

    @property
    def has_lines(self) -> bool:
        """Say whether the widget is made of lines."""
        return isinstance(self.form, LinesForm)

    @property
    def heading(self) -> str:
        """Return what the page is called."""
        if "id" not in self.stored:
            return _("New: %(kind)s") % {"kind": self.kind.title}
        return str(self.stored.get("title") or self.kind.title)


def _shown(form: PartForm, names: Iterable[str]) -> Iterator[ShownField]:
    for name in names:
        bound = form[name]
        widget = bound.field.widget
        is_group = bound.id_for_label == "" or isinstance(widget, forms.CheckboxSelectMultiple)
        yield ShownField(
            bound=bound,
            is_wide=name in form.wide or is_group,
            is_steering=name in form.steering,
            is_group=is_group,
            is_check=isinstance(widget, forms.CheckboxInput),
        )


def _acted(data: Any, act: str) -> Any:
    """Return what was sent with what a button asked for done to it."""
    verb, _space, target = act.partition(" ")
    changed = data.copy()
    for name, values in data.lists():
        # No database takes null bytes, and nobody types them.
        changed.setlist(name, [value.replace("\x00", "") for value in values])
    places = places_in(data)
    match verb:
        case "add-line":
            number = max((place.number for place in places), default=-1) + 1
            changed.setlist("lines", [*map(str, places), str(Place(number))])
        case "drop-line":
            changed.setlist("lines", [str(it) for it in places if str(it.number) != target])
        case "column-up" | "column-down":
            step = -1 if verb == "column-up" else 1
            changed.setlist("columns", _shifted(changed.getlist("columns"), target, step))
    return changed


def _shifted(names: list[str], name: str, step: int) -> list[str]:
    shifted = list(names)
    if name in names and 0 <= names.index(name) + step < len(names):
        at = names.index(name)
        shifted[at], shifted[at + step] = shifted[at + step], shifted[at]
    return shifted
