"""The workshop: which entities rules do not count for, and how that is ended."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from catalog.admin_operations import OperationAdmin, ReadOnlyAdmin
from catalog.models import Blueprint
from scorecards.admin_rights import ModeratedAdmin
from scorecards.models import Exemption, Scorecard
from scorecards.operations import withdraw_exemption

# What ends within so many days is what somebody has to think of soon.
SOON = timedelta(days=14)


class StateFilter(admin.SimpleListFilter):
    """Whether they hold, and for how long still."""

    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer what there is to look for."""
        soon = f"Live, ends within {SOON.days} days"
        return [("live", "Live"), ("soon", soon), ("ended", "Ended")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Keep the exemptions in the chosen state."""
        match self.value():
            case "live":
                return queryset.live()
            case "soon":
                return queryset.live().filter(expires_on__lte=timezone.now().date() + SOON)
            case "ended":
                return queryset.filter(ended_at__isnull=False)
        return queryset


class ScorecardFilter(admin.SimpleListFilter):
    """Exemptions from the rules of one scorecard, of those whose exemptions one may see."""

    title, parameter_name = "scorecard", "scorecard"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the scorecards that there are exemptions from."""
        found = model_admin.get_queryset(request).order_by().values("rule__scorecard_id")
        rows = Scorecard.objects.filter(id__in=found).order_by("title", "id")
        return list(rows.values_list("identifier", "title"))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Keep the exemptions from the chosen one."""
        chosen = self.value()
        return queryset.filter(rule__scorecard__identifier=chosen) if chosen else queryset


@admin.register(Exemption)
class ExemptionAdmin(ReadOnlyAdmin, ModeratedAdmin, OperationAdmin):
    """Exemptions, made where the entity is looked at, and withdrawn there or here."""

    kind = "exemption"
    actions = ("withdraw",)
    list_display = (
        "entity", "blueprint", "scorecard", "rule", "reason", "asked_by", "approved_by",
        "expires_on", "ended_at",
    )  # fmt: skip
    list_filter = (StateFilter, ScorecardFilter)
    search_fields = ("entity__title", "entity__identifier", "rule__title", "reason")
    ordering = ("-id",)
    fields = (
        "entity", "blueprint", "scorecard", "rule", "reason", "asked_by", "approved_by",
        "created_at", "expires_on", "ended_at", "ended_by",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Exemption]:
        """Return the exemptions with what they name."""
        return super().get_queryset(request).with_names()

    def moderated_rows(
        self, rows: QuerySet[Exemption], blueprints: frozenset[str]
    ) -> QuerySet[Exemption]:
        """Keep the exemptions of the entities of these."""
        return rows.filter(entity__blueprint__identifier__in=blueprints)

    def history_query(self, obj: Any) -> dict[str, str]:
        """Return what selects the history of the exemptions of an entity."""
        if obj is None:
            return {"kind": self.kind}
        entity = obj.entity
        about = {"blueprint": entity.blueprint.identifier, "identifier": entity.identifier}
        return {"kind": self.kind, **about}

    @admin.display(description="Blueprint")
    def blueprint(self, obj: Exemption) -> Blueprint:
        """Name what kind of entity it is."""
        return obj.entity.blueprint

    @admin.display(description="Scorecard")
    def scorecard(self, obj: Exemption) -> Scorecard:
        """Name the rule's scorecard."""
        return obj.rule.scorecard

    @admin.action(description="Withdraw: let the rules count again")
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Exemption]) -> None:
        """End the chosen exemptions by the operation."""
        found = list(queryset.live())
        with transaction.atomic():
            for exemption in found:
                withdraw_exemption(exemption=exemption, by=self.actor(request), now=timezone.now())
        said = f"{len(found):,} withdrawn: the rules count again."
        self.message_user(request, said, messages.SUCCESS)
