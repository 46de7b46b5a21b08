"""The workshop: blueprints, entities and the history of both."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.http.request import QueryDict
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter
from unfold.dataclasses import SearchResult

from catalog import registry, trash
from catalog.admin_operations import OperationAdmin, ReadOnlyAdmin, become, once
from catalog.admin_rights import EntityRightsAdmin, blueprints_open, closed_fields
from catalog.admin_trash import tell_kept
from catalog.audit_files import FORMS, MOST_EXPORTED
from catalog.conditions.nodes import RELATION_PREFIX
from catalog.forms import SECTIONS, BlueprintForm
from catalog.forms_conditions import plain, pretty
from catalog.forms_entities import entity_form, label_of
from catalog.forms_permissions import PermissionsForm, permission_fields, permission_rows
from catalog.models import Blueprint, Change, Deleted, Entity
from catalog.operations import (
    delete_blueprint,
    delete_entities,
    save_blueprint,
    set_permissions,
    upsert_entity,
)
from portal.permissions import may_enter_workshop, may_read_history, rights_of
from portal.policies import REGISTER

CHOICES = 20
FOUND = 20


@admin.register(Blueprint)
class BlueprintAdmin(OperationAdmin):
    """Blueprints, with their sections as JSON."""

    kind = "blueprint"
    form = BlueprintForm
    list_display = ("title", "identifier", "entity_link", "system", "updated_at")
    search_fields = ("title", "identifier")
    ordering = ("title", "id")
    fieldsets = (
        (None, {"fields": ("identifier", "title", "description", "icon")}),
        ("Given by people and tools", {"fields": ("schema", "relations", "ownership")}),
        (
            "Worked out by the portal",
            {
                "fields": (
                    "mirror_properties",
                    "calculation_properties",
                    "aggregation_properties",
                )
            },
        ),
    )

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the form, with the fields that say who may do what."""
        bases = (PermissionsForm, BlueprintForm)
        made = type("BlueprintAndPermissionsForm", bases, permission_fields(obj))
        return super().get_form(request, obj, **{**kwargs, "form": made})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Add who may do what."""
        fields = {"fields": permission_rows(obj), "classes": ["tm-permissions"]}
        return [*super().get_fieldsets(request, obj), ("Who may do what", fields)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Blueprint]:
        """Return the blueprints with the number of their entities; lists need no more of them."""
        return super().get_queryset(request).annotate(entity_count=Count("entities"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep the identifier of what is stored: others name it."""
        return ("identifier",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what the portal itself relies on."""
        is_system = obj is not None and obj.is_system
        return not is_system and super().has_delete_permission(request, obj)

    @admin.display(description="Entities", ordering="entity_count")
    def entity_link(self, obj: Blueprint) -> str:
        """Lead to the entities of the blueprint."""
        address = reverse("admin:catalog_entity_changelist")
        return format_html(
            '<a class="text-link" href="{}?{}">{}</a>',
            address,
            urlencode({"blueprint": obj.identifier}),
            f"{obj.entity_count:,}",
        )

    @admin.display(description="System", boolean=True, ordering="is_system")
    def system(self, obj: Blueprint) -> bool:
        """Say whether the portal relies on it."""
        return obj.is_system

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the whole document by the operation."""
        definition, by, now = form.definition(), self.actor(request), timezone.now()
        saved = save_blueprint(definition=definition, by=by, now=now)
        if said := form.permissions(saved.identifier):
            saved = set_permissions(blueprint=saved, change=said, by=by, now=now)
        become(obj, saved)

    def faults(self, request: HttpRequest) -> tuple[Any, ...]:
        """Return the faults, seen from the document; those of the graph name the blueprint."""
        own = f"{request.POST.get('identifier') or self._identifier(request)}."
        return tuple(fault.at(fault.path.removeprefix(own)) for fault in super().faults(request))

    def _identifier(self, request: HttpRequest) -> str:
        match = request.resolver_match
        obj = (
            self.get_object(request, match.kwargs["object_id"]) if match and match.kwargs else None
        )
        return obj.identifier if obj else ""

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Also say how many entities go with the blueprints."""
        names, counts, lacking, protected = super().get_deleted_objects(objs, request)
        counts["entities"] = Entity.objects.filter(blueprint__in=objs).count()
        return names, counts, lacking, protected

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the operation, which refuses what others point at."""
        count, batch = obj.entities.count(), trash.new_batch()
        delete_blueprint(
            # The page before this one lists what goes with it.
            blueprint=obj,
            by=self.actor(request),
            now=timezone.now(),
            delete_dependents=True,
            batch=batch,
        )
        if count:
            text = "can be restored when there is such a blueprint again"
            told = (
                text
                if Deleted.objects.of_batch(batch).exists()
                else "were too many to be kept: they are gone for good"
            )
            self.message_user(request, f"Its {count:,} entities {told}.", messages.WARNING)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Blueprint]) -> None:
        """Delete each by the operation; what one of them refuses stays, with all after it."""
        for blueprint in queryset.order_by("id"):
            self.delete_model(request, blueprint)


class BlueprintFilter(admin.SimpleListFilter):
    """Entities of one blueprint, by its identifier: ``?blueprint=_team`` is easy to link to."""

    title = "blueprint"
    parameter_name = "blueprint"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every blueprint that may be read."""
        rows = Blueprint.objects.exclude(id__in=rights_of(request.user).hidden)
        return list(rows.order_by("title", "id").values_list("identifier", "title"))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Keep the entities of the chosen one."""
        return queryset.of(self.value()) if self.value() else queryset


@admin.register(Entity)
class EntityAdmin(EntityRightsAdmin):
    """Entities of every blueprint, each with the form that its blueprint's schema makes."""

    kind = "entity"
    list_display = ("title", "identifier", "blueprint", "teams", "updated_at")
    list_filter = (BlueprintFilter,)
    list_select_related = ("blueprint",)
    search_fields = ("title", "identifier")
    ordering = ("title", "identifier", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entity]:
        """Return the entities without the columns that only their own page shows."""
        rows = super().get_queryset(request).select_related("blueprint")
        return rows.defer(*(f"blueprint__{name}" for name in SECTIONS))

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Find every word in the title or the identifier, as the portal's own search does."""
        return queryset.search(search_term), False

    @admin.display(description="Teams")
    def teams(self, obj: Entity) -> str:
        """Name the owners."""
        return ", ".join(obj.team) or "-"

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """Add the address that the choosers of relations ask."""
        return (("choices/<path:blueprint>/", "catalog_entity_choices", choices),)

    def view_on_site(self, obj: Entity) -> str | None:
        """Lead to the entity's page."""
        try:
            return reverse("entity", args=[obj.blueprint.identifier, obj.identifier])
        except NoReverseMatch:
            return None

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the form of the blueprint in ``?blueprint=``, or have one chosen first."""
        if not self.has_add_permission(request) or self._chosen(request):
            return super().add_view(request, form_url, extra_context)
        if request.GET.get("blueprint") and not rights_of(request.user).is_admin:
            raise PermissionDenied
        offered = self._offered(request)
        filtered = _list_filter(request)
        if offered.filter(identifier=filtered).exists():
            return HttpResponseRedirect(f"{request.path}?{urlencode({'blueprint': filtered})}")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Add entity",
            "blueprints": offered.order_by("is_system", "title", "id"),
        }
        return TemplateResponse(request, "admin/catalog/entity/choose_blueprint.html", context)

    def _offered(self, request: HttpRequest) -> QuerySet[Blueprint]:
        """Return the blueprints of which they may register entities."""
        if rights_of(request.user).is_admin:
            return Blueprint.objects.all()
        return Blueprint.objects.filter(identifier__in=blueprints_open(request, REGISTER))

    def _chosen(self, request: HttpRequest) -> Blueprint | None:
        return self._offered(request).filter(identifier=request.GET.get("blueprint", "")).first()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the form that the blueprint's schema makes."""
        blueprint = obj.blueprint if obj else self._chosen(request)
        if blueprint is None:
            raise Http404
        spec, rights = registry.graph().specs[blueprint.identifier], rights_of(request.user)
        made = entity_form(spec, blueprint=blueprint, entity=obj, hidden=rights.hidden.values())
        form = super().get_form(request, obj, **{**kwargs, "form": made})
        if obj is not None:
            for name in closed_fields(request, obj, form.base_fields):
                del form.base_fields[name]
        elif "team" in form.base_fields and not rights.is_admin:
            # What nobody of theirs owns, they mostly may not make.
            form.base_fields["team"].initial = sorted(rights.teams)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Group the fields: what every entity has, properties, relations, what is worked out."""
        if obj and (shown := self.shown_instead(request, obj)):
            return [(None, {"fields": [*self.open_fields(request, obj), *shown]})]
        blueprint = obj.blueprint if obj else self._chosen(request)
        spec = registry.graph().specs[blueprint.identifier]
        hidden = set(rights_of(request.user).hidden.values())
        shown = {key for key, relation in spec.relations.items() if relation.target not in hidden}
        related = [f"relations.{key}" for key in spec.written_relations if key in shown]
        is_direct = spec.ownership is not None and not spec.ownership.is_inherited
        groups = [
            (None, ["identifier", "title", "icon"]),
            ("Properties", [f"properties.{key}" for key in spec.properties]),
            ("Relations and ownership", [*related, *(["team"] if is_direct else [])]),
            ("Worked out by the portal", [*self.computed_fields] if obj else []),
        ]
        return [(name, {"fields": fields}) for name, fields in groups if fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep the identifier of what is stored, and show what is worked out."""
        if obj and (shown := self.shown_instead(request, obj)):
            return shown
        return ("identifier", *self.computed_fields) if obj else ()

    @admin.display(description="Computed values")
    @once
    def computed_values(self, obj: Entity) -> str:
        """Show mirror, calculation and aggregation properties, and what is inferred."""
        spec = registry.graph().specs[obj.blueprint.identifier]
        rows = [
            (spec.fact_keys[key], plain(obj.computed.get(key)) or "-")
            for key in spec.fact_keys
            if key in spec.computed_keys
        ]
        rows += [
            (spec.relations[key].title, obj.fact(f"{RELATION_PREFIX}{key}") or "-")
            for key in sorted(spec.inferred_relations)
            if spec.relations[key].target not in obj.unnamed
        ]
        if spec.ownership is not None and spec.ownership.is_inherited:
            rows.append((spec.ownership.title, ", ".join(obj.team) or "-"))
        unknown = {key: obj.properties[key] for key in obj.properties if key not in spec.properties}
        return render_to_string(
            "admin/tidemark/_values.html", {"rows": rows, "unknown": pretty(unknown or None)}
        )

    @admin.display(description="Problems")
    @once
    def problem_list(self, obj: Entity) -> str:
        """Show which computed properties failed, and why."""
        rows = [(item["property"], item["message"]) for item in obj.problems]
        return render_to_string("admin/tidemark/_values.html", {"rows": rows})

    @admin.display(description="Written")
    @once
    def stamps(self, obj: Entity) -> str:
        """Say who wrote it when, and where it came from."""
        rows = [
            ("Created", f"{obj.created_at:%Y-%m-%d %H:%M} UTC by {obj.created_by or 'unknown'}"),
            ("Updated", f"{obj.updated_at:%Y-%m-%d %H:%M} UTC by {obj.updated_by or 'unknown'}"),
            ("Data source", obj.datasource or "-"),
        ]
        return render_to_string("admin/tidemark/_values.html", {"rows": rows})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save by the operation, naming only what was edited."""
        saved = upsert_entity(
            blueprint=form.blueprint,
            draft=form.draft(),
            by=self.actor(request),
            now=timezone.now(),
        )
        become(obj, saved)

    def history_query(self, obj: Any) -> dict[str, str]:
        """Return what selects the entity's rows: identifiers repeat between blueprints."""
        query = super().history_query(obj)
        return {**query, "blueprint": obj.blueprint.identifier} if obj else query

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the operation, which refuses what others require."""
        self._delete(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Entity]) -> None:
        """Delete all or none by the operation."""
        self._delete(request, list(queryset))

    def _delete(self, request: HttpRequest, entities: list[Entity]) -> None:
        batch, by = trash.new_batch(), self.actor(request)
        delete_entities(entities=entities, by=by, now=timezone.now(), batch=batch)
        tell_kept(request, batch=batch)


def _list_filter(request: HttpRequest) -> str:
    """Return the blueprint that the list was filtered by from which somebody wants to add."""
    return QueryDict(request.GET.get("_changelist_filters", "")).get("blueprint", "")


def choices(request: HttpRequest, blueprint: str, **kwargs: Any) -> JsonResponse:
    """Answer a chooser: the entities of a blueprint that match what was typed, a page at a time."""
    rights = rights_of(request.user)
    if not may_enter_workshop(request.user) or not rights.may_read_blueprint(blueprint):
        raise Http404
    page = request.GET.get("page", "")
    start = (max(int(page), 1) - 1) * CHOICES if page.isdecimal() else 0
    found = Entity.objects.of(blueprint).search(request.GET.get("term", ""))
    found = found.only("title", "identifier").order_by("title", "identifier", "id")
    rows = list(found[start : start + CHOICES + 1])
    return JsonResponse(
        {
            "results": [{"id": row.identifier, "text": label_of(row)} for row in rows[:CHOICES]],
            "pagination": {"more": len(rows) > CHOICES},
        }
    )


def find_entities(request: HttpRequest, search_term: str) -> list[SearchResult]:
    """Return the first entities that match, for the command palette."""
    rows = Entity.objects.search(search_term).select_related("blueprint")
    if hidden := rights_of(request.user).hidden:
        rows = rows.exclude(blueprint__in=hidden)
    return [
        SearchResult(
            title=label_of(entity),
            description=entity.blueprint.title,
            link=reverse("admin:catalog_entity_change", args=[entity.pk]),
            icon="deployed_code",
        )
        for entity in rows.order_by("title", "id")[:FOUND]
    ]


class FixedFilter(admin.SimpleListFilter):
    """A filter whose values are known: finding them in the rows would read all of history."""

    values: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the values."""
        return [(value, value.capitalize()) for value in self.values]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Keep the rows with the chosen one."""
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


class KindFilter(FixedFilter):
    """What was written, of the kinds that there are most of; the address takes any."""

    title = parameter_name = "kind"
    values = (
        "entity",
        "blueprint",
        "scorecard",
        "campaign",
        "retention",
        "pack",
        "integration",
        "integration config",
        "credential",
        "organization",
        "page",
        "folder",
        "view",
        "webhook",
        "action",
        "secret",
        "run",
        "channel",
        "rebuild",
        "data migration",
        "user",
        "token",
        "session",
        "audit",
    )


class SourceFilter(FixedFilter):
    """By which door it was written."""

    title = parameter_name = "source"
    values = ("admin", "api", "wire", "webhook", "action", "page", "command", "shell", "system")


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    """Who did what to which object."""

    list_display = ("at", "actor", "source", "address", "action", "kind", "blueprint", "identifier")
    list_display_links = ("at", "identifier")
    list_filter = (
        ("at", RangeDateTimeFilter),
        ("actor", FieldTextFilter),
        ("blueprint", FieldTextFilter),
        KindFilter,
        "action",
        SourceFilter,
    )
    list_filter_submit = True
    search_fields = ("identifier", "actor", "address", "request_id")
    change_list_template = "admin/catalog/change/change_list.html"
    ordering = ("-at", "-id")
    fields = (
        "at",
        "actor",
        "source",
        "action",
        "kind",
        "blueprint",
        "identifier",
        "run",
        "address",
        "request_id",
        "before",
        "after",
        "seal_number",
        "digest",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        """Return the rows; lists leave out what differed."""
        rows = super().get_queryset(request)
        is_list = request.resolver_match and request.resolver_match.url_name.endswith("changelist")
        return rows.defer("before", "after") if is_list else rows

    def get_urls(self) -> list[Any]:
        """Add the files of what the list shows."""
        view = self.admin_site.admin_view(self.export)
        return [path("export/<str:form>/", view, name="catalog_change_export"), *super().get_urls()]

    def export(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """Send what passes the filters of the address as a file, newest first."""
        if not may_read_history(request.user):
            raise PermissionDenied
        if form not in FORMS:
            raise Http404
        address = f"{reverse('admin:catalog_change_changelist')}?{request.GET.urlencode()}"
        try:
            found = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            # The list says what is wrong with its address.
            return HttpResponseRedirect(address)
        if found[MOST_EXPORTED:].exists():
            message = f"A file from here holds {MOST_EXPORTED:,} changes at most. Choose dates or "
            message += "other filters, or use: manage.py audit --export FILE --from DAY --to DAY"
            self.message_user(request, message, messages.ERROR)
            return HttpResponseRedirect(address)
        lines, content_type = FORMS[form]
        return StreamingHttpResponse(
            lines(found),
            content_type=content_type,
            headers={"Content-Disposition": f'attachment; filename="audit.{form}"'},
        )

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow what the history links of objects select by."""
        return lookup in ("blueprint", "identifier") or super().lookup_allowed(
            lookup, value, request
        )
