"""The forms of a dashboard itself and of folders: names, places, and whom they are for."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.dashboards.boards.fields import ChoiceField, TextField
from portal.dashboards.icons import DRAWINGS
from portal.dashboards.models import Folder, Page
from portal.dashboards.sidebar import Item, ordered

EVERYBODY, PRIVATE = "org", "private"
# What buttons say, not signs of what a dashboard is about.
_NO_SIGNS = {
    "close", "copy", "down", "grip", "left", "logout", "menu", "more", "pencil", "plus", "right",
    "skip", "trash", "up",
}  # fmt: skip
ICONS = [("", _("None")), *((name, name) for name in sorted(DRAWINGS - _NO_SIGNS))]


class BoardForm(forms.Form):
    """What a dashboard says beside its widgets.

    `may_publish`: whoever may not, makes private dashboards only.
    """

    title = TextField(label=_("Title"), required=True, max_length=200, strip=True)
    description = TextField(label=_("Description"))
    audience = ChoiceField(label=_("For"), required=True)
    parent = ChoiceField(label=_("Folder"))
    after = ChoiceField(label=_("Stands behind"))
    icon = ChoiceField(label=_("Icon"), widget=forms.RadioSelect)

    def __init__(
        self, data: Any = None, *, page: Page | None, may_publish: bool, may_hide: bool
    ) -> None:
        super().__init__(data, initial=_initial(page))
        self.page = page
        audiences = [(EVERYBODY, _("Everybody"))] if may_publish else []
        audiences += [(PRIVATE, _("Only me"))] if may_hide else []
        self.fields["audience"].offer(audiences)
        if may_publish:
            self._offer_places()
        else:
            del self.fields["parent"], self.fields["after"]
        icon = str(self.initial["icon"] or "")
        self.fields["icon"].choices = [
            *ICONS,
            *([] if icon in dict(ICONS) else [(icon, icon)]),
        ]

    def _offer_places(self) -> None:
        folders = list(folder_choices())
        self.fields["parent"].offer(
            folders, stored=str(self.initial["parent"] or ""), empty=gettext("No folder")
        )
        self.fields["after"].offer(
            _siblings(self.page),
            stored=str(self.initial["after"] or ""),
            empty=gettext("By its title"),
        )

    @property
    def is_private(self) -> bool:
        """Say whom the dashboard is for."""
        return self.cleaned_data["audience"] == PRIVATE

    def settings(self) -> dict[str, Any]:
        """Return what the form says, as keys of the document; what is empty is not said."""
        names = [name for name in self.changed_data if name != "audience"]
        return {name: self.cleaned_data[name] or None for name in names}


def _initial(page: Page | None) -> dict[str, Any]:
    if page is None:
        return {"title": "", "icon": "gauge", "parent": None, "after": None, "audience": EVERYBODY}
    document = page.document()
    names = ("title", "description", "icon", "parent", "after")
    return {
        **{name: document[name] for name in names},
        "title": document["title"] or document["identifier"],
        "audience": PRIVATE if page.visibility == Page.Visibility.PRIVATE else EVERYBODY,
    }


def folder_choices() -> Iterator[tuple[str, str]]:
    """Yield the folders, each indented by how deep it is."""
    rows = {row.identifier: row for row in Folder.objects.select_related("parent")}
    items = [
        Item(row.identifier, row.title, True, row.parent and row.parent.identifier, row.after)
        for row in rows.values()
    ]
    depths: dict[str | None, int] = {None: -1}
    for item in ordered(items):
        depths[item.identifier] = depths.get(item.parent, -1) + 1
        yield item.identifier, "\u2003" * depths[item.identifier] + item.title


def _siblings(page: Page | None) -> list[tuple[str, str]]:
    """Return what may stand in the same folder: a page that names another one has no wish."""
    pages = Page.objects.filter(type=Page.Type.DASHBOARD).exclude(
        visibility=Page.Visibility.PRIVATE
    )
    if page is not None:
        pages = pages.exclude(pk=page.pk)
    rows = [
        *Folder.objects.select_related("parent"),
        *pages.select_related("parent").defer("widgets"),
    ]
    named = [(row.identifier, _in_place(row)) for row in rows]
    return sorted(named, key=lambda pair: pair[1].casefold())


def _in_place(row: Folder | Page) -> str:
    return f"{row.parent} / {row}" if row.parent else str(row)


class FolderForm(forms.Form):
    """A folder."""

    title = TextField(label=_("Title"), required=True, max_length=200, strip=True)
    parent = ChoiceField(label=_("In the folder"))
    after = ChoiceField(label=_("Stands behind"))

    def __init__(self, data: Any = None, *, folder: Folder | None = None) -> None:
        document: dict[str, Any] = folder.document() if folder else {}
        super().__init__(data, initial=document)
        parents = [pair for pair in folder_choices() if pair[0] != document.get("identifier")]
        self.fields["parent"].offer(
            parents, stored=document.get("parent") or "", empty=gettext("No folder")
        )
        siblings = [pair for pair in _siblings(None) if pair[0] != document.get("identifier")]
        self.fields["after"].offer(
            siblings, stored=document.get("after") or "", empty=gettext("By its title")
        )

    def document(self) -> dict[str, Any]:
        """Return the folder's document; operations make the identifier of a new one."""
        return {name: self.cleaned_data[name] or None for name in ("title", "parent", "after")}
