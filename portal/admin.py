"""Who may come in: users and their API tokens. And what libraries register, in its place."""

from collections.abc import Iterable
from copy import copy
from typing import Any

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django_celery_results.models import GroupResult, TaskResult
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from catalog.admin_operations import ReadOnlyAdmin, once
from catalog.directory import entry_of
from catalog.forms_entities import label_of
from catalog.forms_permissions import BlueprintsField
from catalog.models import OWNERSHIP, TEAM, USER, Blueprint, Entity
from catalog.operations import EntityDraft, upsert_entity
from portal.models import ApiToken, User
from portal.permissions import Actor, may_see_status, rights_of

# Permissions are few and go by staff and superuser; groups of permissions have no meaning here.
admin.site.unregister([Group, GroupResult, TaskResult])
# What allauth keeps is its own: secrets of second factors, accounts at the provider.
admin.site.unregister(
    [model for model in list(admin.site._registry) if model.__module__.startswith("allauth.")]
)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    """People who sign in. Their teams are those of the entity that stands for them."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "username",
        "email",
        "first_name",
        "last_name",
        "may",
        "is_active",
        "last_login",
    )
    list_filter = ("role", "is_active", "is_staff", "is_superuser")
    filter_horizontal = ()
    list_per_page = 50
    ordering = ("username",)
    readonly_fields = ("teams", "moderates", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "teams")}),
        ("Access", {"fields": ("is_active", "role", "is_staff", "is_superuser", "moderates")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "username", "email", "first_name", "last_name", "usable_password",
                    "password1", "password2", "role", "is_staff",
                )
            },
        ),
    )  # fmt: skip

    @admin.display(description="Role", ordering="role")
    def may(self, obj: User) -> str:
        """Name the widest of their roles."""
        return "Admin" if obj.is_staff else User.Role(obj.role).name.capitalize()

    @admin.display(description="Teams")
    @once
    def teams(self, obj: User) -> str:
        """Name the person's teams, and lead to where they are edited."""
        entity = _entity_of(obj)
        return _told(entity, map(label_of, _teams_of(entity)) if entity else ())

    @admin.display(description="Moderates")
    @once
    def moderates(self, obj: User) -> str:
        """Name the blueprints that the person moderates, and lead to where that is edited."""
        entity = _entity_of(obj)
        return _told(entity, sorted(entry_of(entity.facts).moderated) if entity else ())

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the field of the form; staff are called as all other pages call them."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "is_staff":
            field.label, field.help_text = "Admin", "May do everything but manage users and tokens."
        return field

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save, and see to it that an entity stands for the person."""
        super().save_model(request, obj, form, change)
        if _entity_of(obj) is not None:
            return
        upsert_entity(
            blueprint=Blueprint.objects.get(identifier=USER),
            draft=EntityDraft(
                identifier=obj.entity_identifier, title=obj.get_full_name() or obj.username
            ),
            by=Actor.of_request(request, source="admin"),
            now=timezone.now(),
        )


def _entity_of(user: User) -> Entity | None:
    """Return the entity that stands for a person, looked up once for a page."""
    if "_entity" not in user.__dict__:
        found = Entity.objects.of(USER).filter(identifier=user.entity_identifier)
        user.__dict__["_entity"] = found.first()
    return user.__dict__["_entity"]


def _told(entity: Entity | None, names: Iterable[str]) -> str:
    if entity is None:
        return "There is no entity for this address yet; saving makes it."
    said = format_html_join(", ", "{}", ((name,) for name in names)) or "None."
    address = reverse("admin:catalog_entity_change", args=[entity.pk])
    return format_html('{} <a class="text-link" href="{}">Edit</a>', said, address)


def _teams_of(entity: Entity) -> QuerySet[Entity]:
    teams = Entity.objects.of(TEAM).filter(incoming__source=entity, incoming__relation=OWNERSHIP)
    return teams.only("title", "identifier").order_by("title", "identifier")


class TokenForm(forms.ModelForm):
    """A new token: whose, for what, and until when."""

    blueprints = BlueprintsField()

    class Meta:
        model = ApiToken
        fields = ("name", "user", "scope", "role", "blueprints", "expiry")
        help_texts = {
            "name": "What will use it.",
            "role": "What it may do at most. Empty: what its owner may.",
            "expiry": "In UTC. Empty: never.",
        }

    def clean_expiry(self) -> Any:
        """Refuse a moment that has passed."""
        expiry = self.cleaned_data["expiry"]
        if expiry is not None and expiry <= timezone.now():
            raise forms.ValidationError("This moment has passed; choose a later one.")
        return expiry


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """API tokens: made and revoked, never edited.

    Rows are addressed by the first characters of the token, which the list shows anyway: their key
    is the digest, and that goes into no page, address or log.
    """

    form = TokenForm
    list_display = (
        "name",
        "owner",
        "scope",
        "role",
        "only_for",
        "token_key",
        "created",
        "expiry",
        "last_used_at",
        "revoke",
    )
    list_display_links = None
    list_filter = ("scope", "role")
    list_select_related = ("user",)
    list_per_page = 50
    ordering = ("-created", "token_key")
    actions = None
    fields = ("name", "user", "scope", "role", "blueprints", "expiry")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Propose a token of one's own that reads, for as long as tokens usually live."""
        expiry = timezone.now() + settings.REST_KNOX["TOKEN_TTL"]
        return {"user": request.user.pk, "expiry": expiry.replace(microsecond=0)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a token is what it was made as."""
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Lead back to the list, which shows all there is."""
        if request.method == "GET" and self.has_view_permission(request):
            return HttpResponseRedirect(reverse("admin:portal_apitoken_changelist"))
        raise PermissionDenied

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        """Ask for confirmation, with the address that people may see in place of the key."""
        context["object"] = copy(context["object"])
        context["object"].pk = context["object"].token_key
        return super().render_delete_form(request, context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the token that starts with these characters."""
        return self.get_queryset(request).filter(token_key=object_id).first()

    @admin.display(description="Owner", ordering="user__username")
    def owner(self, obj: ApiToken) -> str:
        """Name who the token speaks for."""
        return obj.user.get_username()

    @admin.display(description="Blueprints")
    def only_for(self, obj: ApiToken) -> str:
        """Name the blueprints that it is for."""
        return ", ".join(obj.blueprints) or "all"

    @admin.display(description="")
    def revoke(self, obj: ApiToken) -> str:
        """Lead to the page that revokes the token."""
        address = reverse("admin:portal_apitoken_delete", args=[quote(obj.token_key)])
        return format_html('<a class="text-link" href="{}">Revoke</a>', address)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Make the token and show it, this once."""
        data = form.cleaned_data
        expiry = data["expiry"] - timezone.now() if data["expiry"] else None
        given = {name: data[name] for name in ("user", "name", "scope", "role", "blueprints")}
        _, token = ApiToken.objects.create(expiry=expiry, **given)
        text = format_html(
            "This is the token. It is shown only now, so copy it: <code>{}</code>", token
        )
        self.message_user(request, text, messages.WARNING)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: Any = None
    ) -> HttpResponse:
        """Go back to the list, where the message shows the token."""
        return self.response_post_save_add(request, obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the tokens; nothing hangs on them."""
        return [str(obj) for obj in objs], {"API tokens": len(objs)}, set(), []

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Write nothing: Django's log would keep the digest."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Write nothing: Django's log would keep the digest."""


@admin.register(TaskResult)
class TaskResultAdmin(ReadOnlyAdmin):
    """What background work came to."""

    list_display = ("task_name", "status", "date_created", "date_done", "worker")
    list_filter = ("status", "task_name")
    search_fields = ("task_name", "task_id")
    ordering = ("-date_created", "-id")
    fields = (
        "task_name", "task_id", "status", "task_args", "task_kwargs", "result", "traceback",
        "worker", "date_created", "date_done",
    )  # fmt: skip


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar, of what whoever asks may look at.

    Links that differ only in their query say when they are active.
    """
    entities = reverse("admin:catalog_entity_changelist")
    chosen = request.GET.get("blueprint", "") if request.path.startswith(entities) else None
    active = None if chosen is None else chosen if chosen in (TEAM, USER) else ""
    hidden = rights_of(request.user).hidden.values()
    kinds = [
        {
            "title": title,
            "icon": icon,
            "link": f"{entities}?blueprint={name}" if name else entities,
            "active": active == name,
        }
        for name, title, icon in _KINDS
        if name not in hidden
    ]
    sections = {
        title: [_link(*page) for page in pages if _may_see(request, page[-1])]
        for title, pages in _PAGES.items()
    }
    sections["Catalog"] += kinds
    sections[""] = [
        {"title": "Back to the portal", "icon": "arrow_back", "link": "/", "active": False}
    ]
    if may_see_status(request.user):
        status = {"title": "Status", "icon": "monitor_heart", "link": reverse("status")}
        sections["History"].append({**status, "active": False})
    shown = [(title, items) for title, items in sections.items() if items]
    return [
        {"title": title, "separator": bool(index), "items": items}
        for index, (title, items) in enumerate(shown)
    ]


_KINDS = (
    ("", "Entities", "deployed_code"),
    (TEAM, "Teams", "groups"),
    (USER, "Users of the catalog", "badge"),
)
_PAGES = {
    "Catalog": [
        ("Blueprints", "schema", "catalog_blueprint"),
        ("Retention", "auto_delete", "catalog_retention"),
    ],
    "Scorecards": [
        ("Scorecards", "verified", "scorecards_scorecard"),
        ("Campaigns", "flag", "scorecards_campaign"),
        ("Rules", "rule", "scorecards_rule"),
        ("Exemptions", "shield", "scorecards_exemption"),
        ("Packs", "package_2", "scorecards_installedpack"),
        ("Evaluations", "fact_check", "scorecards_evaluation"),
        ("Outcomes", "inbox", "scorecards_outcome"),
        ("Past outcomes", "history", "scorecards_pastoutcome"),
        ("Batches of outcomes", "stacks", "scorecards_outcomebatch"),
        ("Level changes", "stairs", "scorecards_levelchange"),
        ("Rule changes", "swap_vert", "scorecards_rulechange"),
    ],
    "Notifications": [
        ("Channels", "campaign", "integrations_channel"),
        ("Reports", "summarize", "integrations_report"),
        ("Alerts", "notification_important", "integrations_alert"),
        ("Reminders", "alarm", "integrations_reminder"),
        ("Deliveries", "outgoing_mail", "integrations_delivery"),
    ],
    "Integrations": [
        ("Integrations", "hub", "integrations_integration"),
        ("Webhooks", "webhook", "integrations_webhook"),
        ("Data migrations", "move_up", "integrations_datamigration"),
        ("AI activity", "smart_toy", "integrations_aiactivity"),
    ],
    "History": [
        ("Changes", "history", "catalog_change"),
        ("Deleted", "restore_from_trash", "catalog_deleted"),
        ("Task results", "task", "django_celery_results_taskresult"),
    ],
    "Access": [
        ("Users", "person", "portal_user"),
        ("API tokens", "key", "portal_apitoken"),
        ("API credentials", "lock_open", "integrations_apicredential"),
    ],
}


def _link(title: str, icon: str, page: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse(f"admin:{page}_changelist")}


def _may_see(request: HttpRequest, page: str) -> bool:
    """Say whether a page is open to whoever asks, as it says itself."""
    app, _, model = page.rpartition("_")
    return admin.site.get_model_admin(apps.get_model(app, model)).has_view_permission(request)
