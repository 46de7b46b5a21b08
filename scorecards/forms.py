"""The form of a scorecard: texts, levels and rules, which together make one document."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django import forms
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from catalog.errors import Fault
from catalog.forms import OperationForm, TextField, free_identifier, place_faults, short_text
from catalog.forms_conditions import ConditionField
from catalog.forms_entities import EntityField, label_of
from catalog.forms_rows import Subjects
from catalog.models import TEAM, Blueprint
from scorecards.models import Level, Rule, Scorecard

_PART = re.compile(r"^(levels|rules)\[(\d+)\]\.?(.*)$")
# The place of what nobody has placed.
LAST = 10_000


def _order() -> forms.IntegerField:
    widget = UnfoldAdminIntegerFieldWidget(attrs={"class": "tm-order", "aria-label": "Order"})
    return forms.IntegerField(required=False, min_value=0, label="Order", widget=widget)


def _long_text(**kwargs: Any) -> TextField:
    return TextField(required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), **kwargs)


class ConditionForm(OperationForm):
    """A form with conditions. `subjects` is what they can be about."""

    subjects: Subjects = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, ConditionField):
                field.widget.subjects = self.subjects


class ScorecardForm(ConditionForm):
    """What a scorecard says beside its levels and rules.

    `moderated` are the blueprints of who fills it in, who may grade no others; None: all.
    """

    moderated: Collection[str] | None = None

    blueprints = forms.ModelMultipleChoiceField(
        Blueprint.objects.order_by("is_system", "title", "id"),
        to_field_name="identifier",
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="The entities of these are graded.",
    )
    description = _long_text()
    filter = ConditionField(
        at="filter",
        required=False,
        help_text="Only entities for which this holds are graded. Empty: all of them.",
    )

    class Meta:
        model = Scorecard
        fields = (
            "identifier", "title", "description", "follows_catalog", "blueprints", "status",
            "filter",
        )  # fmt: skip
        help_texts = {
            "status": "Drafts grade nothing and show nowhere else.",
            "follows_catalog": "Instead of the choice below: everything is graded that is owned or "
            "described, also what will be added to the catalog.",
        }
        widgets = {"follows_catalog": UnfoldBooleanSwitchWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.moderated is not None:
            rows = self.fields["blueprints"].queryset
            self.fields["blueprints"].queryset = rows.filter(identifier__in=self.moderated)
            self.fields["follows_catalog"].disabled = True
        if self.instance.pk and self.instance.follows_catalog and not self.is_bound:
            # What is kept in step by us is there to be read.
            blueprints = self.fields["blueprints"]
            blueprints.widget.attrs["disabled"] = True
            blueprints.help_text = "These are graded now; the list follows the catalog."

    def clean(self) -> dict[str, Any]:
        """Ask for blueprints, unless the catalog says which they are."""
        data = super().clean() or self.cleaned_data
        if not data.get("follows_catalog") and not data.get("blueprints"):
            self.add_error("blueprints", self.fields["blueprints"].error_messages["required"])
        return data

    def clean_identifier(self) -> str:
        """Refuse an identifier that is taken: saving would replace the other scorecard."""
        return free_identifier(self, Scorecard.objects.all())

    def definition(self) -> dict[str, Any]:
        """Return the document, as far as this form describes it."""
        data = self.cleaned_data
        return {
            "identifier": self.instance.identifier or data["identifier"],
            "title": data["title"],
            "description": data["description"],
            "follows_catalog": data["follows_catalog"],
            "blueprints": [blueprint.identifier for blueprint in data["blueprints"]],
            "status": data["status"],
            "filter": data["filter"],
        }


class LevelForm(OperationForm):
    """One level; the order of the forms is that of the levels."""

    rank = _order()

    class Meta:
        model = Level
        fields = ("title", "color", "rank")
        widgets = {"title": short_text(**{"class": "tm-level-title"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # In a row of a table, the head of the column is no label.
        for name in ("title", "color"):
            self.fields[name].widget.attrs["aria-label"] = f"Level: {self.fields[name].label}"

    @property
    def order(self) -> int | None:
        """Return the place that was asked for."""
        return self.cleaned_data.get("rank")

    def definition(self) -> dict[str, Any]:
        """Return the level's part of the document."""
        return {name: self.cleaned_data[name] for name in ("title", "color")}


class LevelChoiceField(forms.CharField):
    """A level by title. The document says whether there is such a level."""

    widget = UnfoldAdminSelectWidget(attrs={"class": "tm-level-choice"})

    def prepare_value(self, value: Any) -> Any:
        """Return the title, and let the select hold an option for it."""
        titles = [title for _, title in self.widget.choices]
        if value and value not in titles:
            self.widget.choices = [*self.widget.choices, (value, value)]
        return value


class RuleForm(ConditionForm):
    """One rule."""

    level_titles: Sequence[str] = ()

    identifier = forms.CharField(
        required=False,
        max_length=100,
        widget=short_text(),
        help_text="Empty: made from the title. It cannot be changed later.",
    )
    level = LevelChoiceField(
        help_text="The first level is where every entity starts: it owns no rules."
    )
    is_reported = forms.BooleanField(
        required=False,
        label="Reported over the API",
        widget=UnfoldBooleanSwitchWidget(),
        help_text="Instead of a condition: tools report a result for each entity, see /api/docs/.",
    )
    query = ConditionField(at="query", label="Condition", required=True)
    filter = ConditionField(
        at="filter",
        label="Only where",
        required=False,
        help_text="For entities where this does not hold, the rule does not count.",
    )
    evidence = ConditionField(
        at="evidence",
        label="Known where",
        required=False,
        help_text="Where this does not hold, nobody has said enough to tell: the rule does not "
        "count there, and says what is missing.",
    )
    description = _long_text(label="Why")
    how_to_fix = _long_text()
    owner = EntityField(target=TEAM, is_many=False, labels={}, required=False)
    position = _order()

    class Meta:
        model = Rule
        fields = (
            "title", "identifier", "level", "is_enabled", "is_reported", "query", "filter",
            "evidence", "description", "how_to_fix", "in_force_from", "owner", "position",
        )  # fmt: skip
        help_texts = {"in_force_from": "Until that day the rule does not count."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._expect_condition()
        options = [("", "Choose a level"), *((title, title) for title in self.level_titles)]
        self.fields["level"].widget.choices = options
        if self.instance.pk:
            # Results and history hang on it.
            self.fields["identifier"].disabled = True
            self.fields["identifier"].help_text = ""
            self.initial["level"] = self.instance.level.title
            owner = self.instance.owner
            self.initial["owner"] = owner.identifier if owner else None
            self.fields["owner"].labels = {owner.identifier: label_of(owner)} if owner else {}

    @property
    def order(self) -> int | None:
        """Return the place that was asked for."""
        return self.cleaned_data.get("position")

    def _expect_condition(self) -> None:
        """Ask for a condition unless the rule is said to be reported."""
        if self.instance.pk:
            self.initial["is_reported"] = self.instance.is_reported
        query = self.fields["query"]
        query.required = query.widget.is_required = not self["is_reported"].value()

    def clean_query(self) -> Any:
        """Refuse a condition beside reports: only one of them can say what holds."""
        query = self.cleaned_data["query"]
        if query is not None and self.cleaned_data.get("is_reported"):
            raise forms.ValidationError(
                "A reported rule has no condition: remove the condition, or switch "
                "'Reported over the API' off."
            )
        return query

    def clean_identifier(self) -> str:
        """Make an identifier where none is given."""
        title = str(self.cleaned_data.get("title", ""))
        made = re.sub(r"[^\w]+", "_", title.lower()).strip("_")[:100]
        return self.cleaned_data["identifier"] or made or "rule"

    def definition(self, renamed: Mapping[str, str]) -> dict[str, Any]:
        """Return the rule's part of the document; `renamed` maps titles of levels, old to new."""
        data = self.cleaned_data
        day = data["in_force_from"]
        texts = (
            "identifier",
            "title",
            "description",
            "how_to_fix",
            "query",
            "filter",
            "evidence",
            "is_enabled",
        )
        return {
            **{name: data[name] for name in texts},
            "level": renamed.get(data["level"], data["level"]),
            "in_force_from": day.isoformat() if day else None,
            "owner": data["owner"],
        }


class PartFormSet(PaginationInlineFormSet):
    """The levels or the rules of a scorecard. `faults` is what the operation refused, by place."""

    faults: Mapping[int, Sequence[Fault]] = {}

    def in_order(self) -> list[Any]:
        """Return the forms that are to be kept, in the order of the document.

        Those that were dragged have a place; new ones come after them as they stand.
        """
        kept = [form for form in self.forms if self._is_kept(form)]
        return sorted(kept, key=lambda form: LAST if form.order is None else form.order)

    def _is_kept(self, form: Any) -> bool:
        is_filled = form.instance.pk is not None or form.has_changed()
        return is_filled and not (self.can_delete and self._should_delete_form(form))

    def full_clean(self) -> None:
        """Check each form, then show what the operation refused at the form it is about."""
        super().full_clean()
        if self.is_bound and self.faults:
            forms_ = self.in_order()
            for index, faults in self.faults.items():
                place_faults(forms_[index], faults)

    def clean(self) -> None:
        """Leave uniqueness to the document: titles may swap places."""

    def save(self, commit: bool = True) -> list[Any]:
        """Write nothing; the operation writes."""
        return []


def definition_of(form: ScorecardForm, levels: PartFormSet, rules: PartFormSet) -> dict[str, Any]:
    """Return the scorecard document that the forms describe together."""
    ladder = levels.in_order()
    titles = {level.cleaned_data["title"] for level in ladder}
    renamed = {
        level.instance.title: level.cleaned_data["title"]
        for level in ladder
        if level.instance.pk and level.instance.title not in titles
    }
    return {
        **form.definition(),
        "levels": [level.definition() for level in ladder],
        "rules": [rule.definition(renamed) for rule in rules.in_order()],
    }


def split_faults(
    faults: Iterable[Fault],
) -> tuple[tuple[Fault, ...], dict[str, dict[int, list[Fault]]]]:
    """Return the faults of the scorecard itself, and those of its parts by section and place."""
    own: list[Fault] = []
    parts: dict[str, dict[int, list[Fault]]] = {"levels": {}, "rules": {}}
    for fault in faults:
        match = _PART.match(fault.path)
        if match is None:
            own.append(fault)
            continue
        section, index, path = match.groups()
        parts[section].setdefault(int(index), []).append(Fault(path, fault.message))
    return tuple(own), parts
