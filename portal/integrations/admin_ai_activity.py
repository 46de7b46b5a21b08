"""The page of the use of AI tools."""

from django.contrib import admin

from catalog.admin_operations import ReadOnlyAdmin
from portal.integrations.models import AiActivity


@admin.register(AiActivity)
class AiActivityAdmin(ReadOnlyAdmin):
    """Who used which tool on which day, as reported."""

    list_display = ("day", "user_email", "tool", "is_active", "models", "reported_at")
    list_filter = ("is_active", "tool")
    search_fields = ("user_email", "tool")
    ordering = ("-day", "-id")
    fields = list_display

    @admin.display(description="Models")
    def models(self, activity: AiActivity) -> str:
        """Return the names of the models, as a list that is read."""
        return ", ".join(activity.model_names)
