"""The part of a blueprint's form that says who may do what with its entities.

Fields are named as the paths of faults are: ``entities.read.roles``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from catalog.forms import JSONTextField
from catalog.forms_entities import EntityField
from catalog.models import TEAM, Blueprint, Entity
from catalog.policy_documents import shown
from portal.policies import (
    ACTS,
    ADMIN,
    BY_KEY,
    MEMBER,
    READ,
    empty_leaf,
    is_about_people,
    moderator_of,
)

# Stands for the moderators of the blueprint at hand, which may have no identifier yet.
MODERATORS = "$moderators"
_ACT_TITLES = {
    "read": "Read",
    "register": "Register",
    "update": "Update",
    "unregister": "Unregister",
}
_EXAMPLE = '<code>{"tier": {"roles": ["Member"], "teams": ["platform"]}}</code>'
_KEY_TITLES = {
    "updateProperties": (
        "Single properties",
        f"Who else may update one of them: {_EXAMPLE}",
    ),
    "updateRelations": ("Single relations", "Who else may update one of them, said likewise."),
}


class NamesField(forms.CharField):
    """Names, one a line or separated by commas."""

    def prepare_value(self, value: Any) -> Any:
        """Return the text to edit."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        """Return the names, each once."""
        return list(dict.fromkeys(filter(None, map(str.strip, re.split(r"[,\n]", value or "")))))

    def run_validators(self, value: Any) -> None:
        """Skip the checks for texts; the operation checks the names."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare without order, which names do not have."""
        return sorted(initial or []) != sorted(self.to_python(data))


class BlueprintsField(forms.ModelMultipleChoiceField):
    """The blueprints that a token or credential is for; the value is their identifiers."""

    def __init__(self) -> None:
        super().__init__(
            Blueprint.objects.order_by("is_system", "title", "id"),
            to_field_name="identifier",
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget(),
            help_text="It sees and writes the entities of these. None: of all.",
        )

    def clean(self, value: Any) -> list[str]:
        """Return the identifiers."""
        return sorted(row.identifier for row in super().clean(value))


def permission_fields(blueprint: Blueprint | None) -> dict[str, forms.Field]:
    """Return the fields of a blueprint's permissions, or of those that a new one begins with."""
    name = blueprint.identifier if blueprint else ""
    document = shown(blueprint.permissions if blueprint else {}, blueprint=name)["entities"]
    fields: dict[str, forms.Field] = {}
    for act in _acts(name):
        leaf, at, title = document[act], f"entities.{act}", _ACT_TITLES[act]
        roles = _told(leaf["roles"], name)
        fields[f"{at}.roles"] = forms.MultipleChoiceField(
            label=f"{title}: roles",
            required=False,
            choices=_role_choices(roles),
            initial=roles,
            widget=UnfoldAdminCheckboxSelectMultipleWidget(),
            help_text="Admins may in any case.",
        )
        if act != READ:
            fields[f"{at}.ownedByTeam"] = forms.BooleanField(
                label=f"{title}: the teams that own it",
                required=False,
                initial=leaf["ownedByTeam"],
                widget=UnfoldBooleanSwitchWidget(),
            )
        teams = {team: team for team in leaf["teams"]}
        fields[f"{at}.teams"] = EntityField(
            label=f"{title}: these teams",
            target=TEAM,
            is_many=True,
            labels=teams,
            required=False,
            initial=list(teams),
        )
        fields[f"{at}.users"] = NamesField(
            label=f"{title}: these users",
            required=False,
            initial=leaf["users"],
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            help_text="User names or e-mail addresses, one a line.",
        )
    for section in _sections(name):
        title, text = _KEY_TITLES[section]
        said = {key: leaf for key, leaf in document[section].items() if leaf != empty_leaf()}
        fields[f"entities.{section}"] = JSONTextField(
            label=title, rows=4, help_text=text, initial=said or None
        )
    return fields


def permission_rows(blueprint: Blueprint | None) -> list[Any]:
    """Return the names of the fields, those of an act in a row."""
    name = blueprint.identifier if blueprint else ""
    rows: list[Any] = []
    for act in _acts(name):
        parts = ("roles", "ownedByTeam") if act != READ else ("roles",)
        rows.append(tuple(f"entities.{act}.{part}" for part in parts))
        rows.append((f"entities.{act}.teams", f"entities.{act}.users"))
    return [*rows, *(f"entities.{section}" for section in _sections(name))]


class PermissionsForm(forms.BaseForm):
    """What a form does with the fields of `permission_fields`."""

    def clean(self) -> dict[str, Any]:
        """Refuse teams that are not there: nobody is in them."""
        data = super().clean() or self.cleaned_data
        for name in self.changed_data:
            if name.startswith("entities.") and name.endswith(".teams"):
                known = Entity.objects.of(TEAM).named(data[name])
                missing = set(data[name]) - set(known.values_list("identifier", flat=True))
                for team in sorted(missing):
                    self.add_error(name, f"There is no team '{team}'; create it first.")
        return data

    def permissions(self, blueprint: str) -> dict[str, Any]:
        """Return what was changed of the permissions, as `set_permissions` takes it."""
        entities: dict[str, Any] = {}
        for name in self.changed_data:
            if not name.startswith("entities."):
                continue
            _, section, *part = name.split(".")
            if not part:
                entities[section] = self._by_key(name)
            elif part == ["roles"]:
                entities.setdefault(section, {})["roles"] = self._roles(name, blueprint)
            else:
                entities.setdefault(section, {})[part[0]] = self.cleaned_data[name]
        return {"entities": entities} if entities else {}

    def _roles(self, name: str, blueprint: str) -> list[str]:
        own = moderator_of(blueprint)
        return [ADMIN, *(own if role == MODERATORS else role for role in self.cleaned_data[name])]

    def _by_key(self, name: str) -> Any:
        """Return what is said of each key; those that are left out let nobody any more."""
        given, before = self.cleaned_data[name], self.get_initial_for_field(self.fields[name], name)
        if given is not None and not isinstance(given, Mapping):
            return given
        return {**{key: empty_leaf() for key in before or {}}, **(given or {})}


def _told(roles: list[str], blueprint: str) -> list[str]:
    own = moderator_of(blueprint)
    return [MODERATORS if role == own else role for role in roles if role != ADMIN]


def _role_choices(stored: list[str]) -> list[tuple[str, str]]:
    known = {MODERATORS: "Moderators of this blueprint", MEMBER: "Everybody"}
    return [*known.items(), *((role, role) for role in stored if role not in known)]


def _acts(blueprint: str) -> Iterator[str]:
    """Yield what can be said; writing people and teams is for admins, whatever is said."""
    return (act for act in ACTS if act == READ or not is_about_people(blueprint))


def _sections(blueprint: str) -> tuple[str, ...]:
    return () if is_about_people(blueprint) else BY_KEY
