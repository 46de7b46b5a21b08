"""The fields that the forms of widgets are made of.

Each knows whether what was sent means something else than what is stored: a widget that nobody
changed is stored as it was, however its document wrote it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from catalog.conditions import ConditionError, dump, parse
from catalog.forms_conditions import ConditionField, ConditionWidget, Sent
from catalog.forms_rows import Unreadable
from portal.dashboards.boards.datasets import rules_of
from portal.dashboards.boards.desk import Choices, identity
from portal.dashboards.boards.subjects import Kind, parse_subject

# These may come later than the page that shows them.
_LATER = (Kind.SCORECARD, Kind.RULE)


class TextField(forms.CharField):
    """A text as it is stored: with its spaces, and with plain line ends, which browsers change."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "strip": False, "max_length": 10_000, **kwargs})

    def to_python(self, value: Any) -> str:
        """Return the text with plain line ends, and without null bytes, which no database takes."""
        return str(super().to_python(value)).replace("\r\n", "\n").replace("\x00", "")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what people see."""
        return self.to_python(initial) != self.to_python(data)


class ChoiceField(forms.ChoiceField):
    """One of some values. What is stored stays on offer, so that a form says what is there."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})
        self.stored = ""

    def offer(self, choices: Iterable[Any], *, stored: str = "", empty: str = "") -> None:
        """Set what can be chosen, and what is stored."""
        offered = list(choices)
        self.stored = stored
        if stored and stored not in _values(offered):
            offered.append((stored, _("%(name)s (not there)") % {"name": stored}))
        if empty or not self.required:
            offered.insert(0, ("", empty or "–"))
        self.choices = offered


class SubjectField(ChoiceField):
    """A property, relation, owner, scorecard or rule, by one of the ways to write its name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.offered: Choices = []
        self.of = ""
        self.is_open = False

    def offer_subjects(
        self, choices: Choices, *, of: str, stored: Any, empty: str = "", is_open: bool = False
    ) -> str:
        """Set what can be chosen of a blueprint, and return what is stored as the choices write it.

        `is_open`: the blueprint is not there yet, so that nobody can tell what it has.
        """
        self.offered, self.of, self.is_open = choices, of, is_open
        written = spelled(str(stored or ""), choices)
        self.offer(choices, stored=written, empty=empty or _("Choose one"))
        return written

    def validate(self, value: Any) -> None:
        """Refuse what the blueprint does not have, by its name."""
        if not value:
            return super(forms.ChoiceField, self).validate(value)
        if value in _values(self.offered) or (value == self.stored and self._may_come(value)):
            return None
        raise forms.ValidationError(
            _("%(of)s has no '%(name)s'; choose one of the list.")
            % {"of": self.of, "name": parse_subject(value).key}
        )

    def _may_come(self, value: str) -> bool:
        return self.is_open or parse_subject(value).kind in _LATER


class SubjectsField(forms.MultipleChoiceField):
    """Some properties and the like, in an order."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})
        self.offered: Choices = []
        self.of = ""
        self.may_miss: frozenset[str] = frozenset()

    def offer_subjects(
        self, choices: Choices, *, of: str, stored: Iterable[Any], is_open: bool = False
    ) -> list[str]:
        """Set what can be chosen, and return what is stored as the choices write it."""
        self.offered, self.of = choices, of
        written = [spelled(str(name), choices) for name in stored]
        unknown = [name for name in written if name not in _values(choices)]
        self.may_miss = frozenset(
            name for name in unknown if is_open or parse_subject(name).kind in _LATER
        )
        absent = [(name, _("%(name)s (not there)") % {"name": name}) for name in unknown]
        self.choices = [*choices, (_("Not there"), absent)] if absent else list(choices)
        return written

    def validate(self, value: list[str]) -> None:
        """Refuse what the blueprint does not have, by its name."""
        known = _values(self.offered) | self.may_miss
        wrong = [parse_subject(name).key for name in value if name not in known]
        if wrong:
            raise forms.ValidationError(
                _("%(of)s has no %(names)s; take it out.")
                % {"of": self.of, "names": ", ".join(f"'{name}'" for name in wrong)}
            )

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare with the order."""
        return list(initial or []) != list(data or [])


def spelled(name: str, choices: Choices) -> str:
    """Return a name as the choices write it, itself where they do not have it."""
    if not name:
        return ""
    wanted = identity(parse_subject(name))
    found = (value for value in _values(choices) if identity(parse_subject(value)) == wanted)
    return next(found, name)


def _values(choices: Iterable[Any]) -> set[str]:
    return set(_each(choices))


def _each(choices: Iterable[Any]) -> Iterator[str]:
    for value, shown in choices:
        if isinstance(shown, list | tuple):
            yield from _each(shown)
        else:
            yield value


class DatasetWidget(ConditionWidget):
    """Conditions as rows, and as JSON, in the look of the pages."""

    template_name = "dashboards/boards/_conditions.html"

    class Media:
        js = ()


class DatasetField(ConditionField):
    """Which entities a widget is about: a query in the words of widgets, ``{combinator, rules}``.

    The place to put another editor of conditions: it takes and gives the stored query.
    """

    widget = DatasetWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "at": "dataset", **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Return what to edit: rows show nothing for a query that keeps everything."""
        return value if isinstance(value, Sent) or rules_of(value or {}) else None

    def clean(self, value: Sent) -> dict[str, Any]:
        """Return the query; every fault is a message that starts with its path."""
        query = super().clean(value)
        if query is None:
            return {"combinator": "and", "rules": []}
        return {"combinator": query.get("combinator", "and"), "rules": rules_of(query)}

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether the conditions mean something else."""
        try:
            return _meant(initial) != _meant(data.query(self.widget.subjects))
        except (ValueError, Unreadable):
            # What cannot be read is told by `clean`.
            return True


def _meant(query: Any) -> Any:
    """Return what a query means, None for everything; of one that is none itself."""
    if not query or (isinstance(query, Mapping) and not rules_of(query)):
        return None
    try:
        return dump(parse(query))
    except ConditionError:
        return query
