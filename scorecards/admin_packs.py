"""The page of all packs, and the form by which one is installed and set."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from catalog.admin_operations import OperationAdmin, become, once
from scorecards.forms_packs import pack_form
from scorecards.models import InstalledPack, LevelChange, Scorecard
from scorecards.operations import install_pack
from scorecards.packs import PACKS, PackSummary, settings_of

RESETS = (
    "Saving installs the pack: its scorecards and properties become what the pack and its settings "
    "say, whatever was edited in them. What you decided about its rules stays: whether they are "
    "on, for which entities, from which day, at which level and whose they are; and so do "
    "scorecards, rules and properties of your own."
)


class PackAdmin(OperationAdmin):
    """All packs there are, each with the form of its settings, addressed by name.

    The row of a pack comes with its installation, so there is nothing to add or delete.
    """

    kind = "pack"
    readonly_fields = ("summary", "state")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: all packs there are stand in the list."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what a pack brought is deleted where it is edited."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show every pack, installed or not."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = InstalledPack.objects.in_bulk()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Packs",
            "table": {
                "headers": ["Pack", "Description", "Installed"],
                "rows": [_line(pack, rows.get(pack.name)) for pack in PACKS.values()],
            },
        }
        return TemplateResponse(request, "admin/tidemark/packs.html", context)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> InstalledPack | None:
        """Return the row of a pack, or one for a pack that is still to be installed."""
        if object_id not in PACKS:
            return None
        found = InstalledPack.objects.filter(name=object_id).first()
        return found or InstalledPack(name=object_id)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the form that the settings of the pack make."""
        return super().get_form(request, obj, form=pack_form(obj), **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Say what the pack is, then ask for its settings."""
        names = [setting.name for setting in settings_of(obj.name)]
        about = (None, {"fields": self.readonly_fields, "description": RESETS})
        return [about, ("Settings", {"fields": names})] if names else [about]

    @admin.display(description="Brings")
    def summary(self, obj: InstalledPack) -> str:
        """Say what the pack is for."""
        return PACKS[obj.name].description

    @admin.display(description="Installed")
    @once
    def state(self, obj: InstalledPack) -> str:
        """Say since when it is installed, or how that is done."""
        if obj.installed_at is None:
            return "Not yet. Saving installs it."
        return (
            f"{obj.installed_at:%Y-%m-%d %H:%M} UTC, last brought up to date "
            f"{obj.updated_at:%Y-%m-%d %H:%M} UTC"
        )

    def history_query(self, obj: Any) -> dict[str, str]:
        """Return what selects the changes of a pack's settings."""
        return {"kind": self.kind, **({"identifier": obj.name} if obj else {})}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Install by the operation, and say what it moved."""
        now = timezone.now()
        scorecards = install_pack(
            name=obj.name, by=self.actor(request), now=now, settings=form.settings()
        )
        become(obj, InstalledPack.objects.get(name=obj.name))
        self.message_user(request, _what_moved(scorecards, now))


def _line(pack: PackSummary, row: InstalledPack | None) -> list[str]:
    """Return a line of the list: the title as a link, what it is, and since when it is there."""
    address = reverse("admin:scorecards_installedpack_change", args=[pack.name])
    link = '<a class="text-link whitespace-nowrap" href="{}">{}</a>'
    since = f"Since {row.installed_at:%Y-%m-%d}" if row else "No"
    return [
        format_html(link, address, pack.title),
        pack.description,
        format_html('<span class="whitespace-nowrap">{}</span>', since),
    ]


def _what_moved(scorecards: list[Scorecard], now: Any) -> str:
    if any(scorecard.stale_since is not None for scorecard in scorecards):
        return "The entities are being evaluated in the background."
    moved = LevelChange.objects.filter(scorecard__in=scorecards, at=now).count()
    return f"{len(scorecards)} scorecards are installed; {moved:,} levels changed."
