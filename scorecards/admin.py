"""The workshop: scorecards with their levels and rules, and what they found, to be read."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import StackedInline, TabularInline

from catalog import registry, trash
from catalog.admin_operations import ReadOnlyAdmin, become, once
from catalog.admin_trash import tell_kept
from catalog.forms_conditions import plain, script_data
from catalog.forms_rows import Subjects
from catalog.forms_subjects import subjects_of
from catalog.models import Blueprint
from portal.permissions import rights_of
from scorecards import admin_exemptions, admin_outcomes  # noqa: F401 - they register their pages
from scorecards.admin_campaigns import CampaignAdmin
from scorecards.admin_packs import PackAdmin
from scorecards.admin_preview import PreviewAdmin
from scorecards.admin_rights import ModeratedAdmin, ScorecardRightsAdmin
from scorecards.documents import DEFAULT_LEVELS
from scorecards.forms import (
    LevelForm,
    PartFormSet,
    RuleForm,
    ScorecardForm,
    definition_of,
    split_faults,
)
from scorecards.models import (
    Campaign,
    Evaluation,
    InstalledPack,
    Level,
    LevelChange,
    Outcome,
    Rule,
    RuleChange,
    Scorecard,
)
from scorecards.operations import delete_scorecard, save_scorecard
from scorecards.results import REPORTED, Reason, exemptions_of, reasons_for, rule_results

admin.site.register(Campaign, CampaignAdmin)
admin.site.register(InstalledPack, PackAdmin)


def offered(request: HttpRequest, scorecard: Scorecard | None) -> Subjects:
    """Return what conditions can be about: what the graded blueprints have; all, while none is."""
    names = request.POST.getlist("blueprints")
    if not names and scorecard is not None and scorecard.pk:
        names = [blueprint.identifier for blueprint in scorecard.blueprints.all()]
    rights = rights_of(request.user)
    rest = registry.graph().specs if rights.is_admin else sorted(rights.moderated)
    return subjects_of(registry.graph(), names or rest)


class PartInline:
    """What the inlines of levels and rules share: their deletion is part of the document."""

    extra = 0
    formset = PartFormSet

    def has_add_permission(self, request: HttpRequest, obj: Any) -> bool:
        """Let whoever may change the scorecard."""
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let whoever may change the scorecard."""
        return True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let whoever may change the scorecard."""
        return True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let whoever may change the scorecard."""
        return True

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the formset without Django's look at what hangs on a row that is to go."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.form = type(formset.form)(
            formset.form.__name__, (formset.form,), {"hand_clean_DELETE": lambda form: None}
        )
        return formset


class LevelInline(PartInline, TabularInline):
    """The ladder."""

    model = Level
    form = LevelForm
    ordering_field = "rank"
    ordering = ("rank", "id")
    hide_title = True
    fields = ("title", "color", "rank")
    verbose_name_plural = "levels, lowest first: the first is where every entity starts"

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Offer the usual levels for a new scorecard."""
        return 0 if obj and obj.pk else len(DEFAULT_LEVELS)


class RuleInline(PartInline, StackedInline):
    """The requirements."""

    model = Rule
    form = RuleForm
    ordering_field = "position"
    ordering = ("level__rank", "position", "id")
    fields = (
        ("title", "identifier"), ("level", "is_enabled"), "is_reported", "query", "filter",
        "evidence", "description", "how_to_fix", ("in_force_from", "owner"), "position",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        """Return the rules with what their forms name."""
        return super().get_queryset(request).select_related("level", "owner")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the formset, with what its conditions can be about and the levels to choose."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.subjects = request.subjects
        formset.form.level_titles = _level_titles(request, obj)
        return formset


def _level_titles(request: HttpRequest, scorecard: Scorecard | None) -> list[str]:
    """Return the titles of the levels as they stand in the form, without the floor."""
    sent = [
        request.POST.get(f"levels-{index}-title", "")
        for index in range(_count(request.POST.get("levels-TOTAL_FORMS")))
    ]
    if not sent and scorecard is not None and scorecard.pk:
        rows = scorecard.levels.order_by("rank", "id")
        sent = list(rows.values_list("title", flat=True))[1:]
    return [title for title in sent if title] or [item["title"] for item in DEFAULT_LEVELS[1:]]


def _count(text: str | None) -> int:
    return min(int(text), 100) if text and text.isdigit() else 0


@admin.register(Scorecard)
class ScorecardAdmin(PreviewAdmin, ScorecardRightsAdmin):
    """Scorecards: one form, saved by one operation."""

    kind = "scorecard"
    form = ScorecardForm
    inlines = (LevelInline, RuleInline)
    list_display = ("title", "identifier", "status", "grades", "rule_count", "updated_at")
    list_filter = ("status", "blueprints")
    search_fields = ("title", "identifier")
    ordering = ("title", "id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "identifier",
                    "description",
                    "status",
                    "follows_catalog",
                    "blueprints",
                    "filter",
                )
            },
        ),
    )
    change_form_before_template = "admin/tidemark/_scorecard_data.html"

    class Media:
        css = {"all": ("tidemark/levels.css", "admin_tidemark/impact.css")}
        js = ("admin_tidemark/levels.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Scorecard]:
        """Return the scorecards with what their list names."""
        rows = super().get_queryset(request).prefetch_related("blueprints")
        return rows.annotate(rules_there=Count("rules", distinct=True))

    @admin.display(description="Grades")
    def grades(self, obj: Scorecard) -> str:
        """Name the graded blueprints."""
        return ", ".join(sorted(blueprint.title for blueprint in obj.blueprints.all()))

    @admin.display(description="Rules", ordering="rules_there")
    def rule_count(self, obj: Scorecard) -> int:
        """Count the rules."""
        return obj.rules_there

    def view_on_site(self, obj: Scorecard) -> str | None:
        """Lead to the scorecard's page."""
        try:
            return reverse("scorecard", args=[obj.identifier])
        except NoReverseMatch:
            return None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep the identifier of what is stored: others name it."""
        return ("identifier",) if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the form with what its conditions can be about."""
        form = super().get_form(request, obj, **kwargs)
        form.faults, _ = split_faults(self.faults(request))
        rights = rights_of(request.user)
        form.moderated = None if rights.is_admin else rights.moderated
        form.subjects = request.subjects = offered(request, obj)
        return form

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        """Fill in the usual levels of a new scorecard."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if isinstance(inline, LevelInline) and request.method == "GET" and not obj.pk:
            kwargs["initial"] = [
                {**level, "rank": rank} for rank, level in enumerate(DEFAULT_LEVELS)
            ]
        return kwargs

    def _create_formsets(self, request: HttpRequest, obj: Any = None, change: bool = False) -> Any:
        formsets, instances = super()._create_formsets(request, obj, change)
        _, parts = split_faults(self.faults(request))
        for formset in formsets:
            formset.faults = parts[formset.prefix]
        return formsets, instances

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Give the page what its script reads."""
        context["condition_data"] = script_data(registry.graph())
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Wait for the levels and the rules: the operation takes all of it at once."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the whole document by the operation, and say what it moved."""
        now = timezone.now()
        saved = save_scorecard(
            definition=definition_of(form, *formsets), by=self.actor(request), now=now
        )
        become(form.instance, saved)
        self.message_user(request, _what_moved(saved, now))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the operation."""
        self._delete(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Scorecard]) -> None:
        """Delete each by the operation."""
        self._delete(request, list(queryset.order_by("id")))

    def _delete(self, request: HttpRequest, scorecards: list[Scorecard]) -> None:
        batch, by, now = trash.new_batch(), self.actor(request), timezone.now()
        for scorecard in scorecards:
            delete_scorecard(scorecard=scorecard, by=by, now=now, batch=batch)
        tell_kept(request, batch=batch)


def _what_moved(scorecard: Scorecard, now: Any) -> str:
    if scorecard.stale_since is not None:
        return "The entities are being evaluated in the background."
    graded = Evaluation.objects.filter(scorecard=scorecard).count()
    moved = LevelChange.objects.filter(scorecard=scorecard, at=now).count()
    return f"{graded:,} entities are graded; {moved:,} of them changed level."


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin, ModeratedAdmin):
    """All rules, to be found; they are edited with their scorecard."""

    telling_filters = ("scorecard", ("level__title", admin.AllValuesFieldListFilter))

    list_display = ("title", "identifier", "scorecard_link", "level", "is_enabled", "in_force_from")
    list_filter = ("is_enabled", "scorecard", ("level__title", admin.AllValuesFieldListFilter))
    select_related = ("scorecard", "level")
    search_fields = ("title", "identifier", "description")
    ordering = ("scorecard__title", "level__rank", "position", "id")
    fields = (
        "scorecard_link", "title", "identifier", "level", "is_enabled", "is_reported", "query",
        "filter", "evidence", "description", "how_to_fix", "in_force_from", "owner",
    )  # fmt: skip

    def moderated_rows(self, rows: QuerySet[Rule], blueprints: frozenset[str]) -> QuerySet[Rule]:
        """Keep the rules of the scorecards that grade nothing but these."""
        return rows.filter(scorecard__in=Scorecard.objects.within(blueprints))

    @admin.display(description="Scorecard", ordering="scorecard__title")
    def scorecard_link(self, obj: Rule) -> str:
        """Lead to where the rule is edited."""
        address = reverse("admin:scorecards_scorecard_change", args=[obj.scorecard_id])
        return format_html('<a class="text-link" href="{}">{}</a>', address, obj.scorecard.title)

    @admin.display(description=REPORTED, boolean=True)
    def is_reported(self, obj: Rule) -> bool:
        """Say whether the results come from outside."""
        return obj.is_reported


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    """What scorecards found."""

    list_display = ("entity", "blueprint", "scorecard", "level", "evaluated_at", "level_changed_at")
    list_filter = ("scorecard", ("level__title", admin.AllValuesFieldListFilter))
    select_related = ("entity__blueprint", "scorecard", "level")
    search_fields = ("entity__title", "entity__identifier")
    ordering = ("scorecard_id", "entity_id")
    fields = ("entity", "scorecard", "level", "evaluated_at", "level_changed_at", "results")

    @admin.display(description="Blueprint")
    def blueprint(self, obj: Evaluation) -> Blueprint:
        """Name what kind of entity it is."""
        return obj.entity.blueprint

    @admin.display(description="Results")
    @once
    def results(self, obj: Evaluation) -> str:
        """Show each rule's result, read out of the masks, with what was found and wanted."""
        specs = registry.graph().specs
        titles = specs[obj.entity.blueprint.identifier].fact_keys
        rules = obj.scorecard.rules.select_related("level").order_by(
            "level__rank", "position", "id"
        )
        reasons = reasons_for(
            obj.entity,
            rules,
            now=timezone.now(),
            titles=titles,
            exemptions=exemptions_of(obj.entity, [obj]),
        )
        rows = [
            {
                "rule": item.rule,
                "status": item.status,
                "leaves": _leaves(reasons[item.rule.pk]),
                "skip": reasons[item.rule.pk].skip if item.is_skipped else "",
            }
            for item in rule_results(obj, rules)
        ]
        return render_to_string("admin/tidemark/_rule_results.html", {"rows": rows})


def _leaves(reason: Reason) -> list[dict[str, str]]:
    """Return what was found and what is wanted, condition by condition, or what was reported."""
    if reason.explanation is None:
        return [{"label": "Reported", "found": _said(reason.outcome), "wanted": REPORTED}]
    return [
        {
            "label": leaf.label,
            "found": plain(leaf.found) or "nothing",
            "wanted": leaf.wanted_text,
        }
        for leaf in reason.explanation.leaves()
    ]


def _said(outcome: Outcome | None) -> str:
    if outcome is None:
        return "nothing yet"
    return f"{outcome.state}: {outcome.remark}" if outcome.remark else outcome.state


@admin.register(LevelChange)
class LevelChangeAdmin(ReadOnlyAdmin):
    """Who moved between levels."""

    list_display = ("at", "entity", "scorecard", "from_level", "to_level")
    list_filter = ("scorecard", ("to_level", admin.AllValuesFieldListFilter))
    select_related = ("entity", "scorecard")
    search_fields = ("entity__title", "entity__identifier")
    ordering = ("-id",)


@admin.register(RuleChange)
class RuleChangeAdmin(ReadOnlyAdmin):
    """Which results moved."""

    list_display = ("at", "entity", "scorecard", "rule", "before", "after")
    list_filter = ("after", "rule__scorecard")
    select_related = ("entity", "rule__scorecard")
    search_fields = ("entity__title", "entity__identifier", "rule__title")
    ordering = ("-id",)

    @admin.display(description="Scorecard")
    def scorecard(self, obj: RuleChange) -> Scorecard:
        """Name the rule's scorecard."""
        return obj.rule.scorecard
