"""The pages of credentials: made, shut out, given new secrets, and deleted."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from catalog.admin_operations import OperationAdmin, become
from catalog.forms import OperationForm
from catalog.forms_permissions import BlueprintsField
from portal.integrations.credentials import (
    Secrets,
    change_credential,
    create_credential,
    delete_credential,
    rotate_credential,
)
from portal.integrations.models import ApiCredential

_SECRETS = {
    "client_id": "Client id",
    "client_secret": "Client secret",
    "api_key": "API key",
    "app_key": "Application key",
}


class CredentialForm(OperationForm):
    """What a credential is called, and what it may do."""

    blueprints = BlueprintsField()

    class Meta:
        model = ApiCredential
        fields = ("name", "user", "scope", "role", "blueprints", "expires_at", "is_enabled")
        help_texts = {
            "name": "What will use it. History shows the name.",
            "user": "Whose it is: it may do at most what they may. Empty: a machine's.",
            "scope": "Writing also covers other credentials. This cannot be changed later.",
            "role": "What it may do at most. This cannot be changed later.",
            "expires_at": "In UTC. Empty: never.",
            "is_enabled": "Whoever comes with one that is not enabled is turned away at once.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["blueprints"]

    def clean_name(self) -> str:
        """Return the name; whether it can be had is for the operation to say."""
        return self.cleaned_data["name"].strip()


@admin.register(ApiCredential)
class ApiCredentialAdmin(OperationAdmin):
    """Credentials of machines and people. Only who manages users and tokens gets here."""

    kind = "credential"
    form = CredentialForm
    list_display = (
        "name", "user", "scope", "role", "only_for", "is_enabled", "expires_at", "client_id",
        "created_at", "last_used_at",
    )  # fmt: skip
    list_filter = ("scope", "role", "is_enabled")
    list_select_related = ("user",)
    search_fields = ("name", "client_id", "user__username")
    ordering = ("name",)
    actions = None
    change_form_outer_before_template = "admin/tidemark/_rotation.html"
    stored_fields = (
        "user", "scope", "role", "only_for", "client_id", "created_at", "last_used_at",
    )  # fmt: skip

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the page to administrators."""
        return ModelAdmin.has_module_permission(self, request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators look."""
        return ModelAdmin.has_view_permission(self, request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let administrators make credentials."""
        return ModelAdmin.has_add_permission(self, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators change credentials."""
        return ModelAdmin.has_change_permission(self, request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators delete credentials."""
        return ModelAdmin.has_delete_permission(self, request, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Ask what a new one may do; show what else is known of one that is there."""
        if obj:
            return ("name", "is_enabled", "expires_at", *self.stored_fields)
        return ("name", "user", "scope", "role", "blueprints", "expires_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep what a credential was made as."""
        return self.stored_fields if obj else ()

    @admin.display(description="Blueprints")
    def only_for(self, obj: ApiCredential) -> str:
        """Name the blueprints that it is for."""
        return ", ".join(obj.blueprints) or "all"

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """Add the page that gives a credential new secrets."""
        return (("<path:object_id>/rotate/", "integrations_apicredential_rotate", rotate),)

    def history_query(self, obj: Any) -> dict[str, str]:
        """Return what selects the rows of a credential in the history."""
        return {"kind": self.kind, **({"identifier": obj.name} if obj else {})}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save by the operation; of a new one, show the secrets, this once."""
        data, by, now = form.cleaned_data, self.actor(request), timezone.now()
        if change:
            saved = change_credential(
                credential=obj,
                name=data["name"],
                is_enabled=data["is_enabled"],
                expires_at=data["expires_at"],
                by=by,
                now=now,
            )
        else:
            given = {name: data[name] for name in self.get_fields(request)}
            saved, made = create_credential(**given, by=by, now=now)
            self.message_user(request, secrets_text(made), messages.WARNING)
        become(obj, saved)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the operation."""
        delete_credential(credential=obj, by=self.actor(request), now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiCredential]) -> None:
        """Delete each by the operation."""
        for credential in queryset.order_by("id"):
            self.delete_model(request, credential)


def rotate(request: HttpRequest, object_id: str, model_admin: ApiCredentialAdmin) -> HttpResponse:
    """Ask whether a credential is to have new secrets; make and show them, this once."""
    credential = model_admin.get_object(request, object_id)
    if not model_admin.has_change_permission(request, credential):
        raise PermissionDenied
    if credential is None:
        raise Http404
    address = reverse("admin:integrations_apicredential_change", args=[credential.pk])
    if request.method == "POST":
        by = model_admin.actor(request)
        made = rotate_credential(credential=credential, by=by, now=timezone.now())
        model_admin.message_user(request, secrets_text(made), messages.WARNING)
        return HttpResponseRedirect(address)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": f"New secrets for {credential.name}",
        "question": (
            "The secret and the keys that were given out are void at once, and so are the access "
            "tokens made with them. The client id stays."
        ),
        "answer": "Make new secrets",
        "back": address,
    }
    return TemplateResponse(request, "admin/tidemark/ask.html", context)


def secrets_text(made: Secrets) -> SafeString:
    """Return the message that shows secrets."""
    pairs = format_html_join(
        "",
        "<dt>{}</dt><dd><code>{}</code></dd>",
        ((label, getattr(made, name)) for name, label in _SECRETS.items()),
    )
    words = "These are shown only now, so copy them."
    return format_html('{}<dl class="tm-secrets">{}</dl>', words, pairs)
